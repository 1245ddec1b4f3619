// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! The cases of the study; bench/study/method.md says what they are. As in the bench, a submitter is a thread of the
//! pool, hence one more for each.
use crate::options::{fail, Options, MISUSED};
use crate::sample::{most_resident, now, resident, threads, Line, Spent};
use crate::submitter::{part, phase, Submitter};
use crate::work::Work;
use crate::{clock_ns, PROCESS_CPUTIME};
use std::time::Duration;

pub fn study(arguments: &[String]) {
    const PLENTY: usize = 100_000_000_000;
    let cpus = std::thread::available_parallelism().map_or(1, |count| count.get());
    let options = Options::new("work", "empty")
        .whole("ns", 0, 0, PLENTY)
        .whole("tasks", 0, 0, PLENTY)
        .whole("in_flight", 1000, 1, PLENTY)
        .whole("fan_out", 10, 1, PLENTY)
        .whole("submitters", 1, 1, 1024)
        .whole("workers", cpus, 1, 32767)
        .whole("cold", 0, 0, 1)
        .whole("limit_ms", 100, 1, PLENTY)
        .whole("settle_ms", 0, 0, PLENTY)
        .parse(arguments);
    let (in_flight, fan_out) = (options.count("in_flight"), options.count("fan_out"));
    let (tasks, cold) = (options.count("tasks"), options.count("cold") == 1);
    let limit = options.count("limit_ms") as i64 * 1_000_000;
    if fan_out > in_flight {
        fail(MISUSED, "fan_out: more than in_flight");
    }
    let work: &'static Work = match Work::of(options.word(), options.count("ns")) {
        Some(work) => Box::leak(Box::new(work)),
        None => fail(MISUSED, &format!("bad value of work: {}", options.word())),
    };
    let count = options.count("submitters");
    let mut all: Vec<_> = (0..count)
        .map(|index| Submitter::new(work, index, count, in_flight, fan_out))
        .collect();

    let base = resident();
    let (mut took, mut warm_up) = (Spent::default(), Spent::default());
    let builder = rayon::ThreadPoolBuilder::new().num_threads(options.count("workers") + count);
    let make = || builder.build().expect("a pool");
    let pool = if cold { took.add(make) } else { make() };
    if !cold && tasks == 0 {
        phase(&pool, &mut all, &mut warm_up, 0, limit / 10);
    }
    for (index, one) in all.iter_mut().enumerate() {
        let each = match one.tasks {
            0 => options.number("ns").max(400.0), // a guess, as long as nothing has run
            tasks => warm_up.wall as f64 / tasks as f64,
        };
        let expected = match tasks {
            0 => limit as f64 / each,
            _ => part(tasks, index, count) as f64,
        };
        one.expect(expected, each);
    }
    phase(&pool, &mut all, &mut took, tasks, limit);

    all[0].look();
    let settled = settle(options.count("settle_ms") as i64);
    if cold {
        took.add(|| drop(pool)); // does not wait for the threads
    }
    report(&all, took, base, settled);
}

/// Looks at what is there some time after the last round, while the pool is.
fn settle(most: i64) -> Line {
    const THREAD_CPUTIME: i32 = 3;
    let cpu_of_others = || clock_ns(PROCESS_CPUTIME) - clock_ns(THREAD_CPUTIME);
    let mut line = Line::default();
    let (begin, cpu) = (now(), cpu_of_others());
    for ms in [0, 100, 300, 1000, 3000, 12000]
        .into_iter()
        .filter(|&ms| most != 0 && ms <= most)
    {
        std::thread::sleep(Duration::from_nanos((begin + ms * 1_000_000 - now()).max(0) as u64));
        line.add(&format!("rss_{}", ms), resident());
        line.add(&format!("threads_{}", ms), threads());
        line.add(&format!("idle_cpu_{}", ms), (cpu_of_others() - cpu).max(0));
    }
    line
}

fn report(all: &[Submitter], took: Spent, base: i64, settled: Line) {
    let mut line = Line::default();
    let peak = most_resident();
    line.add("tasks", all.iter().map(|one| one.tasks).sum::<usize>());
    line.add("wall_ns", took.wall);
    line.add("cpu_ns", took.cpu);
    line.add_percentiles("start", all.iter().flat_map(|one| one.starts.taken()).collect());
    line.add_percentiles("group", all.iter().flat_map(|one| one.groups.taken()).collect());
    line.add("switches", took.switches);
    line.add("threads", all[0].threads);
    line.add("rss_base", base);
    line.add("rss_peak", peak);
    line.append(settled);
    line.print();
}
