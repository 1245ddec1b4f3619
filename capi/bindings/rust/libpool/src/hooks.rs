// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! What a pool calls besides tasks: hooks of its threads, and its log.

use crate::panic::contain;
use libpool_sys as sys;
use std::ffi::{c_void, CStr};
use std::fmt;
use std::os::raw::c_char;
use std::sync::Arc;

/// How grave a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum LogLevel {
    /// Of use to those who look into the pool.
    Info = sys::POOL_LOG_INFO,
    /// A bad option, a thread that could not be created. The least that is told by default.
    Warning = sys::POOL_LOG_WARNING,
    /// Something has gone wrong.
    Error = sys::POOL_LOG_ERROR,
    /// As [`PoolOptions::log_level`](crate::PoolOptions::log_level): nothing is told.
    Off = sys::POOL_LOG_OFF,
}

type Hook = Arc<dyn Fn() + Send + Sync>;
type Log = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) start: Option<Hook>,
    pub(crate) stop: Option<Hook>,
    pub(crate) log: Option<Log>,
}

impl Hooks {
    /// Makes the options call a copy of these, which has to outlive the pool; `None`: there is nothing to call.
    pub(crate) fn install(&self, options: &mut sys::pool_options_t) -> Option<Arc<Hooks>> {
        if self.start.is_none() && self.stop.is_none() && self.log.is_none() {
            return None;
        }
        let hooks = Arc::new(self.clone());
        let user = Arc::as_ptr(&hooks) as *mut c_void; // only read
        options.hook_user = user;
        options.log_user = user;
        options.on_thread_start = self.start.as_ref().map(|_| start as unsafe extern "C" fn(*mut c_void));
        options.on_thread_stop = self.stop.as_ref().map(|_| stop as unsafe extern "C" fn(*mut c_void));
        options.log = self.log.as_ref().map(|_| log as unsafe extern "C" fn(*mut c_void, i32, *const c_char));
        Some(hooks)
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Hooks");
        shown.field("start", &self.start.is_some()).field("stop", &self.stop.is_some());
        shown.field("log", &self.log.is_some()).finish()
    }
}

/// Requires, as the two below: `user` is the pool's `Hooks`.
unsafe extern "C" fn start(user: *mut c_void) {
    // SAFETY: as required; nobody changes them.
    call(unsafe { &(*user.cast::<Hooks>()).start });
}

unsafe extern "C" fn stop(user: *mut c_void) {
    // SAFETY: as above.
    call(unsafe { &(*user.cast::<Hooks>()).stop });
}

fn call(hook: &Option<Hook>) {
    if let Some(hook) = hook {
        contain(|| hook());
    }
}

unsafe extern "C" fn log(user: *mut c_void, level: i32, message: *const c_char) {
    // SAFETY: as above; the message is a string until we return.
    let (log, message) = unsafe { (&(*user.cast::<Hooks>()).log, CStr::from_ptr(message)) };
    let level = match level as u32 {
        sys::POOL_LOG_ERROR => LogLevel::Error,
        sys::POOL_LOG_WARNING => LogLevel::Warning,
        _ => LogLevel::Info,
    };
    if let Some(log) = log {
        contain(|| log(level, &message.to_string_lossy()));
    }
}
