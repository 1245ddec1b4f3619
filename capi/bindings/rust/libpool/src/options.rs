// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Options of submits, and the choices that all options share. What is not set is left to the enclosing object: the
//! submit's to the group, the group's to the pool, the pool's to the defaults of `pool.h`.

use crate::time::{nanoseconds, option_nanoseconds};
use libpool_sys as sys;
use std::mem::size_of;
use std::time::Duration;

/// What a submit does when the group's or the pool's queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum Overflow {
    /// Waits for a place, first come first served, for the `overflow_timeout` at most; inside a task of the same pool
    /// as `CallerRuns`. The default.
    Block = sys::POOL_OVERFLOW_BLOCK,
    /// [`Error::Full`](crate::Error::Full).
    Reject = sys::POOL_OVERFLOW_REJECT,
    /// Runs the task on the calling thread, before the submit returns.
    CallerRuns = sys::POOL_OVERFLOW_CALLER_RUNS,
    /// Drops the oldest task of the same group that has not started.
    DiscardOldest = sys::POOL_OVERFLOW_DISCARD_OLDEST,
    /// Accepts the task and drops it.
    DiscardNewest = sys::POOL_OVERFLOW_DISCARD_NEWEST,
}

/// Whether a wait runs tasks of its group meanwhile. Inside a task it always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum Help {
    /// Never outside a task.
    Never = sys::POOL_HELP_NEVER,
    /// In waits without a time-out. The default.
    Untimed = sys::POOL_HELP_UNTIMED,
    /// In every wait.
    Always = sys::POOL_HELP_ALWAYS,
}

/// Whether a queued task wakes an idle worker at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum Wake {
    /// Not while another worker searches and is sure to look next. The default.
    Thrifty = sys::POOL_WAKE_THRIFTY,
    /// Always.
    Eager = sys::POOL_WAKE_EAGER,
}

/// How one task is submitted: for [`GroupRef::spawn_with`](crate::GroupRef::spawn_with) and
/// [`Scope::spawn_with`](crate::Scope::spawn_with).
#[derive(Clone, Debug, Default)]
pub struct SpawnOptions {
    overflow: Option<Overflow>,
    overflow_timeout: i64,
    delay: i64,
}

impl SpawnOptions {
    /// Those of a plain `spawn`.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do at a full queue.
    pub fn overflow(&mut self, overflow: Overflow) -> &mut Self {
        self.overflow = Some(overflow);
        self
    }

    /// How long [`Overflow::Block`] waits; zero: not at all.
    pub fn overflow_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.overflow_timeout = option_nanoseconds(timeout);
        self
    }

    /// When it may start, from now: never early. Until then it is queued and takes a place. `Duration::MAX`: when its
    /// [`Timer`](crate::Timer) is fired, which `spawn_after` gives.
    pub fn delay(&mut self, delay: Duration) -> &mut Self {
        self.delay = nanoseconds(delay);
        self
    }

    pub(crate) fn are_default(&self) -> bool {
        self.overflow.is_none() && self.overflow_timeout == 0 && self.delay == 0
    }

    pub(crate) fn task(&self) -> sys::pool_task_t {
        sys::pool_task_t {
            struct_size: size_of::<sys::pool_task_t>() as u32,
            overflow: self.overflow.map_or(0, |overflow| overflow as u32),
            overflow_timeout: self.overflow_timeout,
            delay: self.delay,
            ..Default::default()
        }
    }
}
