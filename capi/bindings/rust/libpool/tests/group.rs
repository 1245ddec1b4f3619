// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Groups of tasks that own what they use.

mod common;

use common::{failed, pool, Dropped};
use libpool::{this_task, Error, Failure, Group, GroupOptions, Overflow, Pool, Result, SpawnOptions};
use std::panic::{catch_unwind, panic_any, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Occupies the only worker of a pool until the gate opens, which happens when the sender is dropped.
fn occupy(pool: &Pool) -> (Group, Sender<()>) {
    let group = Group::new(pool).unwrap();
    let (opened, gate) = channel();
    let (started, starts) = channel();
    group
        .spawn(move || {
            started.send(()).unwrap();
            let _: std::result::Result<(), _> = gate.recv();
        })
        .unwrap();
    starts.recv().unwrap();
    (group, opened)
}

#[test]
fn errors_and_panics_are_failures_with_their_text() {
    let pool = pool(1);
    type Spawn = fn(&Group) -> Result<()>;
    let texts: [(Spawn, i32, &str); 6] = [
        (|g| Ok(g.spawn(|| Err("an error"))?), Failure::ERROR, "an error"),
        (|g| Ok(g.spawn(|| Err(format!("{}", 7)))?), Failure::ERROR, "7"),
        (|g| Ok(g.spawn(|| -> Result<(), String> { panic!("a panic") })?), Failure::PANIC, "a panic"),
        (|g| Ok(g.spawn(|| -> Result<(), String> { panic!("panic {}", 7) })?), Failure::PANIC, "panic 7"),
        (|g| Ok(g.spawn(|| -> Result<(), String> { panic_any(7) })?), Failure::PANIC, "a panic without a text"),
        (|g| Ok(g.spawn(|| this_task::fail(-7, "a code").unwrap())?), -7, "a code"),
    ];
    for (spawn, code, text) in texts {
        let group = Group::new(&pool).unwrap();
        spawn(&group).unwrap();
        assert_eq!(group.wait(), failed(code, text));
        assert_eq!(group.failure().unwrap(), Some(Failure { code, text: text.into() }));
        group.reset().unwrap();
        assert_eq!((group.wait(), group.failure()), (Ok(()), Ok(None)));
    }
}

#[test]
fn a_long_text_is_cut_between_characters_and_loses_its_nuls() {
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    group.spawn(|| Err(format!("\0{}", "ä".repeat(100)))).unwrap();
    assert_eq!(group.wait(), failed(Failure::ERROR, &"ä".repeat(63)));
}

#[test]
fn a_panic_while_an_error_is_told_is_a_failure() {
    struct Bad;
    impl std::fmt::Display for Bad {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("in the display")
        }
    }
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    group.spawn(|| Err(Bad)).unwrap();
    assert_eq!(group.wait(), failed(Failure::PANIC, "in the display"));
}

#[test]
fn a_wait_for_oneself_is_refused_and_a_group_dropped_in_its_own_task_lets_go() {
    let pool = pool(1);
    let group = Arc::new(Group::new(&pool).unwrap());
    let (sender, waited) = channel();
    let (opened, gate) = channel::<()>();
    let own = group.clone();
    group
        .spawn(move || {
            sender.send(own.wait()).unwrap();
            let _ = gate.recv();
            drop(own); // the last
            sender.send(Ok(())).unwrap();
        })
        .unwrap();
    assert_eq!(waited.recv().unwrap(), Err(Error::Deadlock));
    let handle = **group;
    drop(group);
    drop(opened);
    assert_eq!(waited.recv().unwrap(), Ok(()));
    assert_eq!(handle.poll(), Err(Error::BadHandle));
}

#[test]
fn the_drop_of_a_group_waits_and_detach_does_not() {
    let pool = pool(1);
    let (occupied, opened) = occupy(&pool);
    let done = Arc::new(AtomicUsize::new(0));
    let detached = Group::new(&pool).unwrap();
    let theirs = done.clone();
    detached
        .spawn(move || {
            theirs.fetch_add(1, SeqCst);
        })
        .unwrap();
    detached.detach();
    assert_eq!(done.load(SeqCst), 0);
    let dropped = Group::new(&pool).unwrap();
    dropped.suspend().unwrap();
    let theirs = done.clone();
    dropped
        .spawn(move || {
            theirs.fetch_add(1, SeqCst);
        })
        .unwrap();
    drop(dropped); // this thread runs it
    assert_eq!(done.load(SeqCst), 1);
    drop(opened);
    drop(occupied);
    drop(pool); // waits for all
    assert_eq!(done.load(SeqCst), 2);
}

