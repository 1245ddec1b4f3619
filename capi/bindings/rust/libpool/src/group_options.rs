// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! How a group is made.

use crate::error::{Error, Result};
use crate::group::{Group, GroupRef};
use crate::options::{Help, Overflow};
use crate::pool::PoolRef;
use crate::scope::{self, Scope};
use crate::time::option_nanoseconds;
use libpool_sys as sys;
use std::ffi::CString;
use std::mem::size_of;
use std::ptr;
use std::time::Duration;

/// How a [`Group`] or a [`Scope`] is made. What is not set is as the pool says.
///
/// ```
/// # fn main() -> libpool::Result<()> {
/// let pool = libpool::Pool::new()?;
/// let serial = libpool::GroupOptions::new().max_concurrency(1).name("in order").create(&pool)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GroupOptions {
    plain: sys::pool_group_options_t,
    name: String,
}

// SAFETY: the one pointer in `plain` is null; apply() sets it, in a copy.
unsafe impl Send for GroupOptions {}
// SAFETY: as above.
unsafe impl Sync for GroupOptions {}

impl Default for GroupOptions {
    fn default() -> Self {
        let mut plain = sys::pool_group_options_t::default();
        // SAFETY: the pointer is good for what the size says.
        unsafe { sys::pool_group_options_init(&mut plain, size_of::<sys::pool_group_options_t>()) };
        plain.name = ptr::null();
        GroupOptions { plain, name: String::new() }
    }
}

impl GroupOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// For people who look into the pool, cut to 31 bytes.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.name = name.to_owned();
        self
    }

    /// Most accepted tasks of the group that have not started, 1 to 10^9, besides the pool's bound.
    pub fn queue_capacity(&mut self, count: u32) -> &mut Self {
        self.plain.queue_capacity = count;
        self
    }

    /// Most tasks of the group that run at once. 1 makes a serial queue: in the order of their submits, each happens
    /// before the next.
    pub fn max_concurrency(&mut self, count: u32) -> &mut Self {
        self.plain.max_concurrency = count;
        self
    }

    /// Share of the workers' time among groups that have work, 1 to 1,000; default 1.
    pub fn weight(&mut self, weight: u32) -> &mut Self {
        self.plain.weight = weight;
        self
    }

    /// What a submit does at a full queue.
    pub fn overflow(&mut self, overflow: Overflow) -> &mut Self {
        self.plain.overflow = overflow as u32;
        self
    }

    /// How long [`Overflow::Block`] waits; zero: not at all.
    pub fn overflow_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.plain.overflow_timeout = option_nanoseconds(timeout);
        self
    }

    /// Whether waits for the group run its tasks meanwhile.
    pub fn help(&mut self, help: Help) -> &mut Self {
        self.plain.help = help as u32;
        self
    }

    /// Whether the first failure cancels the group.
    pub fn fail_fast(&mut self, fail_fast: bool) -> &mut Self {
        self.plain.fail_fast = fail_fast.into();
        self
    }

    /// Makes it a child of this group, of the same pool: whoever waits for the parent runs its tasks, but does not wait
    /// for them; cancelling the parent cancels it.
    pub fn parent(&mut self, parent: &GroupRef) -> &mut Self {
        self.plain.parent_kind = sys::POOL_PARENT_GROUP;
        self.plain.parent = parent.handle();
        self
    }

    /// Makes it a child of the group of the task that makes it; of none outside a task of the pool.
    pub fn child_of_current(&mut self) -> &mut Self {
        self.plain.parent_kind = sys::POOL_PARENT_CURRENT;
        self.plain.parent = sys::pool_group_t::default();
        self
    }

    /// Makes a group of a pool. Does not block.
    ///
    /// `Invalid`: an option is out of range (the pool's log names it), the name has a NUL in it, or the parent is of
    /// another pool. `BadHandle`: also of the parent. Otherwise as [`Group::new`].
    pub fn create(&self, pool: &PoolRef) -> Result<Group> {
        Group::with(pool, self)
    }

    /// As [`PoolRef::scope`], with these options for the scope's group.
    pub fn scope<'env, F, R>(&self, pool: &PoolRef, body: F) -> Result<R>
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        scope::run(pool, Some(self), body)
    }

    /// Calls `take` with the options of `pool.h`.
    pub(crate) fn apply(
        &self,
        take: impl FnOnce(&sys::pool_group_options_t) -> sys::pool_status_t,
    ) -> Result<sys::pool_status_t> {
        let name = CString::new(self.name.as_str()).map_err(|_| Error::Invalid)?;
        let mut options = self.plain;
        options.name = name.as_ptr();
        Ok(take(&options))
    }
}
