// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Tasks with a result.
//!
//! A job has one allocation, its state: the closure, and room for the result. Two hold it: the [`ScopedJob`], and the
//! library, from the submit until it drops the context.

use crate::error::{check, Error, Failure, Refused, Result};
use crate::panic::{contain, Panic, Payload};
use crate::task::run_guarded;
use crate::time::nanoseconds;
use libpool_sys as sys;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

/// Why a job has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// It panicked.
    Panicked(Panic),
    /// `Cancelled`; `Failed`: it was discarded, or said that it failed by [`this_task::fail`](crate::this_task::fail).
    /// Or it could not be waited for, `Deadlock` for example; it was let go then, as by its drop.
    Error(Error),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Panicked(panic) => write!(f, "the job panicked: {panic}"),
            JoinError::Error(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JoinError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            JoinError::Panicked(_) => None,
            JoinError::Error(error) => Some(error),
        }
    }
}

/// A job of a [`Group`](crate::Group): a task, and the right to its result. It may outlive its group and its pool.
///
/// Its drop does not block: a job that has not started is cancelled, since nobody can have its result any more; one that
/// runs is let go, and its result dropped when it is finished. The closure of a job that never ran is dropped by
/// [`cancel`](ScopedJob::cancel), with the job, or, if its group was cancelled, with the group's tasks at the latest.
pub type Job<T> = ScopedJob<'static, T>;

/// A job of a [`Scope`](crate::Scope), which may borrow; otherwise as [`Job`].
#[must_use = "a job that is dropped before it starts is cancelled"]
pub struct ScopedJob<'scope, T> {
    state: Arc<dyn AnyState<T> + 'scope>,
    handle: sys::pool_job_t,
}

impl<T> ScopedJob<'_, T> {
    /// Waits until the job is over, however it ended, and for nothing else; if it has not started, this thread runs it
    /// where it may. Blocks.
    ///
    /// `Deadlock`: in the job itself, behind which it is queued serially, or in a closure's drop, a notification or a
    /// hook.
    pub fn wait(&self) -> Result<()> {
        // SAFETY: any handle may be passed.
        over(unsafe { sys::pool_job_wait(self.handle) })
    }

    /// The same, for `timeout` at most. `TimedOut`: it is not over in time.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<()> {
        // SAFETY: any handle may be passed.
        over(unsafe { sys::pool_job_wait_for(self.handle, nanoseconds(timeout)) })
    }

    /// Whether it is over, however it ended. Never blocks.
    pub fn is_finished(&self) -> bool {
        self.status() != sys::POOL_EBUSY
    }

    /// Waits, as [`wait`](Self::wait) does, and hands the result over.
    pub fn join(self) -> Result<T, JoinError> {
        self.wait().map_err(JoinError::Error)?;
        let status = self.status();
        // SAFETY: it is over.
        let result = unsafe { self.state.take_result() };
        match result {
            Some(Ok(value)) if status == sys::POOL_OK => Ok(value),
            Some(Err(payload)) => Err(JoinError::Panicked(Panic::new(payload))),
            _ if status == sys::POOL_EFAILED => Err(JoinError::Error(Error::Failed(self.failure()))),
            _ => Err(JoinError::Error(check(status).err().unwrap_or(Error::Internal))),
        }
    }

    /// Cancels the job, if it has not started: it will not run, its closure is dropped, and `join` says `Cancelled`. Does
    /// not block. `Busy`: it has started, or is over.
    pub fn cancel(&self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_job_cancel(self.handle) })?;
        // SAFETY: it will not run, and nobody else is told so.
        unsafe { self.state.drop_closure() };
        Ok(())
    }

    fn status(&self) -> sys::pool_status_t {
        // SAFETY: any handle may be passed.
        unsafe { sys::pool_job_status(self.handle, ptr::null_mut()) }
    }

    fn failure(&self) -> Failure {
        let mut failure = Failure::default();
        // SAFETY: the pointer is good for the call.
        unsafe { sys::pool_job_status(self.handle, &mut failure.code) };
        failure
    }
}

