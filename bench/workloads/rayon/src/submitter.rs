// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! The rounds of a case of the study: tasks are started in groups, which are then waited for.
use crate::sample::{now, threads, Sampler, Spent, KEPT};
use crate::work::Work;
use rayon::{Scope, ThreadPool};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

/// Starts its share of the tasks of each round, on a thread of the pool, and waits for them.
pub struct Submitter {
    work: &'static Work,
    index: usize, // which of `count`
    count: usize,
    share: usize, // tasks in a round, which is a number of whole groups
    fan_out: usize,
    pub tasks: usize, // that it has started
    grouped: usize,
    pub starts: Sampler,
    pub groups: Sampler,
    look_now: bool, // at the number of threads
    pub threads: i64,
}

/// A group that shares its scope with others, and whose latency is taken.
struct TimedGroup {
    begin: i64,
    left: AtomicUsize,
    latency: &'static AtomicI64,
}

impl TimedGroup {
    fn end_task(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.latency.store(now() - self.begin, Ordering::Relaxed);
        }
    }
}

/// How many of `total` fall to one of so many.
pub fn part(total: usize, index: usize, count: usize) -> usize {
    total / count + usize::from(index < total % count)
}

impl Submitter {
    pub fn new(work: &'static Work, index: usize, count: usize, in_flight: usize, fan_out: usize) -> Submitter {
        let groups = ((in_flight + fan_out / 2) / fan_out).max(1);
        let share = part(groups, index, count).max(1) * fan_out;
        let (starts, groups) = (Sampler::new(KEPT / count), Sampler::new(KEPT / count));
        let (tasks, grouped, look_now, threads) = (0, 0, false, 0);
        Submitter {
            work,
            index,
            count,
            share,
            fan_out,
            tasks,
            grouped,
            starts,
            groups,
            look_now,
            threads,
        }
    }

    /// Counts from nothing and has the samplers expect so many tasks, of so many ns each.
    pub fn expect(&mut self, tasks: f64, each: f64) {
        let fan_out = self.fan_out as f64;
        (self.tasks, self.grouped) = (0, 0);
        self.starts.begin(tasks, each, self.share, self.fan_out);
        self.groups
            .begin(tasks / fan_out, each * fan_out, self.share / self.fan_out, 1);
    }

    /// A group is a scope; of several it is a scope for all of them, since a scope ends with a wait. The latency of one
    /// is then taken by the last of its tasks.
    fn round(&mut self, tasks: usize) {
        if tasks > self.fan_out {
            rayon::scope(|scope| {
                for first in (0..tasks).step_by(self.fan_out) {
                    self.submit_group(scope, self.fan_out.min(tasks - first));
                }
                self.look_if_due();
            });
            return;
        }
        let latency = self.groups.look(self.grouped);
        self.grouped += 1;
        let begin = latency.map(|_| now());
        rayon::scope(|scope| {
            (0..tasks).for_each(|_| self.submit(scope, None));
            self.look_if_due();
        });
        if let (Some(latency), Some(begin)) = (latency, begin) {
            latency.store(now() - begin, Ordering::Relaxed);
        }
    }

    fn submit_group<'s>(&mut self, scope: &Scope<'s>, tasks: usize) {
        let latency = self.groups.look(self.grouped);
        self.grouped += 1;
        let timed = |latency| {
            Arc::new(TimedGroup {
                begin: now(),
                left: AtomicUsize::new(tasks),
                latency,
            })
        };
        let group = latency.map(timed);
        (0..tasks).for_each(|_| self.submit(scope, group.as_ref()));
    }

    fn submit<'s>(&mut self, scope: &Scope<'s>, group: Option<&Arc<TimedGroup>>) {
        let (work, n) = (self.work, self.tasks * self.count + self.index);
        let latency = self.starts.look(self.tasks);
        self.tasks += 1;
        if latency.is_none() && group.is_none() {
            scope.spawn(move |_| work.run(n));
            return;
        }
        let (group, handed) = (group.cloned(), now());
        scope.spawn(move |_| {
            if let Some(latency) = latency {
                latency.store(now() - handed, Ordering::Relaxed);
            }
            work.run(n);
            if let Some(group) = group {
                group.end_task();
            }
        });
    }

    fn look_if_due(&mut self) {
        if self.look_now {
            self.look();
        }
    }

    pub fn look(&mut self) {
        self.look_now = false;
        self.threads = self.threads.max(threads());
    }

    /// Runs its part of so many tasks, or any number if that is 0, but starts no round after the limit.
    fn rounds(&mut self, tasks: usize, limit: i64) {
        let mut left = part(tasks, self.index, self.count);
        if tasks != 0 && left == 0 {
            return;
        }
        let begin = now();
        let (mut looked, mut looked_at_threads, mut unseen) = (begin, begin, 1);
        loop {
            for _ in 0..unseen {
                // Short rounds do not each look at the clock.
                let size = if tasks == 0 { self.share } else { self.share.min(left) };
                self.round(size);
                if tasks != 0 {
                    left -= size;
                    if left == 0 {
                        return;
                    }
                }
            }
            let present = now();
            if present - begin >= limit {
                return;
            }
            match present - looked {
                0..=50_000 => unseen *= 2,
                100_000.. => unseen = (unseen / 2).max(1),
                _ => {}
            }
            looked = present;
            if self.index == 0 && present - looked_at_threads >= 20_000_000 {
                self.look_now = true;
                looked_at_threads = present;
            }
        }
    }
}

/// Has all submitters run rounds, and adds what that takes without their start. Each is on a thread of the pool of its
/// own: all are there before any begins, else one that waits could take another one whole as a task to help with.
pub fn phase(pool: &ThreadPool, all: &mut [Submitter], took: &mut Spent, tasks: usize, limit: i64) {
    if let [only] = all {
        took.add(|| pool.install(|| only.rounds(tasks, limit)));
        return;
    }
    let start = &Barrier::new(all.len() + 1);
    let submit = &|one: &mut Submitter| {
        start.wait();
        one.rounds(tasks, limit);
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .iter_mut()
            .map(|one| scope.spawn(move || pool.install(|| submit(one))))
            .collect();
        took.add(|| {
            start.wait();
            threads
                .into_iter()
                .for_each(|thread| thread.join().expect("a submitter"));
        });
    });
}
