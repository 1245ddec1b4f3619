// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Jobs: each result is handed over once, or dropped once.

use libpool::{this_task, Error, Failure, Group, Job, JoinError, Pool, PoolOptions, Shutdown};
use std::panic::{catch_unwind, panic_any, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{channel, Sender};
use std::sync::Arc;
use std::time::Duration;

fn pool() -> Pool {
    PoolOptions::new().max_workers(1).create().unwrap()
}

/// Tells when it is dropped.
struct Tells(Sender<&'static str>, &'static str);

impl Drop for Tells {
    fn drop(&mut self) {
        self.0.send(self.1).unwrap();
    }
}

fn error_of<T: std::fmt::Debug>(job: Job<T>) -> Error {
    match job.join().unwrap_err() {
        JoinError::Error(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_comes_out_of_join() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    let text = String::from("text");
    let owned = group.spawn_job(move || text + "!").unwrap();
    let large = group.spawn_job(|| [7_u64; 100]).unwrap();
    let error = group.spawn_job(|| "7x".parse::<i32>()).unwrap();
    large.wait().unwrap();
    assert!(large.is_finished());
    assert_eq!((owned.join().unwrap().as_str(), large.join().unwrap()), ("text!", [7; 100]));
    assert!(error.join().unwrap().is_err());
    assert_eq!(group.wait(), Ok(())); // an error is a result like any other
}

#[test]
fn a_panic_comes_out_of_join_and_fails_the_group() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    let panicked = group.spawn_job(|| -> u32 { panic_any(7) }).unwrap();
    let payload = match panicked.join().unwrap_err() {
        JoinError::Panicked(panic) => catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err(),
        other => panic!("{other:?}"),
    };
    assert_eq!(*payload.downcast::<i32>().unwrap(), 7);
    let failure = Failure { code: Failure::PANIC, text: "a panic without a text".into() };
    assert_eq!(group.wait(), Err(Error::Failed(failure)));
}

#[test]
fn a_job_can_say_that_it_failed() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    let (sender, told) = channel();
    let job = group.spawn_job(move || {
        this_task::fail(7, "seven").unwrap();
        Tells(sender, "result")
    });
    let error = match job.unwrap().join() {
        Err(JoinError::Error(error)) => error,
        _ => panic!("it has a result"),
    };
    assert_eq!(error, Error::Failed(Failure { code: 7, text: String::new() }));
    assert_eq!(told.recv(), Ok("result"));
}

#[test]
fn a_closure_is_dropped_before_its_job_is_over() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    let (sender, told) = channel();
    let guard = Tells(sender, "closure");
    let job = group
        .spawn_job(move || {
            let _guard = &guard;
            7
        })
        .unwrap();
    job.wait().unwrap();
    assert_eq!((told.try_recv(), job.join().unwrap()), (Ok("closure"), 7));
}

#[test]
fn a_job_that_is_cancelled_drops_its_closure() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    group.suspend().unwrap();
    let (sender, told) = channel();
    let (one, two, three) = (Tells(sender.clone(), "one"), Tells(sender.clone(), "two"), Tells(sender, "three"));
    let one = group.spawn_job(move || drop(one)).unwrap();
    let two = group.spawn_job(move || drop(two)).unwrap();
    let three = group.spawn_job(move || drop(three)).unwrap();
    assert!(!one.is_finished());
    assert_eq!(one.wait_timeout(Duration::ZERO), Err(Error::TimedOut));
    one.cancel().unwrap();
    assert_eq!(told.try_recv(), Ok("one"));
    assert_eq!((one.cancel(), one.wait(), error_of(one)), (Err(Error::Busy), Ok(()), Error::Cancelled));
    drop(two); // nobody can have its result any more
    assert_eq!(told.try_recv(), Ok("two"));
    group.cancel().unwrap();
    assert_eq!(error_of(three), Error::Cancelled);
    assert_eq!(told.recv(), Ok("three"));
    assert_eq!((group.wait(), group.stats().unwrap().cancelled), (Err(Error::Cancelled), 3));
    assert_eq!(told.recv().ok(), None);
}

