// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Scopes: tasks borrow from the stack, and on every path the scope ends after them.

use libpool::{Error, Failure, GroupOptions, Overflow, Pool, PoolOptions, PoolRef, Result, Shutdown, SpawnOptions};
use std::panic::{catch_unwind, panic_any, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::time::Duration;

fn pool(workers: u32) -> Pool {
    PoolOptions::new().max_workers(workers).create().unwrap()
}

fn panics<P: Send + 'static>(payload: P) {
    panic_any(payload)
}

/// Counts its drops in a counter on somebody's stack.
struct Dropped<'a>(&'a AtomicUsize);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn tasks_borrow_and_change_what_is_on_the_stack() {
    let mut parts = vec![1, 2, 3];
    let text = String::from("shared");
    let total = AtomicUsize::new(0);
    let returned = pool(2)
        .scope(|s| {
            for part in &mut parts {
                s.spawn(|| {
                    *part *= 10;
                    total.fetch_add(text.len(), SeqCst);
                })
                .unwrap();
            }
            "returned"
        })
        .unwrap();
    assert_eq!((returned, parts, total.into_inner()), ("returned", vec![10, 20, 30], 18));
}

#[test]
fn tasks_spawn_further_tasks_which_the_scope_waits_for() {
    let count = AtomicUsize::new(0);
    pool(1)
        .scope(|s| {
            s.spawn(|| {
                for _ in 0..10 {
                    s.spawn(|| {
                        s.spawn(|| {
                            count.fetch_add(1, SeqCst);
                        })
                        .unwrap();
                    })
                    .unwrap();
                }
            })
            .unwrap();
        })
        .unwrap();
    assert_eq!(count.into_inner(), 10);
}

#[test]
fn scopes_inside_tasks_finish_on_one_worker() {
    fn leaves(pool: &PoolRef, depth: u32) -> usize {
        if depth == 0 {
            return 1;
        }
        let (mut left, mut right) = (0, 0);
        pool.scope(|s| {
            s.spawn(|| left = leaves(pool, depth - 1)).unwrap();
            s.spawn(|| right = leaves(pool, depth - 1)).unwrap();
        })
        .unwrap();
        left + right
    }
    assert_eq!(leaves(&pool(1), 6), 64);
}

#[test]
fn a_panic_of_the_body_passes_after_the_tasks() {
    let pool = pool(1); // outlives the unwinding: its own end would wait, too
    let done = AtomicUsize::new(0);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            let (_released, gate) = channel::<()>();
            let guard = Dropped(&done);
            s.spawn(move || {
                let _guard = guard;
                let _ = gate.recv(); // until the body's unwinding drops the sender
                (0..1000).for_each(|_| std::thread::yield_now());
            })
            .unwrap();
            panics("of the body");
        })
    }));
    assert_eq!(done.load(SeqCst), 1);
    assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "of the body");
}

#[test]
fn the_payload_of_a_task_that_panics_is_rethrown_after_the_others() {
    #[derive(Debug, PartialEq)]
    struct Custom(u32);
    let others = AtomicUsize::new(0);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        pool(2).scope(|s| {
            s.spawn(|| panics(Custom(7))).unwrap();
            for _ in 0..100 {
                s.spawn(|| {
                    others.fetch_add(1, SeqCst);
                })
                .unwrap();
            }
        })
    }));
    assert_eq!(others.load(SeqCst), 100);
    assert_eq!(*caught.unwrap_err().downcast::<Custom>().unwrap(), Custom(7));
}

#[test]
fn of_many_panics_one_is_rethrown_and_a_later_scope_has_none() {
    let pool = pool(2);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            for i in 0..20 {
                s.spawn(move || panics(i)).unwrap();
            }
        })
    }));
    assert!(*caught.unwrap_err().downcast::<i32>().unwrap() < 20);
    pool.scope(|s| s.spawn(|| ()).unwrap()).unwrap();
}

