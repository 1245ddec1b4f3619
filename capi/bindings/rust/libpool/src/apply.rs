// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Parallel loops.

use crate::error::{check_outcome, Result};
use crate::panic::{discard, Payload};
use crate::task::{run_guarded, Outcome};
use libpool_sys as sys;
use std::ffi::c_void;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};

struct Loop<'a, F> {
    turn: &'a F,
    panic: Mutex<Option<Payload>>, // the first
}

impl<F> Loop<'_, F> {
    fn keep(&self, payload: Payload) {
        let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some(payload);
        } else {
            drop(first); // before foreign code runs
            discard(payload);
        }
    }
}

pub(crate) fn run<F, O>(group: sys::pool_group_t, count: u64, grain: u64, turn: &F) -> Result<()>
where
    F: Fn(u64) -> O + Sync,
    O: Outcome,
{
    /// Requires: `ctx` is a `Loop<F>`, which outlives the call.
    unsafe extern "C" fn call<F: Fn(u64) -> O + Sync, O: Outcome>(ctx: *mut c_void, index: u64) -> i32 {
        // SAFETY: as required.
        let this = unsafe { &*ctx.cast::<Loop<'_, F>>() };
        run_guarded(|| (this.turn)(index).code(), |payload| this.keep(payload))
    }
    let this = Loop { turn, panic: Mutex::new(None) };
    let ctx = &this as *const Loop<'_, F> as *mut c_void; // only read
                                                          // SAFETY: when it returns, no turn is being made nor will be; turns share the loop, which is Sync.
    let status = unsafe { sys::pool_group_apply(group, count, grain, Some(call::<F, O>), ctx) };
    if let Some(payload) = this.panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(payload);
    }
    check_outcome(group, status)
}
