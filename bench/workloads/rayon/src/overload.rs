// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Tasks that arrive on a schedule, whether the pool keeps up or not. The queue of rayon has no bound.
use crate::options::{fail, Options, CANNOT};
use crate::sample::{most_resident, now, threads, Line, Sampler, KEPT};
use crate::work::Random;
use rayon::ThreadPool;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

/// What tasks count.
#[derive(Default)]
struct Finished {
    count: AtomicUsize,
    last: AtomicI64, // when the last one ended
}

impl Finished {
    fn leaked() -> &'static Finished {
        Box::leak(Box::default())
    }

    fn add_one(&self) {
        self.last.fetch_max(now(), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Release);
    }

    fn wait_for(&self, count: usize) {
        while self.count.load(Ordering::Acquire) < count {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A task that another one follows until the time is over.
fn chain(work: Duration, end: i64, finished: &'static Finished, chains: &'static Finished) {
    std::thread::sleep(work);
    finished.add_one();
    if now() < end {
        rayon::spawn(move || chain(work, end, finished, chains));
    } else {
        chains.add_one();
    }
}

/// The tasks that the pool runs in a second when there are always more of them than workers.
fn full_speed(pool: &ThreadPool, work: Duration, workers: usize, enough: Duration) -> f64 {
    let (begin, finished, chains) = (now(), Finished::leaked(), Finished::leaked());
    for _ in 0..4 * workers {
        pool.spawn(move || chain(work, begin + enough.as_nanos() as i64, finished, chains));
    }
    std::thread::sleep(enough);
    let per_second = finished.count.load(Ordering::Relaxed) as f64 * 1e9 / (now() - begin) as f64;
    chains.wait_for(4 * workers);
    per_second
}

pub fn overload(arguments: &[String]) {
    let options = Options::new("policy", "none")
        .fraction("load", 1.0, 0.01, 100.0)
        .whole("capacity", 64, 1, 1_000_000_000)
        .whole("workers", 4, 1, 32767)
        .whole("ns", 1_000_000, 1000, 60_000_000_000)
        .whole("limit_ms", 500, 1, 86_400_000)
        .parse(arguments);
    if options.word() != "none" {
        fail(
            CANNOT,
            &format!("policy: rayon has none of the name {}", options.word()),
        );
    }
    let (workers, work) = (
        options.count("workers"),
        Duration::from_nanos(options.count("ns") as u64),
    );
    let limit = options.number("limit_ms") * 1e6;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(workers)
        .build()
        .expect("a pool");
    let enough = (work * 20).max(Duration::from_nanos(limit as u64 / 2));
    let full = full_speed(&pool, work, workers, enough);
    let mean = 1e9 / (full * options.number("load"));

    let mut late = Sampler::new(KEPT);
    late.begin(limit / mean, mean, 1, 1);
    let (mut distances, mut arrived, finished) = (Random(223), 0, Finished::leaked());
    let begin = now();
    let (mut due, mut most_threads, mut looked_at_threads) = (begin as f64, threads(), begin);
    loop {
        due += -(1.0 - distances.fraction()).ln() * mean;
        if due >= begin as f64 + limit {
            break;
        }
        std::thread::sleep(Duration::from_nanos((due as i64 - now()).max(0) as u64));
        let (latency, should) = (late.look(arrived), due as i64);
        arrived += 1;
        pool.spawn(move || {
            std::thread::sleep(work);
            if let Some(latency) = latency {
                latency.store(now() - should, Ordering::Relaxed);
            }
            finished.add_one();
        });
        if now() - looked_at_threads >= 20_000_000 {
            most_threads = most_threads.max(threads());
            looked_at_threads = now();
        }
    }
    finished.wait_for(arrived);

    let mut line = Line::default();
    let wall = finished.last.load(Ordering::Relaxed) - begin;
    line.add("full_per_s", full);
    line.add("served_per_s", arrived as f64 * 1e9 / wall.max(1) as f64);
    line.add("arrived", arrived);
    line.add("finished", finished.count.load(Ordering::Relaxed));
    line.add("refused", 0);
    line.add_percentiles("late", late.taken().collect());
    line.add("threads", most_threads);
    line.add("rss_peak", most_resident());
    line.print();
}
