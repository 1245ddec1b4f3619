// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Panics: none may cross into the library.

use std::any::Any;
use std::fmt;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) type Payload = Box<dyn Any + Send>;

/// Calls it; its panic ends here, after the panic hook has told of it. For what nobody can be told of: a drop, a
/// notification, a hook.
pub(crate) fn contain(body: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(body)) {
        discard(payload);
    }
}

/// Drops a payload, whose drop may panic, and so on: the third is leaked.
pub(crate) fn discard(payload: Payload) {
    let dropped = |payload| catch_unwind(AssertUnwindSafe(|| drop(payload)));
    if let Err(third) = dropped(payload).or_else(dropped) {
        std::mem::forget(third);
    }
}

pub(crate) fn message_of(payload: &Payload) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic without a text"
    }
}

/// What a job's closure panicked with.
pub struct Panic(Mutex<Payload>); // the mutex makes it Sync

impl Panic {
    pub(crate) fn new(payload: Payload) -> Self {
        Panic(Mutex::new(payload))
    }

    /// The payload, as `std::panic::catch_unwind` gives it.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on panicking with the payload.
    pub fn resume(self) -> ! {
        resume_unwind(self.into_payload())
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_tuple("Panic").field(&message_of(&payload)).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.write_str(message_of(&payload))
    }
}

/// The first payload of each scope that has one, by the id of its group, until the scope ends. Kept here and not in the
/// scope, so that a task need not carry a pointer to it: a closure of 8 bytes then travels by itself.
static KEPT: Mutex<Vec<(u64, Payload)>> = Mutex::new(Vec::new());
/// How many there are, so that a scope without panics takes no lock. Read after the group's wait, which orders it.
static KEPT_COUNT: AtomicUsize = AtomicUsize::new(0);

fn kept() -> MutexGuard<'static, Vec<(u64, Payload)>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn keep_for(group: u64, payload: Payload) {
    let mut kept = kept();
    if kept.iter().any(|(of, _)| *of == group) {
        drop(kept); // before foreign code runs
        discard(payload);
    } else {
        kept.push((group, payload));
        KEPT_COUNT.store(kept.len(), Ordering::Relaxed);
    }
}

pub(crate) fn take_for(group: u64) -> Option<Payload> {
    if KEPT_COUNT.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let mut kept = kept();
    let at = kept.iter().position(|(of, _)| *of == group)?;
    let payload = kept.swap_remove(at).1;
    KEPT_COUNT.store(kept.len(), Ordering::Relaxed);
    Some(payload)
}
