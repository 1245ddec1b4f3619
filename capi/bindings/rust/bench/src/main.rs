// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! libpool beside rayon and the threads of std, with two workers each: medians of alternating runs, as a table.
//! `--quick` only sees to it that everything runs.

use libpool::{Group, Pool, PoolOptions};
use rayon::ThreadPool;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

struct Case {
    name: &'static str,
    /// How many rounds a run has; the time is divided by it.
    rounds: u64,
    peers: Vec<(&'static str, Box<dyn FnMut(u64)>)>,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (runs, shrink) = if quick { (1, 1000) } else { (7, 1) };
    println!("| case | by | ns | of libpool's |\n|---|---|---:|---:|");
    for mut case in cases() {
        let rounds = (case.rounds / shrink).max(1);
        let mut times = vec![Vec::new(); case.peers.len()];
        for run in 0..=runs {
            for (peer, times) in case.peers.iter_mut().zip(&mut times) {
                // A thread takes as long as hundreds of tasks.
                let rounds = if peer.0.starts_with("std") { (rounds / 100).max(1) } else { rounds };
                let begin = Instant::now();
                (peer.1)(rounds);
                let time = begin.elapsed().as_nanos() as f64 / rounds as f64;
                if run > 0 || quick {
                    times.push(time); // the first warms up
                }
            }
        }
        let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
        for (i, (peer, median)) in case.peers.iter().zip(&medians).enumerate() {
            let name = if i == 0 { case.name } else { "" };
            println!("| {name} | {} | {median:.0} | {:.2} |", peer.0, median / medians[0]);
        }
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn ours() -> Pool {
    PoolOptions::new().max_workers(2).create().unwrap()
}

fn theirs() -> ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap()
}

fn cases() -> Vec<Case> {
    vec![flood(), flood_large(), fan_out(), fork_join(), job()]
}

/// Many tasks from one thread into one scope, and a wait: ns a task. Each captures one reference.
fn flood() -> Case {
    let (pool, rayon) = (ours(), theirs());
    Case {
        name: "submit one task of many, then wait; one reference captured",
        rounds: 200_000,
        peers: vec![
            (
                "libpool `scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    pool.scope(|s| (0..rounds).for_each(|_| s.spawn(|| add(&count, 1)).unwrap())).unwrap();
                    assert_eq!(count.into_inner(), rounds);
                }),
            ),
            (
                "rayon `in_place_scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    rayon.in_place_scope(|s| (0..rounds).for_each(|_| s.spawn(|_| add(&count, 1))));
                    assert_eq!(count.into_inner(), rounds);
                }),
            ),
            (
                "std `thread::scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    for _ in 0..rounds {
                        std::thread::scope(|s| {
                            s.spawn(|| add(&count, 1));
                        });
                    }
                    assert_eq!(count.into_inner(), rounds);
                }),
            ),
        ],
    }
}

/// The same; each task owns 32 bytes besides.
fn flood_large() -> Case {
    let (pool, rayon) = (ours(), theirs());
    Case {
        name: "the same; 40 bytes captured",
        rounds: 200_000,
        peers: vec![
            (
                "libpool `scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    let count = &count;
                    pool.scope(|s| {
                        for i in 0..rounds {
                            let own = [i, i, i, i];
                            s.spawn(move || add(count, own[(i & 3) as usize] - i + 1)).unwrap();
                        }
                    })
                    .unwrap();
                    assert_eq!(count.load(Relaxed), rounds);
                }),
            ),
            (
                "rayon `in_place_scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    let count = &count;
                    rayon.in_place_scope(|s| {
                        for i in 0..rounds {
                            let own = [i, i, i, i];
                            s.spawn(move |_| add(count, own[(i & 3) as usize] - i + 1));
                        }
                    });
                    assert_eq!(count.load(Relaxed), rounds);
                }),
            ),
        ],
    }
}

/// A scope, three tasks, a wait: ns a round.
fn fan_out() -> Case {
    let (pool, rayon) = (ours(), theirs());
    Case {
        name: "fan-out 3 and wait",
        rounds: 100_000,
        peers: vec![
            (
                "libpool `scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    for _ in 0..rounds {
                        pool.scope(|s| (0..3).for_each(|_| s.spawn(|| add(&count, 1)).unwrap())).unwrap();
                    }
                    assert_eq!(count.into_inner(), 3 * rounds);
                }),
            ),
            (
                "rayon `in_place_scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    for _ in 0..rounds {
                        rayon.in_place_scope(|s| (0..3).for_each(|_| s.spawn(|_| add(&count, 1))));
                    }
                    assert_eq!(count.into_inner(), 3 * rounds);
                }),
            ),
            (
                "std `thread::scope`",
                Box::new(move |rounds| {
                    let count = AtomicU64::new(0);
                    for _ in 0..rounds {
                        std::thread::scope(|s| {
                            for _ in 0..3 {
                                s.spawn(|| add(&count, 1));
                            }
                        });
                    }
                    assert_eq!(count.into_inner(), 3 * rounds);
                }),
            ),
        ],
    }
}

/// fib(21) by a call for each half, all of it inside one task: ns a fork, of which there are 17,710. For this rayon is made.
fn fork_join() -> Case {
    fn by_libpool(pool: &Pool, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let mut left = 0;
        let right = pool
            .scope(|s| {
                s.spawn(|| left = by_libpool(pool, n - 1)).unwrap();
                by_libpool(pool, n - 2)
            })
            .unwrap();
        left + right
    }
    fn by_rayon(n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let (left, right) = rayon::join(|| by_rayon(n - 1), || by_rayon(n - 2));
        left + right
    }
    const FORKS: u64 = 17_710;
    let (pool, rayon) = (ours(), theirs());
    Case {
        name: "fork-join inside a task, fib(21); a fork",
        rounds: 50 * FORKS,
        peers: vec![
            (
                "libpool `scope`",
                Box::new(move |rounds| {
                    let times = (rounds / FORKS).max(1);
                    let mut sum = 0;
                    pool.scope(|s| s.spawn(|| (0..times).for_each(|_| sum += by_libpool(&pool, 21))).unwrap()).unwrap();
                    assert_eq!(sum, times * 10_946);
                }),
            ),
            (
                "rayon `join`",
                Box::new(move |rounds| {
                    let times = (rounds / FORKS).max(1);
                    let sum: u64 = rayon.install(|| (0..times).map(|_| by_rayon(21)).sum());
                    assert_eq!(sum, times * 10_946);
                }),
            ),
        ],
    }
}

/// A task whose result is taken at once: ns a round. rayon has none that is submitted and taken later; nearest is a
/// closure that is run in the pool while the caller waits.
fn job() -> Case {
    let (pool, rayon) = (ours(), theirs());
    Case {
        name: "one result, taken at once",
        rounds: 100_000,
        peers: vec![
            (
                "libpool `spawn_job`, `join`",
                Box::new(move |rounds| {
                    let group = Group::new(&pool).unwrap();
                    for i in 0..rounds {
                        assert_eq!(group.spawn_job(move || i).unwrap().join().unwrap(), i);
                    }
                }),
            ),
            (
                "rayon `install`",
                Box::new(move |rounds| {
                    for i in 0..rounds {
                        assert_eq!(rayon.install(move || i), i);
                    }
                }),
            ),
            (
                "std `thread::spawn`, `join`",
                Box::new(move |rounds| {
                    for i in 0..rounds {
                        assert_eq!(std::thread::spawn(move || i).join().unwrap(), i);
                    }
                }),
            ),
        ],
    }
}

fn add(count: &AtomicU64, value: u64) {
    count.fetch_add(value, Relaxed);
}
