// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! A task that waits for its time.

use crate::error::{check, Result};
use libpool_sys as sys;

/// A task that was submitted with a delay. A value: copy it freely, use it from any thread. It is over as soon as the
/// task starts or is dropped; then every call gives [`Error::BadHandle`](crate::Error::BadHandle).
#[derive(Clone, Copy, Debug)]
pub struct Timer(pub(crate) sys::pool_timer_t);

impl Timer {
    pub(crate) fn none() -> Self {
        Timer(sys::pool_timer_t::default())
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut sys::pool_timer_t {
        &mut self.0
    }

    /// Drops the task, on this thread, and counts it as cancelled. Does not block. `Busy`: it runs, or is about to.
    pub fn cancel(self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_timer_cancel(self.0) })
    }

    /// Makes the task due now. Does not block.
    pub fn fire(self) -> Result<()> {
        // SAFETY: any handle may be passed.
        check(unsafe { sys::pool_timer_fire(self.0) })
    }
}
