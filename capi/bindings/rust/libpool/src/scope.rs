// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Tasks that borrow from the stack.

use crate::error::{check, check_outcome, Error, Refused, Result};
use crate::group::{end_suspension, GroupRef};
use crate::group_options::GroupOptions;
use crate::job::{submit_job, ScopedJob};
use crate::options::SpawnOptions;
use crate::panic::take_for;
use crate::pool::PoolRef;
use crate::task::{submit, OfScope, Outcome};
use crate::timer::Timer;
use libpool_sys as sys;
use std::marker::PhantomData;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::time::Duration;

/// A group whose tasks may borrow whatever outlives the call of [`PoolRef::scope`] that made it, as those of
/// [`std::thread::scope`] may. That call returns when the body and all tasks are over and their closures dropped,
/// whatever happens: a panic of the body or of a task, a refused submit, a cancel, the pool's end in another thread.
/// The calling thread runs tasks of the scope meanwhile; if the scope is suspended, it is resumed when the body is over.
///
/// ```
/// # fn main() -> libpool::Result<()> {
/// let pool = libpool::Pool::new()?;
/// let mut parts = [2, 3, 4];
/// pool.scope(|s| -> libpool::Result<()> {
///     for part in &mut parts {
///         s.spawn(|| *part *= *part)?;
///     }
///     Ok(())
/// })??;
/// assert_eq!(parts, [4, 9, 16]);
/// # Ok(())
/// # }
/// ```
///
/// What the call returns, in this order:
///
/// - it goes on panicking with what the body panicked with, else with what the first task of
///   [`spawn`](Self::spawn) to panic did (a panic of a [`ScopedJob`] comes out of its `join`);
/// - an error, in place of what the body returned: `Failed`, if a task or a job failed, panicked or was discarded;
///   `Cancelled`, if one was cancelled; `Closed` or `BadHandle`, if the pool has ended meanwhile (after the tasks, of
///   which it does not tell); `Forked` in a child that the body forked: the parent's tasks are not there;
/// - what the body returned.
///
/// Without a call of the body: `Deadlock` in a closure's drop, a notification or a hook, where nothing can be waited
/// for; and as [`Group::new`](crate::Group::new).
#[derive(Debug)]
pub struct Scope<'scope, 'env: 'scope> {
    group: GroupRef,
    // Both invariant, as in std::thread::Scope: 'scope must not shrink to a part of the body, nor grow beyond it.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

pub(crate) fn run<'env, F, R>(pool: &PoolRef, options: Option<&GroupOptions>, body: F) -> Result<R>
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    let scope = Scope { group: GroupRef::create(pool, options)?, scope: PhantomData, env: PhantomData };
    let group = scope.group.handle();
    // It is empty, so that this cannot block; where a wait is refused, though, none must be needed later.
    // SAFETY: any handle may be passed.
    if unsafe { sys::pool_group_wait(group) } == sys::POOL_EDEADLK {
        // SAFETY: as above.
        unsafe { sys::pool_group_destroy(group) };
        return Err(Error::Deadlock);
    }
    let returned = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    let outcome = finish(group);
    let panic = if outcome == Err(Error::Forked) { None } else { take_for(group.id) };
    match (returned, panic) {
        (Err(payload), _) | (Ok(_), Some(payload)) => resume_unwind(payload),
        (Ok(value), None) => outcome.map(|()| value),
    }
}

/// Ends the group of a scope. No task of it is left when this returns, and nothing that one borrowed is used again.
fn finish(group: sys::pool_group_t) -> Result<()> {
    end_suspension(group);
    // SAFETY: any handle may be passed.
    let outcome = check_outcome(group, unsafe { sys::pool_group_wait(group) });
    // SAFETY: as above.
    match unsafe { sys::pool_group_destroy(group) } {
        sys::POOL_OK => {}
        // The pool has ended in another thread: that has drained it first. Nobody else can end the group, since no
        // safe code has more of it than a GroupRef.
        sys::POOL_ECLOSED | sys::POOL_EBADHANDLE => {}
        // The tasks are the parent's, and so is what they borrow; here is only a copy.
        sys::POOL_EFORKED => {}
        // Tasks may be left that borrow from the stack: there is nothing to return to.
        other => {
            eprintln!("libpool: a scope cannot end: {:?}", check(other));
            std::process::abort();
        }
    }
    outcome
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Submits a task, which may borrow. The first panic of these is rethrown when the scope ends. Otherwise as
    /// [`GroupRef::spawn`].
    pub fn spawn<F, O>(&'scope self, closure: F) -> Result<(), Refused<F>>
    where
        F: FnOnce() -> O + Send + 'scope,
        O: Outcome,
    {
        submit::<F, O, OfScope>(self.group.handle(), closure, &SpawnOptions::default(), None)
    }

    /// As [`spawn`](Self::spawn), with options.
    pub fn spawn_with<F, O>(&'scope self, options: &SpawnOptions, closure: F) -> Result<(), Refused<F>>
    where
        F: FnOnce() -> O + Send + 'scope,
        O: Outcome,
    {
        submit::<F, O, OfScope>(self.group.handle(), closure, options, None)
    }

    /// As [`spawn`](Self::spawn), but the task starts after `delay` at the earliest; see [`GroupRef::spawn_after`].
    pub fn spawn_after<F, O>(&'scope self, delay: Duration, closure: F) -> Result<Timer, Refused<F>>
    where
        F: FnOnce() -> O + Send + 'scope,
        O: Outcome,
    {
        let mut timer = Timer::none();
        let handle = self.group.handle();
        submit::<F, O, OfScope>(handle, closure, SpawnOptions::new().delay(delay), Some(&mut timer)).map(|()| timer)
    }

    /// Submits a task with a result, which may borrow; see [`GroupRef::spawn_job`].
    pub fn spawn_job<F, T>(&'scope self, closure: F) -> Result<ScopedJob<'scope, T>, Refused<F>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        submit_job(self.group.handle(), closure)
    }

    /// The scope's group, to cancel it, to ask for its counters, or as the parent of others.
    pub fn group(&self) -> GroupRef {
        self.group
    }
}