#[test]
fn a_refused_job_gives_its_closure_back() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    group.cancel().unwrap();
    let text = String::from("text");
    let refused = group.spawn_job(move || text).unwrap_err();
    assert_eq!((refused.error, (refused.closure)()), (Error::Cancelled, String::from("text")));
}

#[test]
fn the_result_of_a_job_that_was_let_go_is_dropped_when_it_is_finished() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    let (opened, gate) = channel::<()>();
    let (started, starts) = channel();
    let (sender, told) = channel();
    let job = group
        .spawn_job(move || {
            started.send(()).unwrap();
            let _ = gate.recv();
            Tells(sender, "result")
        })
        .unwrap();
    starts.recv().unwrap();
    drop(job);
    assert!(told.try_recv().is_err());
    drop(opened);
    assert_eq!(told.recv(), Ok("result"));
    group.wait().unwrap();
}

#[test]
fn a_result_that_panics_in_its_drop_goes_no_further() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in the drop of a result")
        }
    }
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    let (opened, gate) = channel::<()>();
    let (started, starts) = channel();
    let job = group
        .spawn_job(move || {
            started.send(()).unwrap();
            let _ = gate.recv();
            Bad
        })
        .unwrap();
    starts.recv().unwrap();
    drop(job);
    drop(opened);
    group.wait().unwrap();
}

#[test]
fn a_closure_that_panics_in_its_drop_is_let_go_of_first() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in the drop of a closure")
        }
    }
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    group.suspend().unwrap();
    let bad = Bad;
    let job = group
        .spawn_job(move || {
            let _bad = &bad;
        })
        .unwrap();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(job))).is_err());
    group.resume().unwrap();
    assert!(matches!(group.wait(), Err(Error::Cancelled)));
}

#[test]
fn jobs_outlive_their_pool() {
    let (sender, told) = channel();
    let (run, unrun) = {
        let pool = pool();
        let group = Group::new(&pool).unwrap();
        let run = group.spawn_job(|| 7).unwrap();
        group.wait().unwrap();
        group.suspend().unwrap();
        let guard = Tells(sender, "unrun");
        let unrun = group.spawn_job(move || drop(guard)).unwrap();
        pool.shutdown(Shutdown::Cancel, Duration::MAX).unwrap();
        (run, unrun)
    };
    assert_eq!((run.join().unwrap(), error_of(unrun)), (7, Error::Cancelled));
    assert_eq!(told.try_recv(), Ok("unrun"));
}

#[test]
fn a_job_cannot_wait_for_itself() {
    let pool = pool();
    let group = Group::new(&pool).unwrap();
    let (give, own) = channel::<Job<()>>();
    let (sender, waited) = channel();
    let job = group.spawn_job(move || sender.send(error_of(own.recv().unwrap())).unwrap()).unwrap();
    give.send(job).unwrap();
    assert_eq!(waited.recv(), Ok(Error::Deadlock));
    group.wait().unwrap();
}

#[test]
fn jobs_that_are_dropped_while_their_group_is_cancelled_are_freed_once() {
    let pool = PoolOptions::new().max_workers(2).create().unwrap();
    let alive = Arc::new(AtomicUsize::new(0));
    struct Counted(Arc<AtomicUsize>);
    impl Counted {
        fn new(alive: &Arc<AtomicUsize>) -> Self {
            alive.fetch_add(1, SeqCst);
            Counted(alive.clone())
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    for _ in 0..200 {
        let group = Group::new(&pool).unwrap();
        let jobs: Vec<_> = (0..20)
            .map(|_| {
                let (closure, result) = (Counted::new(&alive), Counted::new(&alive));
                group
                    .spawn_job(move || {
                        drop(closure);
                        result
                    })
                    .unwrap()
            })
            .collect();
        std::thread::scope(|s| {
            s.spawn(|| drop(jobs));
            s.spawn(|| group.cancel().unwrap());
        });
        let _ = group.wait();
        drop(group);
        assert_eq!(alive.load(SeqCst), 0);
    }
}