#[test]
fn the_panic_of_the_body_comes_before_that_of_a_task() {
    let pool = pool(1);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            s.spawn(|| panics("of the task")).unwrap();
            s.group().wait().unwrap_err();
            pool.scope(|_| ()).unwrap(); // another scope has nothing of it
            panics("of the body");
        })
    }));
    assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "of the body");
    pool.scope(|_| ()).unwrap();
}

#[test]
fn an_error_of_a_task_is_that_of_the_scope() {
    let ended = pool(1).scope(|s| s.spawn(|| Err(String::from("no such file"))).unwrap());
    assert_eq!(ended, Err(Error::Failed(Failure { code: Failure::ERROR, text: "no such file".into() })));
}

#[test]
fn a_refused_closure_comes_back_whole() {
    let pool = PoolOptions::new().max_workers(1).queue_capacity(1).create().unwrap();
    let (dropped, run) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let returned = pool
        .scope(|s| -> Result<_> {
            s.group().suspend()?;
            let reject = SpawnOptions::new().overflow(Overflow::Reject).clone();
            let mut refused = Vec::new();
            for _ in 0..3 {
                let guard = Dropped(&dropped);
                let task = || {
                    let _guard = guard;
                    run.fetch_add(1, SeqCst);
                };
                if let Err(error) = s.spawn_with(&reject, task) {
                    assert_eq!(error.error, Error::Full);
                    refused.push(error.closure);
                }
            }
            assert_eq!((refused.len(), dropped.load(SeqCst)), (2, 0));
            refused.into_iter().for_each(|closure| closure());
            assert_eq!((run.load(SeqCst), dropped.load(SeqCst)), (2, 2));
            s.group().resume()
        })
        .unwrap();
    assert_eq!(returned, Ok(()));
    assert_eq!((run.into_inner(), dropped.into_inner()), (3, 3));
}

#[test]
fn what_a_cancelled_parent_drops_is_dropped_when_the_scope_ends() {
    let pool = pool(2);
    let parent = libpool::Group::new(&pool).unwrap();
    let (dropped, run) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut options = GroupOptions::new();
    let ended = options.parent(&parent).scope(&pool, |s| {
        s.group().suspend().unwrap();
        for _ in 0..100 {
            let guard = Dropped(&dropped);
            let run = &run;
            s.spawn(move || {
                let _guard = guard;
                run.fetch_add(1, SeqCst);
            })
            .unwrap();
        }
        let job = s.spawn_job(|| run.fetch_add(1, SeqCst)).unwrap();
        parent.cancel().unwrap();
        assert!(matches!(job.join(), Err(libpool::JoinError::Error(Error::Cancelled))));
        assert_eq!(s.spawn(|| ()).unwrap_err().error, Error::Cancelled);
    });
    assert_eq!(ended, Err(Error::Cancelled));
    assert_eq!((run.into_inner(), dropped.into_inner()), (0, 100));
}

#[test]
fn a_shutdown_that_cancels_drops_what_the_scope_had_queued() {
    let pool = pool(1);
    let dropped = AtomicUsize::new(0);
    let ended = pool.scope(|s| {
        s.group().suspend().unwrap();
        for _ in 0..10 {
            let guard = Dropped(&dropped);
            s.spawn(move || drop(guard)).unwrap();
        }
        let _ = pool.shutdown(Shutdown::Cancel, Duration::ZERO);
    });
    assert_eq!((ended, dropped.into_inner()), (Err(Error::Cancelled), 10));
}