#[test]
fn a_serial_group_keeps_the_order() {
    let pool = pool(2);
    let group = GroupOptions::new().max_concurrency(1).name("in order").create(&pool).unwrap();
    assert_eq!(group.name().unwrap(), "in order");
    let order = Arc::new(Mutex::new(Vec::new()));
    for i in 0..100 {
        let order = order.clone();
        group.spawn(move || order.lock().unwrap().push(i)).unwrap();
    }
    group.wait().unwrap();
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
}

#[test]
fn the_first_failure_cancels_a_fail_fast_group() {
    let pool = pool(1);
    let group = GroupOptions::new().fail_fast(true).max_concurrency(1).create(&pool).unwrap();
    group.suspend().unwrap();
    group.spawn(|| Err("first")).unwrap();
    group.spawn(|| Err("second")).unwrap();
    group.resume().unwrap();
    assert_eq!(group.wait(), failed(Failure::ERROR, "first"));
    let stats = group.stats().unwrap();
    assert_eq!((stats.submitted, stats.failed, stats.cancelled), (2, 1, 1));
    let refused = group.spawn(|| ()).unwrap_err();
    assert_eq!(refused.to_string(), Error::Cancelled.to_string());
}

#[test]
fn a_task_sees_that_its_group_is_cancelled() {
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    let (sender, cancelled) = channel();
    group
        .spawn(move || {
            let before = this_task::is_cancelled();
            this_task::group().unwrap().cancel().unwrap();
            sender.send((before, this_task::is_cancelled())).unwrap();
        })
        .unwrap();
    assert_eq!(cancelled.recv().unwrap(), (false, true));
}

#[test]
fn time_outs_are_told() {
    let pool = pool(1);
    let (group, opened) = occupy(&pool);
    assert_eq!(group.poll(), Err(Error::Busy));
    assert_eq!(group.wait_timeout(Duration::ZERO), Err(Error::TimedOut));
    assert_eq!(group.wait_timeout(Duration::from_millis(1)), Err(Error::TimedOut));
    assert_eq!(group.reset(), Err(Error::Busy));
    drop(opened);
    assert_eq!(group.wait_timeout(Duration::MAX), Ok(()));
    assert_eq!(group.poll(), Ok(()));
}

#[test]
fn each_overflow_policy_does_what_it_says() {
    let pool = pool(1);
    let group = GroupOptions::new().queue_capacity(1).overflow(Overflow::Reject).create(&pool).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let task = |name: &'static str| {
        let told = told.clone();
        move || told.lock().unwrap().push(name)
    };
    group.suspend().unwrap();
    group.spawn(task("oldest")).unwrap();
    assert_eq!(group.spawn(task("refused")).map_err(Error::from), Err(Error::Full));
    let mut options = SpawnOptions::new();
    let late = group.spawn_with(options.overflow(Overflow::Block).overflow_timeout(Duration::ZERO), task("late"));
    assert_eq!(late.map_err(Error::from), Err(Error::TimedOut));
    group.spawn_with(SpawnOptions::new().overflow(Overflow::DiscardOldest), task("newer")).unwrap();
    group.spawn_with(SpawnOptions::new().overflow(Overflow::DiscardNewest), task("newest")).unwrap();
    group.resume().unwrap();
    assert_eq!(group.wait(), failed(0, "")); // discarded tasks
    assert_eq!(*told.lock().unwrap(), ["newer"]);
    assert_eq!(group.stats().unwrap().discarded, 2);
}

#[test]
fn a_delayed_task_is_never_early() {
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    let (sender, started) = channel();
    let before = Instant::now();
    group.spawn_after(Duration::from_millis(5), move || sender.send(Instant::now()).unwrap()).unwrap();
    assert!(started.recv().unwrap() - before >= Duration::from_millis(5));
}

#[test]
fn timers_are_fired_and_cancelled() {
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    let drops = Arc::new(AtomicUsize::new(0));
    let guard = Dropped(drops.clone());
    let timer = group.spawn_after(Duration::MAX, move || drop(guard)).unwrap();
    assert_eq!((group.poll(), drops.load(SeqCst)), (Err(Error::Busy), 0));
    timer.fire().unwrap();
    group.wait().unwrap();
    assert_eq!((timer.fire(), timer.cancel(), drops.load(SeqCst)), (Err(Error::BadHandle), Err(Error::BadHandle), 1));

    let guard = Dropped(drops.clone());
    let timer = group.spawn_after(Duration::MAX, move || drop(guard)).unwrap();
    timer.cancel().unwrap();
    assert_eq!((group.wait(), drops.load(SeqCst)), (Err(Error::Cancelled), 2));
}

