// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! A child of fork() is told so, and nothing of its parent's is run or dropped in it.

use libpool::{Error, Group, Pool, PoolOptions};

/// Whether `test` holds in a child. The only thread there is this one.
fn holds_in_a_child(test: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls what a child may, of glibc and of libpool, and leaves without the parent's clean-up.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0);
        if child == 0 {
            libc::_exit(if test() { 0 } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        status == 0
    }
}

struct NeverInAChild(libc::pid_t);

impl Drop for NeverInAChild {
    fn drop(&mut self) {
        // SAFETY: no precondition.
        if self.0 != unsafe { libc::getpid() } {
            std::process::abort();
        }
    }
}

fn guard() -> NeverInAChild {
    // SAFETY: no precondition.
    NeverInAChild(unsafe { libc::getpid() })
}

#[test]
fn the_parents_objects_are_refused_and_left_alone() {
    let pool = PoolOptions::new().max_workers(1).on_thread_stop(|| ()).create().unwrap();
    let group = Group::new(&pool).unwrap();
    group.suspend().unwrap();
    let unrun = guard();
    group.spawn(move || drop(unrun)).unwrap();
    let closure = guard();
    let job = group.spawn_job(move || drop(closure)).unwrap();
    let mut owned = Some((job, group, pool));
    assert!(holds_in_a_child(|| {
        let (job, group, pool) = owned.take().unwrap();
        let refused = group.spawn(|| ()).map_err(Error::from) == Err(Error::Forked)
            && pool.scope(|_| ()) == Err(Error::Forked)
            && job.wait() == Err(Error::Forked);
        drop((job, group, pool));
        let own = Pool::new().unwrap();
        let mut works = false;
        own.scope(|s| s.spawn(|| works = true).unwrap()).unwrap();
        refused && works
    }));
    let (job, group, _pool) = owned.unwrap();
    group.resume().unwrap();
    job.join().unwrap();
    group.wait().unwrap();
}

#[test]
fn a_scope_whose_body_forks_ends_in_both() {
    let pool = PoolOptions::new().max_workers(1).create().unwrap();
    let mut done = false;
    let mut child = false;
    let (opened, gate) = std::sync::mpsc::channel::<()>();
    let ended = pool.scope(|s| {
        s.spawn(|| {
            let _ = gate.into_iter().next();
            done = true;
        })
        .unwrap();
        // SAFETY: as above.
        let pid = unsafe { libc::fork() };
        child = pid == 0;
        drop(opened);
        pid
    });
    if child {
        // SAFETY: no precondition.
        unsafe { libc::_exit(if ended == Err(Error::Forked) { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: the child's id.
    unsafe { libc::waitpid(ended.unwrap(), &mut status, 0) };
    assert_eq!((status, done), (0, true));
}
