// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Latencies of some of very many, what the system says about this process, and the line that a run prints.
use crate::{clock_ns, PROCESS_CPUTIME};
use std::sync::atomic::{AtomicI64, Ordering};

/// The most latencies of tasks, and of groups, that a run keeps.
pub const KEPT: usize = 20_000;

pub fn now() -> i64 {
    const MONOTONIC: i32 = 1;
    clock_ns(MONOTONIC)
}

/// A number of /proc/self/status, in the unit that it has there.
fn status(field: &str) -> i64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

pub fn resident() -> i64 {
    status("VmRSS") << 10
}

pub fn most_resident() -> i64 {
    status("VmHWM") << 10
}

pub fn threads() -> i64 {
    status("Threads")
}

/// What parts of a run took: ns, ns of all threads, context switches.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    pub wall: i64,
    pub cpu: i64,
    pub switches: i64,
}

#[repr(C)]
#[derive(Default)]
struct Usage {
    times: [i64; 4],
    others: [i64; 12],
    voluntary: i64,
    involuntary: i64,
}

extern "C" {
    fn getrusage(who: i32, usage: *mut Usage) -> i32;
}

/// Also those of threads that have ended.
fn switches() -> i64 {
    const SELF: i32 = 0;
    let mut usage = Usage::default();
    unsafe { getrusage(SELF, &mut usage) };
    usage.voluntary + usage.involuntary
}

impl Spent {
    pub fn add<T>(&mut self, part: impl FnOnce() -> T) -> T {
        let (before, cpu, wall) = (switches(), clock_ns(PROCESS_CPUTIME), now());
        let result = part();
        self.wall += now() - wall;
        self.cpu += clock_ns(PROCESS_CPUTIME) - cpu;
        self.switches += switches() - before;
        result
    }
}

/// Keeps the latencies of one in so many, chosen by number: the others pay for a comparison. Its memory is there, and
/// resident, before the pool is.
pub struct Sampler {
    next: usize,
    stride: usize,
    used: usize,
    values: &'static [AtomicI64],
}

impl Sampler {
    pub fn new(size: usize) -> Sampler {
        let values: Vec<AtomicI64> = (0..size).map(|_| AtomicI64::new(1)).collect();
        Sampler {
            next: usize::MAX,
            stride: 1,
            used: 0,
            values: values.leak(),
        }
    }

    /// About half of the room is used if so many come, and the looks at the clock, some 60 ns for each, make no more
    /// than 2 % if each takes so many ns. The numbers of those that are looked at must not have a factor in common with
    /// a round or a group: it would always be the same place in them.
    pub fn begin(&mut self, expected: f64, each: f64, round: usize, group: usize) {
        self.stride = (expected * 2.0 / self.values.len() as f64).max(3000.0 / each) as usize + 1;
        while common(self.stride, round) != 1 || common(self.stride, group) != 1 {
            self.stride += 1;
        }
        self.next = 0;
    }

    /// The place for the latency of the n-th, if it is one that is looked at and there is any left.
    #[inline]
    pub fn look(&mut self, n: usize) -> Option<&'static AtomicI64> {
        if n == self.next {
            self.take()
        } else {
            None
        }
    }

    #[cold]
    fn take(&mut self) -> Option<&'static AtomicI64> {
        self.next += self.stride;
        self.used += 1;
        let place = self.values.get(self.used - 1);
        if place.is_none() {
            self.next = usize::MAX;
            self.used = self.values.len();
        }
        place
    }

    pub fn taken(&self) -> impl Iterator<Item = i64> {
        self.values[..self.used]
            .iter()
            .map(|value| value.load(Ordering::Relaxed))
    }
}

fn common(a: usize, b: usize) -> usize {
    if b == 0 {
        a
    } else {
        common(b, a % b)
    }
}

/// The JSON object that a run prints.
#[derive(Default)]
pub struct Line(Vec<String>);

impl Line {
    pub fn add(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push(format!("\"{}\": {}", name, value));
    }

    /// Adds nothing without any values.
    pub fn add_percentiles(&mut self, name: &str, mut values: Vec<i64>) {
        values.sort_unstable();
        for (suffix, thousandths) in [("p50", 500), ("p99", 990), ("p999", 999)] {
            if let Some(value) = values.get(values.len() * thousandths / 1000) {
                self.add(&format!("{}_{}", name, suffix), value);
            }
        }
    }

    pub fn append(&mut self, mut other: Line) {
        self.0.append(&mut other.0);
    }

    pub fn print(&self) {
        println!("{{{}}}", self.0.join(", "));
    }
}
