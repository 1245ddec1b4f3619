// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Groups: virtual pools.

use crate::apply;
use crate::error::{check, check_outcome, first_failure, Failure, Refused, Result};
use crate::group_options::GroupOptions;
use crate::job::{submit_job, Job};
use crate::options::SpawnOptions;
use crate::panic::contain;
use crate::pool::PoolRef;
use crate::task::{submit, OfGroup, Outcome};
use crate::time::nanoseconds;
use crate::timer::Timer;
use libpool_sys as sys;
use std::ffi::{c_void, CStr};
use std::mem::{forget, size_of};
use std::ops::Deref;
use std::os::raw::c_char;
use std::os::unix::io::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A group that ends with this object: the drop waits for its unfinished tasks and runs some of them meanwhile. A
/// suspended one is resumed for that.
///
/// Dropped in a task of its own, or while another task's closure is dropped, it lets go instead, as
/// [`detach`](Self::detach) does.
#[derive(Debug)]
pub struct Group(GroupRef);

impl Group {
    /// A group of a pool, with the defaults; cheap enough for one per message. Does not block.
    ///
    /// `NoMemory`: also if 1,048,576 groups are alive. `Closed`: the pool is shutting down.
    pub fn new(pool: &PoolRef) -> Result<Self> {
        GroupRef::create(pool, None).map(Group)
    }

    pub(crate) fn with(pool: &PoolRef, options: &GroupOptions) -> Result<Self> {
        GroupRef::create(pool, Some(options)).map(Group)
    }

    /// Lets go of the group at once: its tasks carry on, and the pool's end waits for them. Others who wait for it get
    /// `Closed`. Does not block.
    pub fn detach(self) {
        self.0.detach();
        forget(self);
    }
}

impl Deref for Group {
    type Target = GroupRef;
    fn deref(&self) -> &GroupRef {
        &self.0
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        end_suspension(self.0.handle());
        // SAFETY: any handle may be passed.
        if unsafe { sys::pool_group_destroy(self.0.handle()) } == sys::POOL_EDEADLK {
            self.0.detach();
        }
    }
}

/// Whether any group has been suspended so far: most programs do not, and to resume takes as long as a small scope does.
static EVER_SUSPENDED: AtomicBool = AtomicBool::new(false);

/// For the end of a group: whoever was to resume it may have left early, by `?` or a panic, and the end waits for all.
pub(crate) fn end_suspension(group: sys::pool_group_t) {
    if EVER_SUSPENDED.load(Ordering::Relaxed) {
        // SAFETY: any handle may be passed.
        unsafe { sys::pool_group_resume(group) };
    }
}

/// A group's counters: all but the gauges `queued` and `running` never fall, and are exact while the group is empty.
pub type GroupStats = sys::pool_group_stats_t;

/// Somebody's group, and what can be done with it. A value: copy it freely, use it from any thread, also when the group
/// has ended: then every call gives [`Error::BadHandle`](crate::Error::BadHandle).
#[derive(Clone, Copy, Debug)]
pub struct GroupRef(sys::pool_group_t);

impl GroupRef {
    /// Of a handle of the C interface. Any value will do: what is no group gives `BadHandle`.
    pub fn from_handle(handle: sys::pool_group_t) -> Self {
        GroupRef(handle)
    }

    /// The handle of the C interface.
    pub fn handle(&self) -> sys::pool_group_t {
        self.0
    }

    pub(crate) fn create(pool: &PoolRef, options: Option<&GroupOptions>) -> Result<Self> {
        let mut handle = sys::pool_group_t::default();
        let status = match options {
            // SAFETY: the pointers are good for the call.
            None => unsafe { sys::pool_group_create(pool.handle(), std::ptr::null(), &mut handle) },
            // SAFETY: as above.
            Some(options) => {
                options.apply(|options| unsafe { sys::pool_group_create(pool.handle(), options, &mut handle) })?
            }
        };
        check(status).map(|()| GroupRef(handle))
    }

    fn detach(&self) {
        // SAFETY: any handle may be passed; the tasks of a group that is not a scope's borrow nothing.
        unsafe { sys::pool_group_detach(self.0) };
    }

