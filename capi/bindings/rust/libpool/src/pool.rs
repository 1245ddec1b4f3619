// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! The pool.

use crate::error::{check, Error, Result};
use crate::hooks::{Hooks, LogLevel};
use crate::options::{Help, Overflow, Wake};
use crate::scope::Scope;
use crate::time::{nanoseconds, option_nanoseconds};
use libpool_sys as sys;
use std::ffi::CString;
use std::mem::{forget, size_of};
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

/// A bounded pool of worker threads, which ends with this object: the drop runs what is queued, joins the threads and
/// ends its groups. It blocks meanwhile.
///
/// Dropped in one of its own tasks, or while another task's closure is dropped, it can only close the pool, which then
/// lives until the process ends. In a child of `fork()` it leaves the parent's pool alone.
#[derive(Debug)]
pub struct Pool {
    pool: PoolRef,
    hooks: Option<Arc<Hooks>>, // outlives the threads
}

impl Pool {
    /// A pool with the defaults: as many workers as the process may use CPUs, none of them started yet. Does not block.
    ///
    /// `NoMemory`: also if 1,024 pools are alive.
    pub fn new() -> Result<Self> {
        PoolOptions::new().create()
    }
}

impl Deref for Pool {
    type Target = PoolRef;
    fn deref(&self) -> &PoolRef {
        &self.pool
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: any handle may be passed.
        match unsafe { sys::pool_destroy(self.pool.0) } {
            sys::POOL_OK => return, // and the hooks go, which no thread uses any more
            sys::POOL_EDEADLK => {
                // SAFETY: as above; a time-out of 0 closes, and waits for nothing.
                unsafe { sys::pool_shutdown(self.pool.0, sys::POOL_SHUTDOWN_DRAIN as i32, 0) };
            }
            _ => {}
        }
        forget(self.hooks.take()); // threads may still use them
    }
}

/// How [`PoolRef::shutdown`] treats tasks that have not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum Shutdown {
    /// Run them.
    Drain = sys::POOL_SHUTDOWN_DRAIN,
    /// Drop them; their groups' waits say [`Error::Cancelled`].
    Cancel = sys::POOL_SHUTDOWN_CANCEL,
}

/// What a pool is doing: the counters of `pool.h`, each right for some moment during the call.
pub type PoolStats = sys::pool_stats_t;

/// Somebody's pool, and what can be done with it. A value: copy it freely, use it from any thread, also when the pool
/// has ended: then every call gives [`Error::BadHandle`].
#[derive(Clone, Copy, Debug)]
pub struct PoolRef(sys::pool_t);

impl PoolRef {
    /// Of a handle of the C interface. Any value will do: what is no pool gives `BadHandle`.
    pub fn from_handle(handle: sys::pool_t) -> Self {
        PoolRef(handle)
    }

    /// The handle of the C interface.
    pub fn handle(&self) -> sys::pool_t {
        self.0
    }

    /// The pool of the process, which the first call makes and which lives until the process ends.
    pub fn default_pool() -> Result<Self> {
        let mut handle = sys::pool_t::default();
        // SAFETY: the pointer is good for the call.
        check(unsafe { sys::pool_default(&mut handle) }).map(|()| PoolRef(handle))
    }

    /// Runs `body`, which may spawn tasks that borrow from the stack, and returns when all of them are over. See
    /// [`Scope`]. [`GroupOptions::scope`](crate::GroupOptions::scope) is the same with options.
    pub fn scope<'env, F, R>(&self, body: F) -> Result<R>
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        crate::scope::run(self, None, body)
    }

    /// Changes how many workers the pool has; 0 as `max_workers` is the default. Does not block.
    pub fn resize(&self, min_workers: u32, max_workers: u32) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_resize(self.0, min_workers, max_workers) })
    }

    /// Closes the pool to all but its own tasks, who may submit until it is empty, and waits until every task is
    /// finished. Blocks for `timeout` at most; zero only closes. May be called again, in either mode.
    ///
    /// `TimedOut`: not yet; the pool stays closed. `Deadlock`: from one of its own tasks or from any closure's drop.
    pub fn shutdown(&self, mode: Shutdown, timeout: Duration) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_shutdown(self.0, mode as i32, nanoseconds(timeout)) })
    }

    /// What the pool is doing now. Does not block.
    pub fn stats(&self) -> Result<PoolStats> {
        let mut stats = PoolStats::default();
        // SAFETY: the pointer is good for what the size says.
        check(unsafe { sys::pool_stats(self.0, &mut stats, size_of::<PoolStats>()) }).map(|()| stats)
    }
}

/// How a pool is made. What is not set has the default of `pool.h`.
///
/// ```
/// # fn main() -> libpool::Result<()> {
/// let pool = libpool::PoolOptions::new().max_workers(4).name("work").create()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PoolOptions {
    plain: sys::pool_options_t,
    name: String,
    hooks: Hooks,
}

// SAFETY: all pointers in `plain` are null; create() sets them, in a copy.
unsafe impl Send for PoolOptions {}
// SAFETY: as above.
unsafe impl Sync for PoolOptions {}

impl Default for PoolOptions {
    fn default() -> Self {
        let mut plain = sys::pool_options_t::default();
        // SAFETY: the pointer is good for what the size says.
        unsafe { sys::pool_options_init(&mut plain, size_of::<sys::pool_options_t>()) };
        plain.name = ptr::null();
        PoolOptions { plain, name: String::new(), hooks: Hooks::default() }
    }
}