#[test]
fn a_group_tells_when_it_is_empty() {
    let pool = pool(1);
    let (group, opened) = occupy(&pool);
    let (sender, told) = channel();
    group.notify(move || sender.send("empty").unwrap()).unwrap();
    assert!(told.try_recv().is_err());
    drop(opened);
    assert_eq!(told.recv(), Ok("empty"));
    group.notify(|| panic!("in a notification")).unwrap();
    drop(group); // waits for it
}

#[test]
fn an_eventfd_counts_when_a_group_becomes_empty() {
    use std::fs::File;
    use std::io::Read;
    use std::os::unix::io::{AsFd, FromRawFd};
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    // SAFETY: a new descriptor, which the file owns.
    let mut eventfd = unsafe { File::from_raw_fd(libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC)) };
    group.set_eventfd(Some(eventfd.as_fd())).unwrap();
    let mut count = [0; 8];
    eventfd.read_exact(&mut count).unwrap();
    assert_eq!(u64::from_ne_bytes(count), 1);
    group.spawn(|| ()).unwrap();
    group.wait().unwrap();
    group.set_eventfd(None).unwrap();
    eventfd.read_exact(&mut count).unwrap();
    let no_eventfd = File::open("/dev/null").unwrap();
    assert_eq!(group.set_eventfd(Some(no_eventfd.as_fd())), Err(Error::Invalid));
}

#[test]
fn work_that_is_done_elsewhere_counts() {
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    let inside = group.enter().unwrap();
    assert_eq!(group.poll(), Err(Error::Busy));
    std::thread::spawn(move || inside.leave(0).unwrap()).join().unwrap();
    assert_eq!(group.wait(), Ok(()));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _inside = group.enter().unwrap();
        panic_any(());
    }));
    assert!(panicked.is_err());
    assert_eq!(group.wait(), failed(Failure::PANIC, ""));
}

#[test]
fn a_parallel_loop_makes_each_turn_once() {
    let pool = pool(2);
    let group = Group::new(&pool).unwrap();
    let turns: Vec<_> = (0..1000).map(|_| AtomicUsize::new(0)).collect();
    group
        .apply(1000, 0, |i| {
            turns[i as usize].fetch_add(1, SeqCst);
        })
        .unwrap();
    assert!(turns.iter().all(|turn| turn.load(SeqCst) == 1));

    let some = group.apply(10, 1, |i| if i == 7 { Err("seven") } else { Ok(()) });
    assert_eq!(some, failed(Failure::ERROR, "seven"));
    group.wait().unwrap_err(); // tasks that came too late for a turn

    group.reset().unwrap();
    let made = AtomicUsize::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        group.apply(100, 1, |i| {
            made.fetch_add(1, SeqCst);
            if i % 10 == 0 {
                panic_any(i)
            }
        })
    }));
    assert_eq!(panicked.unwrap_err().downcast::<u64>().unwrap().rem_euclid(10), 0);
    assert_eq!(made.load(SeqCst), 100);
}

#[test]
fn a_wait_for_a_parent_runs_tasks_of_its_children() {
    let pool = pool(1);
    let (occupied, opened) = occupy(&pool);
    let parent = Group::new(&pool).unwrap();
    let child = GroupOptions::new().parent(&parent).create(&pool).unwrap();
    let (sender, done): (_, Receiver<()>) = channel();
    let inside = parent.enter().unwrap();
    child.spawn(move || drop((inside, sender))).unwrap(); // ends the parent's only task
    parent.wait().unwrap();
    assert!(done.recv().is_err());
    drop(opened);
    drop(occupied);
    let other = common::pool(1);
    assert_eq!(GroupOptions::new().parent(&parent).create(&other).map(drop), Err(Error::Invalid));
    assert_eq!(GroupOptions::new().name("a\0b").create(&pool).map(drop), Err(Error::Invalid));
}

#[test]
fn a_task_knows_where_it_is() {
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    assert!(this_task::group().is_none() && this_task::pool().is_none() && this_task::worker_index().is_none());
    assert_eq!(this_task::fail(1, "outside"), Err(Error::Invalid));
    static IN_PLACE: AtomicBool = AtomicBool::new(false);
    let (expected, handle) = (group.handle().id, pool.handle().id);
    group
        .spawn(move || {
            let here = this_task::group().unwrap().handle().id == expected;
            let child = GroupOptions::new().child_of_current().create(&this_task::pool().unwrap()).unwrap();
            this_task::blocking(|| child.spawn(|| ()).unwrap());
            IN_PLACE.store(here && this_task::pool().unwrap().handle().id == handle, SeqCst);
            assert_eq!(this_task::worker_index(), Some(0));
        })
        .unwrap();
    group.wait().unwrap();
    assert!(IN_PLACE.load(SeqCst));
}