    /// Submits a task. The closure is dropped exactly once: by its run, or when it is cancelled or discarded, and before
    /// the group can be seen empty. A panic makes it a failure of the group, with the panic's text, and so does an error
    /// that it returns. Up to 47 bytes or so of closure take no allocation here.
    ///
    /// Blocks only at a full queue, as the [`Overflow`](crate::Overflow) policy says; may create a worker thread.
    ///
    /// `Full`, `TimedOut`: refused by that policy. `Cancelled`: the group is. `NoMemory`. `NoThread`: the pool has no
    /// thread and the system gives none. `Closed`: the pool is shutting down, or the group ended meanwhile.
    pub fn spawn<F, O>(&self, closure: F) -> Result<(), Refused<F>>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Outcome,
    {
        submit::<F, O, OfGroup>(self.0, closure, &SpawnOptions::default(), None)
    }

    /// As [`spawn`](Self::spawn), with options.
    pub fn spawn_with<F, O>(&self, options: &SpawnOptions, closure: F) -> Result<(), Refused<F>>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Outcome,
    {
        submit::<F, O, OfGroup>(self.0, closure, options, None)
    }

    /// As [`spawn`](Self::spawn), but the task starts after `delay` at the earliest; meanwhile it costs no thread. With
    /// `Duration::MAX` it starts when the timer is fired.
    pub fn spawn_after<F, O>(&self, delay: Duration, closure: F) -> Result<Timer, Refused<F>>
    where
        F: FnOnce() -> O + Send + 'static,
        O: Outcome,
    {
        let mut timer = Timer::none();
        submit::<F, O, OfGroup>(self.0, closure, SpawnOptions::new().delay(delay), Some(&mut timer)).map(|()| timer)
    }

