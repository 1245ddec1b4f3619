// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! What a task can ask and say, also one that runs on a waiting thread. Nothing here blocks.

use crate::error::{check, Result};
use crate::group::GroupRef;
use crate::pool::PoolRef;
use crate::task::{set_failure, Text};
use libpool_sys as sys;
use std::fmt::Write;

/// Whether the task's group was cancelled, or its pool's shutdown cancels; false outside a task.
pub fn is_cancelled() -> bool {
    // SAFETY: no precondition.
    unsafe { sys::pool_task_cancelled() != 0 }
}

/// The task's group; `None` outside a task.
pub fn group() -> Option<GroupRef> {
    let mut handle = sys::pool_group_t::default();
    // SAFETY: the pointer is good for the call.
    check(unsafe { sys::pool_current_group(&mut handle) }).ok().map(|()| GroupRef::from_handle(handle))
}

/// The task's pool; `None` outside a task.
pub fn pool() -> Option<PoolRef> {
    let mut handle = sys::pool_t::default();
    // SAFETY: the pointer is good for the call.
    check(unsafe { sys::pool_current_pool(&mut handle) }).ok().map(|()| PoolRef::from_handle(handle))
}

/// A small number that no other thread which runs a task of the same pool has at the same moment, the same until this
/// thread's outermost task of the pool ends; `None` outside a task.
pub fn worker_index() -> Option<usize> {
    // SAFETY: no precondition.
    usize::try_from(unsafe { sys::pool_worker_index() }).ok()
}

/// Makes the task a failure with this code and text, whatever it returns. A task that returns an error needs no call of
/// this: it is for codes of your own. The last failure that a task is told counts, and an error that it returns is one.
///
/// `Invalid`: outside a task, or the code is 0 or below `i32::MIN + 256`.
pub fn fail(code: i32, text: &str) -> Result<()> {
    let mut kept = Text::default();
    let _ = kept.write_str(text); // what does not fit is cut
    check(set_failure(code, &kept))
}

/// Runs `body`, which blocks (on a file, a database, a lock that others hold for long), and lets another worker take
/// this one's place meanwhile, if the pool has `burst_workers`. Outside a task it just runs it.
pub fn blocking<R>(body: impl FnOnce() -> R) -> R {
    struct Section(bool);
    impl Drop for Section {
        fn drop(&mut self) {
            if self.0 {
                // SAFETY: no precondition; it was begun.
                unsafe { sys::pool_blocking_end() };
            }
        }
    }
    // SAFETY: no precondition.
    let _section = Section(unsafe { sys::pool_blocking_begin() } == sys::POOL_OK);
    body()
}
