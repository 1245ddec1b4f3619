// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Pools: options, hooks, log, shutdown, the default pool.

use libpool::{
    sys, this_task, Error, Group, GroupRef, LogLevel, Pool, PoolOptions, PoolRef, Scope, ScopedJob, Shutdown, Timer,
};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn everything_can_be_shared_and_sent() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Pool>();
    is_shared::<PoolRef>();
    is_shared::<PoolOptions>();
    is_shared::<Group>();
    is_shared::<GroupRef>();
    is_shared::<libpool::GroupOptions>();
    is_shared::<libpool::SpawnOptions>();
    is_shared::<libpool::Entered>();
    is_shared::<Scope<'_, '_>>();
    is_shared::<ScopedJob<'_, std::cell::Cell<i32>>>(); // the result is only ever with one thread
    is_shared::<Timer>();
    is_shared::<Error>();
    is_shared::<libpool::JoinError>();
}

#[test]
fn hooks_run_on_each_worker_and_outlive_it() {
    let (starts, stops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (starting, stopping) = (starts.clone(), stops.clone());
    let pool = PoolOptions::new()
        .min_workers(2)
        .max_workers(2)
        .prestart(true)
        .on_thread_start(move || {
            starting.fetch_add(1, SeqCst);
            panic!("in a hook");
        })
        .on_thread_stop(move || {
            stopping.fetch_add(1, SeqCst);
        })
        .create()
        .unwrap();
    assert_eq!(pool.stats().unwrap().workers, 2);
    assert_eq!(Arc::strong_count(&starts), 2); // the pool's
    drop(pool);
    assert_eq!((starts.load(SeqCst), stops.load(SeqCst)), (2, 2));
    assert_eq!(Arc::strong_count(&starts), 1);
}

#[test]
fn a_bad_option_is_invalid_and_the_log_names_it() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = lines.clone();
    let mut options = PoolOptions::new();
    options.log(move |level, text| told.lock().unwrap().push((level, text.to_owned())));
    assert_eq!(options.max_workers(1_000_000).create().map(drop), Err(Error::Invalid));
    let lines = lines.lock().unwrap();
    assert!(
        matches!(&lines[..], [(LogLevel::Error | LogLevel::Warning, text)] if text.contains("max_workers")),
        "{lines:?}"
    );
    drop(lines);
    assert_eq!(PoolOptions::new().name("a\0b").create().map(drop), Err(Error::Invalid));
}

#[test]
fn threads_have_the_pools_name_and_stack() {
    let pool = PoolOptions::new().max_workers(1).name("named").stack_size(1 << 20).create().unwrap();
    let group = Group::new(&pool).unwrap();
    let (sender, name) = channel();
    group.spawn(move || sender.send(std::fs::read_to_string("/proc/thread-self/comm").unwrap()).unwrap()).unwrap();
    assert!(name.recv().unwrap().starts_with("named-"));
}

#[test]
fn a_shutdown_waits_and_refuses() {
    let pool = PoolOptions::new().max_workers(1).create().unwrap();
    let group = Group::new(&pool).unwrap();
    let (opened, gate) = channel::<()>();
    let (started, starts) = channel();
    group
        .spawn(move || {
            started.send(this_task::pool().unwrap().shutdown(Shutdown::Drain, Duration::MAX)).unwrap();
            let _ = gate.recv();
        })
        .unwrap();
    assert_eq!(starts.recv().unwrap(), Err(Error::Deadlock));
    assert_eq!(pool.shutdown(Shutdown::Drain, Duration::ZERO), Err(Error::TimedOut));
    assert_eq!(group.spawn(|| ()).map_err(Error::from), Err(Error::Closed));
    assert_eq!((Group::new(&pool).map(drop), pool.scope(|_| ())), (Err(Error::Closed), Err(Error::Closed)));
    drop(opened);
    assert_eq!(pool.shutdown(Shutdown::Drain, Duration::MAX), Ok(()));
    assert_eq!(pool.resize(0, 2), Err(Error::Closed));
}

#[test]
fn a_pool_that_is_dropped_in_its_own_task_is_closed() {
    let pool = Arc::new(PoolOptions::new().max_workers(1).create().unwrap());
    let group = Group::new(&pool).unwrap();
    let (opened, gate) = channel::<()>();
    let (sender, done) = channel();
    let (handle, own) = (**pool, pool.clone());
    group
        .spawn(move || {
            let _ = gate.recv();
            drop(own); // the last
            sender.send(()).unwrap();
        })
        .unwrap();
    drop(pool);
    drop(opened);
    done.recv().unwrap();
    group.wait().unwrap();
    assert_eq!(handle.scope(|_| ()), Err(Error::Closed));
}

#[test]
fn a_blocking_section_lets_another_worker_run() {
    let pool = PoolOptions::new().max_workers(1).burst_workers(1).create().unwrap();
    let group = Group::new(&pool).unwrap();
    let (sender, gate) = channel();
    group.spawn(move || this_task::blocking(|| gate.recv().unwrap())).unwrap();
    group.spawn(move || sender.send(()).unwrap()).unwrap();
    let (told, empty) = channel();
    group.notify(move || told.send(()).unwrap()).unwrap();
    empty.recv().unwrap(); // without this thread's help
}

#[test]
fn there_is_a_pool_for_the_process() {
    PoolOptions::new().max_workers(1).on_thread_start(|| ()).configure_default_pool().unwrap();
    let pool = PoolRef::default_pool().unwrap();
    assert_eq!(PoolRef::default_pool().unwrap().handle().id, pool.handle().id);
    assert_eq!(PoolOptions::new().configure_default_pool(), Err(Error::Busy));
    let mut sum = 0;
    pool.scope(|s| s.spawn(|| sum += 7).unwrap()).unwrap();
    assert_eq!(sum, 7);
}

#[test]
fn handles_that_name_nothing_are_refused() {
    let pool = Pool::new().unwrap();
    let group = **Group::new(&pool).as_ref().unwrap();
    for nothing in [GroupRef::from_handle(sys::pool_group_t { id: 0 }), group] {
        assert_eq!(nothing.spawn(|| ()).map_err(Error::from), Err(Error::BadHandle));
        assert_eq!(nothing.wait(), Err(Error::BadHandle));
        assert_eq!(nothing.name(), Err(Error::BadHandle));
        assert_eq!(nothing.enter().map(drop), Err(Error::BadHandle));
        assert!(nothing.spawn_job(|| ()).is_err());
    }
    assert_eq!(PoolRef::from_handle(sys::pool_t { id: group.handle().id }).resize(0, 1), Err(Error::BadHandle));
}