    /// Submits a task whose result somebody wants to have: what the closure returns, an error too, comes out of
    /// [`Job::join`]. A panic is a failure of the group as well. Takes one allocation. Otherwise as
    /// [`spawn`](Self::spawn).
    pub fn spawn_job<F, T>(&self, closure: F) -> Result<Job<T>, Refused<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        submit_job(self.0, closure)
    }

    /// A parallel loop: calls `turn(i)` once for each `i` below `count`, in tasks that take `grain` turns at a time (0:
    /// the library chooses), and returns when all are over. The calling thread runs tasks of the group meanwhile. A turn
    /// that fails does not stop the others, unless the group is fail-fast; the first panic is rethrown when all are
    /// over. Blocks.
    ///
    /// `Failed`: a turn returned an error. `Cancelled`: turns were never made, since the group is cancelled. `Deadlock`:
    /// called from a closure's drop, a notification or a hook. And as [`spawn`](Self::spawn), with no turn made.
    pub fn apply<F, O>(&self, count: u64, grain: u64, turn: F) -> Result<()>
    where
        F: Fn(u64) -> O + Sync,
        O: Outcome,
    {
        apply::run(self.0, count, grain, &turn)
    }

    /// Waits until the group is empty, tasks that its tasks submit included, and says how they ended. The calling thread
    /// runs tasks of this group and its children meanwhile, never of others. What the tasks did happens before the
    /// return. Blocks.
    ///
    /// `Failed`: a task failed or was discarded since the group was made or reset; the first failure. `Cancelled`: none
    /// of these, but one was cancelled. `Deadlock`: in a task of this group, or a closure's drop, a notification or a
    /// hook. `Closed`: the group ended meanwhile.
    pub fn wait(&self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check_outcome(self.0, unsafe { sys::pool_group_wait(self.0) })
    }

    /// As [`wait`](Self::wait), for `timeout` at most; runs no tasks outside a task, unless [`Help::Always`] is chosen.
    /// `TimedOut`: not empty in time.
    ///
    /// [`Help::Always`]: crate::Help::Always
    pub fn wait_timeout(&self, timeout: Duration) -> Result<()> {
        // SAFETY: any handle may be passed.
        check_outcome(self.0, unsafe { sys::pool_group_wait_for(self.0, nanoseconds(timeout)) })
    }

    /// As [`wait`](Self::wait), but never blocks. `Busy`: it is not empty.
    pub fn poll(&self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check_outcome(self.0, unsafe { sys::pool_group_poll(self.0) })
    }

    /// Cancels the group and its children, until [`reset`](Self::reset) of each: tasks that have not started are dropped,
    /// submits give `Cancelled`, and running tasks can ask [`this_task::is_cancelled`](crate::this_task::is_cancelled).
    /// Takes the same time however many are queued. Does not block.
    pub fn cancel(&self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_group_cancel(self.0) })
    }

    /// Starts no further task until [`resume`](Self::resume). Does not block. `Cancelled`, `Closed`: the group is
    /// cancelled, the pool shuts down.
    pub fn suspend(&self) -> Result<()> {
        EVER_SUSPENDED.store(true, Ordering::Relaxed);
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_group_suspend(self.0) })
    }

    /// Ends a suspension. Does not block.
    pub fn resume(&self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_group_resume(self.0) })
    }

    /// Makes an empty group as new, but for its counters. Does not block. `Busy`: it has unfinished tasks or
    /// notifications, or somebody waits for it.
    pub fn reset(&self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_group_reset(self.0) })
    }

    /// Calls the closure once, on a worker, when the group is next empty; at once if it is. It is no task: waits do not
    /// wait for it, the drop of the [`Group`] does. A panic in it is told of by the panic hook and ends there. Does not
    /// block.
    ///
    /// `Busy`: thousands of waits and notifications began since the group was last empty; `NoMemory`, `NoThread`,
    /// `Closed` as [`spawn`](Self::spawn).
    pub fn notify<F: FnOnce() + Send + 'static>(&self, closure: F) -> Result<(), Refused<F>> {
        /// Requires: `ctx` is a `Box<F>`, which is not used again.
        unsafe extern "C" fn call<F: FnOnce()>(ctx: *mut c_void, _outcome: sys::pool_status_t) {
            // SAFETY: as required.
            contain(*unsafe { Box::from_raw(ctx.cast::<F>()) });
        }
        let owned = Box::into_raw(Box::new(closure));
        // SAFETY: accepted, the box is the callback's; refused, it is ours again.
        check(unsafe { sys::pool_group_notify(self.0, Some(call::<F>), owned.cast()) })
            .map_err(|error| Refused { error, closure: *unsafe { Box::from_raw(owned) } })
    }

    /// Adds 1 to an eventfd, of which a duplicate is kept, when the group becomes empty, and at once if it is; `None`: no
    /// longer. For event loops: read the counter, then ask [`poll`](Self::poll). Does not block.
    ///
    /// `Invalid`: it is no eventfd with `EFD_NONBLOCK`. `NoMemory`: no descriptor is left. `Busy` as
    /// [`notify`](Self::notify).
    pub fn set_eventfd(&self, fd: Option<BorrowedFd<'_>>) -> Result<()> {
        // SAFETY: any handle and descriptor may be passed.
        check(unsafe { sys::pool_group_set_eventfd(self.0, fd.map_or(-1, |fd| fd.as_raw_fd())) })
    }

    /// Counts work that is done elsewhere as a running task of this group, until the guard goes. Does not block.
    pub fn enter(&self) -> Result<Entered> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_group_enter(self.0) }).map(|()| Entered(*self))
    }

    /// The group's name, of 31 bytes at most.
    pub fn name(&self) -> Result<String> {
        let mut text = [0 as c_char; 32];
        // SAFETY: there is room for what the size says; it ends with a NUL.
        check(unsafe { sys::pool_group_name(self.0, text.as_mut_ptr(), text.len()) })?;
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned())
    }

    /// The group's counters. Does not block.
    pub fn stats(&self) -> Result<GroupStats> {
        let mut stats = GroupStats::default();
        // SAFETY: the pointer is good for what the size says.
        check(unsafe { sys::pool_group_stats(self.0, &mut stats, size_of::<GroupStats>()) }).map(|()| stats)
    }

    /// The group's first failure; `None`: no task has failed. Does not block.
    pub fn failure(&self) -> Result<Option<Failure>> {
        first_failure(self.0).map(|failure| Some(failure).filter(|failure| failure.code != 0))
    }
}

/// Being inside a group, see [`GroupRef::enter`]. Its drop leaves: as failed while its thread panics, else as succeeded.
/// If it is leaked, the group is never empty.
#[must_use = "the group is left at once"]
#[derive(Debug)]
pub struct Entered(GroupRef);

impl Entered {
    /// Leaves the group now, as a task that returns this code does: 0 is success.
    pub fn leave(self, code: i32) -> Result<()> {
        let group = self.0;
        forget(self);
        // SAFETY: any handle may be passed, and we are inside.
        check(unsafe { sys::pool_group_leave(group.0, code) })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let code = if std::thread::panicking() { Failure::PANIC } else { 0 };
        // SAFETY: any handle may be passed, and we are inside.
        unsafe { sys::pool_group_leave(self.0 .0, code) };
    }
}