impl PoolOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Threads that are kept even when idle; default 0.
    pub fn min_workers(&mut self, count: u32) -> &mut Self {
        self.plain.min_workers = count;
        self
    }

    /// Most threads, 1 to 32,767; default: the CPUs that this process may use.
    pub fn max_workers(&mut self, count: u32) -> &mut Self {
        self.plain.max_workers = count;
        self
    }

    /// Further threads for a while, when all are stuck or inside [`this_task::blocking`](crate::this_task::blocking);
    /// default 0.
    pub fn burst_workers(&mut self, count: u32) -> &mut Self {
        self.plain.burst_workers = count;
        self
    }

    /// How long queued tasks wait, without any being started, before a burst thread is created; default 10 ms.
    pub fn burst_delay(&mut self, delay: Duration) -> &mut Self {
        self.plain.burst_delay = option_nanoseconds(delay);
        self
    }

    /// Whether `create` starts `min_workers` threads, or fails.
    pub fn prestart(&mut self, prestart: bool) -> &mut Self {
        self.plain.prestart = prestart.into();
        self
    }

    /// Most accepted tasks that have not started, over all groups: 1 to 10^9; default 65,536.
    pub fn queue_capacity(&mut self, count: u32) -> &mut Self {
        self.plain.queue_capacity = count;
        self
    }

    /// What a submit does at a full queue; default [`Overflow::Block`].
    pub fn overflow(&mut self, overflow: Overflow) -> &mut Self {
        self.plain.overflow = overflow as u32;
        self
    }

    /// How long [`Overflow::Block`] waits; default for ever, zero: not at all.
    pub fn overflow_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.plain.overflow_timeout = option_nanoseconds(timeout);
        self
    }

    /// When an idle thread above `min_workers` leaves; default 10 s, zero: at once.
    pub fn idle_timeout(&mut self, timeout: Duration) -> &mut Self {
        self.plain.idle_timeout = option_nanoseconds(timeout);
        self
    }

    /// Whether waits run tasks meanwhile; default [`Help::Untimed`].
    pub fn help(&mut self, help: Help) -> &mut Self {
        self.plain.help = help as u32;
        self
    }

    /// Whether a queued task wakes an idle worker at once; default [`Wake::Thrifty`].
    pub fn wake(&mut self, wake: Wake) -> &mut Self {
        self.plain.wake_policy = wake as u32;
        self
    }

    /// Bytes of a worker's stack; default: what the system gives. (A Rust thread has 2 MiB.)
    pub fn stack_size(&mut self, bytes: u64) -> &mut Self {
        self.plain.stack_size = bytes;
        self
    }

    /// Threads are called "name-N", cut to 15 bytes; default "pool".
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.name = name.to_owned();
        self
    }

    /// Called on each worker before its first task. A panic in it is told of by the panic hook, and ends there.
    pub fn on_thread_start(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.hooks.start = Some(Arc::new(hook));
        self
    }

    /// Called on each worker after its last task; as [`on_thread_start`](Self::on_thread_start).
    pub fn on_thread_stop(&mut self, hook: impl Fn() + Send + Sync + 'static) -> &mut Self {
        self.hooks.stop = Some(Arc::new(hook));
        self
    }

    /// Takes the lines of the pool's log; default: standard error. From any thread, several at a time; it must not use
    /// the pool.
    pub fn log(&mut self, log: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> &mut Self {
        self.hooks.log = Some(Arc::new(log));
        self
    }

    /// The least level that is logged; default [`LogLevel::Warning`].
    pub fn log_level(&mut self, level: LogLevel) -> &mut Self {
        self.plain.log_level = level as u32;
        self
    }

    /// Makes a pool. Does not block.
    ///
    /// `Invalid`: an option is out of range (the log names it), or the name has a NUL in it. `NoMemory`: also if 1,024
    /// pools are alive. `NoThread`: not all threads of `prestart` could be had, and none is left.
    pub fn create(&self) -> Result<Pool> {
        let mut handle = sys::pool_t::default();
        // SAFETY: the pointers are good for the call, and the hooks until the pool has ended.
        let hooks = self.apply(|options| unsafe { sys::pool_create(options, &mut handle) })?;
        Ok(Pool { pool: PoolRef(handle), hooks })
    }

    /// Says how [`PoolRef::default_pool`] will be made.
    ///
    /// `Busy`: it is made already. `Invalid`: as [`create`](Self::create).
    pub fn configure_default_pool(&self) -> Result<()> {
        // SAFETY: the pointers are good for the call, and the hooks for ever.
        let hooks = self.apply(|options| unsafe { sys::pool_default_configure(options) })?;
        forget(hooks);
        Ok(())
    }

    /// Calls `take` with the options of `pool.h`; returns what they point to.
    fn apply(&self, take: impl FnOnce(&sys::pool_options_t) -> sys::pool_status_t) -> Result<Option<Arc<Hooks>>> {
        let name = CString::new(self.name.as_str()).map_err(|_| Error::Invalid)?;
        let mut options = self.plain;
        if !self.name.is_empty() {
            options.name = name.as_ptr();
        }
        let hooks = self.hooks.install(&mut options);
        check(take(&options)).map(|()| hooks)
    }
}
