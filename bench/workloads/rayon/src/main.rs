// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! rayon: tasks of a scope, and join for fork-join. The submitter is a thread of the pool, as its pages advise, hence
//! one more than workers; only `lone-start` submits from outside.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

mod options;
mod overload;
mod sample;
mod study;
mod submitter;
mod work;

const WORKERS: usize = 2;

#[repr(C)]
struct Timespec {
    seconds: i64,
    ns: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, now: *mut Timespec) -> i32;
}

const PROCESS_CPUTIME: i32 = 2;

fn clock_ns(clock: i32) -> i64 {
    let mut now = Timespec { seconds: 0, ns: 0 };
    unsafe { clock_gettime(clock, &mut now) };
    now.seconds * 1_000_000_000 + now.ns
}

fn cpu_ns() -> f64 {
    clock_ns(PROCESS_CPUTIME) as f64
}

fn rounds(count: usize) -> usize {
    match std::env::var("BENCH_QUICK") {
        Ok(text) if text == "1" => count / 5,
        _ => count,
    }
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}

fn time_each(name: &str, count: usize, body: impl Fn(usize)) {
    body(count / 10);
    let (cpu, wall) = (cpu_ns(), Instant::now());
    body(count);
    let spent = wall.elapsed().as_nanos() as f64;
    println!("{} {} {}", name, spent / count as f64, (cpu_ns() - cpu) / count as f64);
}

fn flood(count: usize, task: impl Fn() + Send + Sync) {
    let task = &task;
    rayon::scope(|scope| {
        for _ in 0..count {
            scope.spawn(move |_| task());
        }
    });
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (left, right) = rayon::join(|| fib(n - 1), || fib(n - 2));
    left + right
}

fn lone_start(pool: &rayon::ThreadPool) {
    let count = rounds(2_000);
    let mut samples = Vec::new();
    let cpu = cpu_ns();
    for _ in 0..count {
        let started = Arc::new(AtomicU64::new(0));
        let (note, submitted) = (started.clone(), Instant::now());
        pool.spawn(move || note.store(submitted.elapsed().as_nanos() as u64, Ordering::SeqCst));
        loop {
            std::thread::sleep(Duration::from_millis(1));
            if started.load(Ordering::SeqCst) != 0 {
                break;
            }
        }
        samples.push(started.load(Ordering::SeqCst));
    }
    let cpu = (cpu_ns() - cpu) / count as f64;
    samples.sort_unstable();
    println!("lone-start-p50 {} {}", samples[count / 2], cpu);
    println!("lone-start-p99 {} {}", samples[count * 99 / 100], cpu);
}

fn run(name: &str) {
    match name {
        "flood" => time_each(name, rounds(1_000_000), |count| flood(count, || {})),
        "fan3" => time_each(name, rounds(100_000), |count| (0..count).for_each(|_| flood(3, || {}))),
        "fan3-5us" => time_each(name, rounds(20_000), |count| {
            (0..count).for_each(|_| flood(3, || spin(Duration::from_micros(5))))
        }),
        "tasks-1us" => time_each(name, rounds(200_000), |count| {
            flood(count, || spin(Duration::from_micros(1)))
        }),
        "fib24" => time_each(name, 150_049, |_| {
            assert_eq!(fib(24), 46_368);
        }),
        _ => panic!("no such case: {}", name),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments
        .first()
        .expect("usage: rayon-bench CASE, or study or overload and KEY=VALUE...");
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    match name.as_str() {
        "study" => study::study(&arguments[1..]),
        "overload" => overload::overload(&arguments[1..]),
        "lone-start" => lone_start(&pool(WORKERS)),
        _ => pool(WORKERS + 1).install(|| run(name)),
    }
}
