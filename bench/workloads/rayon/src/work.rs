// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! What the tasks of the study do.
use crate::options::fail;
use crate::spin;
use std::arch::asm;
use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::time::Duration;

const TOUCHED_BYTES: usize = 64 << 10;
const READ_BYTES: usize = 16 << 10;
const HELD_FOR: Duration = Duration::from_nanos(200);

pub enum Work {
    Empty,
    Spin(Duration),
    Touch,
    Stack,
    Sleep(Duration),
    File(File),
    Lock(Mutex<()>),
    Pareto(Vec<Duration>),
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

impl Work {
    pub fn of(name: &str, ns: usize) -> Option<Work> {
        let time = Duration::from_nanos(ns as u64);
        match name {
            "empty" => Some(Work::Empty),
            "spin" => Some(Work::Spin(time)),
            "touch" => Some(Work::Touch),
            "stack" => Some(Work::Stack),
            "sleep" => Some(Work::Sleep(time)),
            "file" => match cached_file() {
                Ok(file) => Some(Work::File(file)),
                Err(error) => fail(1, &format!("file: {}", error)),
            },
            "lock" => Some(Work::Lock(Mutex::new(()))),
            "pareto" => Some(Work::Pareto(pareto(ns as f64))),
            _ => None,
        }
    }

    /// The `n`-th task.
    pub fn run(&self, n: usize) {
        match self {
            Work::Empty => {}
            Work::Spin(time) => spin(*time),
            Work::Touch => touch(),
            Work::Stack => recur(64),
            Work::Sleep(time) => std::thread::sleep(*time),
            Work::File(file) => {
                BUFFER.with(|buffer| file.read_exact_at(&mut buffer.borrow_mut(), 0).expect("a file to read"))
            }
            Work::Lock(lock) => {
                let _held = lock.lock().expect("a lock");
                spin(HELD_FOR);
            }
            Work::Pareto(lengths) => spin(lengths[n % lengths.len()]),
        }
    }
}

fn touch() {
    let mut buffer = Vec::<u8>::with_capacity(TOUCHED_BYTES);
    for i in (0..TOUCHED_BYTES).step_by(64) {
        unsafe { buffer.as_mut_ptr().add(i).write_volatile(1) }; // else the whole of it could be left out
    }
}

/// Fills an array of 1 KiB at each level.
#[inline(never)]
fn recur(levels: usize) {
    let mut frame = MaybeUninit::<[u8; 1024]>::uninit();
    let first = frame.as_mut_ptr() as *mut u8;
    unsafe {
        first.write_bytes(levels as u8, 1024);
        asm!("/* {0} */", in(reg) first); // may read it, so all of it has to be there
    }
    if levels > 1 {
        recur(levels - 1);
    }
    unsafe { first.write_volatile(2) }; // after the call, so that it is no jump
}

/// A file that has no name any more.
fn cached_file() -> std::io::Result<File> {
    let path = std::env::temp_dir().join(format!("pool-study-{}", std::process::id()));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    file.write_all(&[b'x'; READ_BYTES])?;
    Ok(file)
}

/// Numbers that look random and are the same in each run (SplitMix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// From 0 to below 1.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Lengths of tasks with alpha 1.5: the midpoints of so many parts of the distribution that are as likely as one
/// another, scaled so that their mean is exactly what it is to be, in an order that looks random.
fn pareto(mean: f64) -> Vec<Duration> {
    const COUNT: usize = 4096;
    const ALPHA: f64 = 1.5;
    let part = |i: usize| ((i as f64 + 0.5) / COUNT as f64).powf(-1.0 / ALPHA);
    let mut parts: Vec<f64> = (0..COUNT).map(part).collect();
    let scale = mean * COUNT as f64 / parts.iter().sum::<f64>();
    let mut random = Random(1);
    for i in (2..=COUNT).rev() {
        parts.swap(i - 1, random.next() as usize % i);
    }
    parts
        .iter()
        .map(|part| Duration::from_nanos((part * scale).min(1000.0 * mean) as u64))
        .collect()
}