fn over(status: sys::pool_status_t) -> Result<()> {
    match status {
        sys::POOL_EFAILED | sys::POOL_ECANCELED => Ok(()),
        other => check(other),
    }
}

impl<T> Drop for ScopedJob<'_, T> {
    fn drop(&mut self) {
        // SAFETY: any handle may be passed.
        let is_cancelled = unsafe { sys::pool_job_cancel(self.handle) } == sys::POOL_OK;
        // SAFETY: any handle may be passed.
        unsafe { sys::pool_job_release(self.handle) };
        if is_cancelled {
            // SAFETY: it will not run, and nobody else is told so. (Last: it may panic.)
            unsafe { self.state.drop_closure() };
        }
    }
}

impl<T> fmt::Debug for ScopedJob<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

struct State<F, T> {
    closure: UnsafeCell<Option<F>>, // the run's; after a cancel, the canceller's
    result: UnsafeCell<Option<Result<T, Payload>>>, // the run's, until the job is over
}

// SAFETY: neither cell is shared: see at each.
unsafe impl<F: Send, T: Send> Sync for State<F, T> {}

/// What the job does with a state, whose closure's type it does not know.
trait AnyState<T>: Send + Sync {
    /// Requires: the job is over; once at a time.
    unsafe fn take_result(&self) -> Option<Result<T, Payload>>;
    /// Requires: the job will not run; once at a time.
    unsafe fn drop_closure(&self);
}

impl<F: Send, T: Send> AnyState<T> for State<F, T> {
    unsafe fn take_result(&self) -> Option<Result<T, Payload>> {
        // SAFETY: the run is over, or never was, as required.
        unsafe { (*self.result.get()).take() }
    }

    unsafe fn drop_closure(&self) {
        // SAFETY: there is no run, as required.
        drop(unsafe { (*self.closure.get()).take() });
    }
}

/// Requires: `ctx` is an `Arc<State<F, T>>`, the library's hold.
unsafe extern "C" fn entry<F: FnOnce() -> T + Send, T: Send>(ctx: *mut c_void, _result: *mut *mut c_void) -> i32 {
    // SAFETY: as required.
    let state = unsafe { &*ctx.cast::<State<F, T>>() };
    // SAFETY: there is one run.
    let closure = unsafe { (*state.closure.get()).take() };
    let store = |result| {
        // SAFETY: the job is not over.
        unsafe { *state.result.get() = Some(result) }
    };
    run_guarded(
        || {
            if let Some(closure) = closure {
                store(Ok(closure()));
            }
            0
        },
        |payload| store(Err(payload)),
    )
}

/// Requires: as `entry`; the hold is given back.
unsafe extern "C" fn give_back<F, T>(ctx: *mut c_void) {
    // SAFETY: as required.
    let state = unsafe { Arc::from_raw(ctx.cast::<State<F, T>>()) };
    contain(|| drop(state)); // and the result, if nobody waits for it any more
}

/// Submits a job. What it borrows has to live until its group is empty: the caller sees to that.
pub(crate) fn submit_job<'scope, F, T>(group: sys::pool_group_t, closure: F) -> Result<ScopedJob<'scope, T>, Refused<F>>
where
    F: FnOnce() -> T + Send + 'scope,
    T: Send + 'scope,
{
    let state = Arc::new(State { closure: UnsafeCell::new(Some(closure)), result: UnsafeCell::new(None) });
    let run = Arc::into_raw(Arc::clone(&state));
    let mut handle = sys::pool_job_t::default();
    // SAFETY: accepted, one hold is the library's; refused, both are ours.
    let submitted = check(unsafe {
        let (entry, give_back) = (entry::<F, T>, give_back::<F, T>);
        sys::pool_group_submit_job(group, Some(entry), run as *mut c_void, Some(give_back), None, &mut handle)
    });
    match submitted {
        Ok(()) => Ok(ScopedJob { state, handle }),
        Err(error) => {
            // SAFETY: as above; nobody else has it.
            let closure = unsafe {
                drop(Arc::from_raw(run));
                (*state.closure.get()).take()
            };
            Err(Refused { error, closure: closure.expect("a refused job was not run") })
        }
    }
}