/// The pool's owner ends it while a scope has tasks. `joined`: the body sees that end itself.
fn end_of_the_pool_meanwhile(joined: bool) {
    let owner = pool(2);
    let pool = *owner;
    let (released, gate) = channel::<()>();
    let done = AtomicUsize::new(0);
    let ended = std::thread::scope(|threads| {
        let done = &done;
        pool.scope(|s| {
            let guard = Dropped(done);
            s.spawn(move || {
                let _guard = guard;
                let _ = gate.recv();
            })
            .unwrap();
            let thread = threads.spawn(move || drop(owner));
            // Until it is closed to us.
            while s.spawn(|| ()).map_err(Error::from) != Err(Error::Closed) {
                std::thread::yield_now();
            }
            drop(released);
            if joined {
                thread.join().unwrap();
                assert_eq!(done.load(SeqCst), 1);
            }
        })
    });
    assert_eq!(done.load(SeqCst), 1);
    if joined {
        assert_eq!(ended, Err(Error::BadHandle));
    } else {
        assert!(matches!(ended, Ok(()) | Err(Error::Closed | Error::BadHandle)), "{ended:?}");
    }
    assert_eq!(pool.scope(|_| ()), Err(Error::BadHandle));
}

#[test]
fn the_pool_ends_while_the_scope_waits() {
    end_of_the_pool_meanwhile(false);
}

#[test]
fn the_pool_ends_before_the_scope_waits() {
    end_of_the_pool_meanwhile(true);
}

#[test]
fn a_scope_where_nothing_can_be_waited_for_is_refused() {
    struct InDrop(PoolRef, std::sync::mpsc::Sender<Result<()>>);
    impl Drop for InDrop {
        fn drop(&mut self) {
            let ended = self.0.scope(|s| s.spawn(|| ()).unwrap());
            self.1.send(ended).unwrap();
        }
    }
    let pool = pool(1);
    let group = libpool::Group::new(&pool).unwrap();
    group.suspend().unwrap();
    let (sender, ended) = channel();
    let in_drop = InDrop(*pool, sender);
    group.spawn(move || drop(in_drop)).unwrap();
    group.cancel().unwrap();
    assert_eq!(ended.recv().unwrap(), Err(Error::Deadlock)); // dropped unrun
    group.wait().unwrap_err();
    group.reset().unwrap();
    let (sender, ended) = channel();
    let in_drop = InDrop(*pool, sender);
    group.spawn(move || drop(in_drop)).unwrap();
    assert_eq!(ended.recv().unwrap(), Ok(())); // dropped by its run
}

#[test]
fn a_scope_that_its_body_left_suspended_ends() {
    let pool = pool(1);
    let run = AtomicUsize::new(0);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            s.group().suspend().unwrap();
            s.spawn(|| {
                run.fetch_add(1, SeqCst);
            })
            .unwrap();
            panics("before the resume");
        })
    }));
    assert_eq!((caught.is_err(), run.into_inner()), (true, 1));
}

#[test]
fn leaked_jobs_and_timers_do_no_harm() {
    let values: Vec<_> = (0..10).collect();
    pool(2)
        .scope(|s| {
            for value in &values {
                std::mem::forget(s.spawn_job(move || value).unwrap());
            }
            let timer = s.spawn_after(Duration::MAX, || assert_eq!(values.len(), 10)).unwrap();
            timer.fire().unwrap();
        })
        .unwrap();
    drop(values);
}

#[test]
fn scoped_jobs_give_what_borrows() {
    let words = String::from("one two three");
    let longest = pool(2)
        .scope(|s| {
            let jobs: Vec<_> = words.split(' ').map(|word| s.spawn_job(move || (word.len(), word)).unwrap()).collect();
            jobs.into_iter().map(|job| job.join().unwrap()).max().unwrap()
        })
        .unwrap();
    assert_eq!(longest, (5, "three"));
}

#[test]
fn a_job_that_panics_fails_its_scope_and_is_not_rethrown() {
    let ended = pool(1).scope(|s| {
        let job = s.spawn_job(|| -> u32 { panic!("of the job") }).unwrap();
        assert_eq!(job.join().unwrap_err().to_string(), "the job panicked: of the job");
    });
    assert_eq!(ended.unwrap_err().to_string(), "a task of the group failed: of the job");
}
