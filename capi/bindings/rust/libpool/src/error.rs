// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! What can go wrong: [`Error`], and [`Refused`] where a closure has to be handed back.

use crate::task::Text;
use libpool_sys as sys;
use std::ffi::CStr;
use std::fmt;

/// How a task failed: a code that is not 0, and a text, cut to 127 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Failure {
    /// [`Failure::ERROR`], [`Failure::PANIC`], what [`this_task::fail`](crate::this_task::fail) was told, or of a task
    /// in another language whatever that returned. 0: no task has failed; one was discarded.
    pub code: i32,
    /// What the error or the panic said.
    pub text: String,
}

impl Failure {
    /// The code of a task that returned an error.
    pub const ERROR: i32 = 1;
    /// The code of a task that panicked.
    pub const PANIC: i32 = 2;
}

/// What a call can say besides success. Most calls give few of these; `pool.h` has the list of each function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// An argument or an option is out of its range; the pool's log names it.
    Invalid,
    /// The pool, group, job or timer has ended, or never was.
    BadHandle,
    /// No memory; nothing has changed.
    NoMemory,
    /// The system gave no thread.
    NoThread,
    /// Refused at a full queue, as the [`Overflow`](crate::Overflow) policy says.
    Full,
    /// The time-out is over.
    TimedOut,
    /// The pool is shutting down, or the object ended during the call.
    Closed,
    /// The group is cancelled, or a task of it was cancelled before it started.
    Cancelled,
    /// The call would wait for the very task, drop or pool that it is called from.
    Deadlock,
    /// The object belongs to the parent of this process.
    Forked,
    /// The object is in use.
    Busy,
    /// A task failed or was discarded: the first failure of its group, or that of the job.
    Failed(Failure),
    /// A defect of the library; please report it.
    Internal,
    /// A status that this version of the crate does not know.
    Unknown(i32),
}

/// The result of most calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The status of `pool.h`.
    pub fn status(&self) -> i32 {
        match *self {
            Error::Invalid => sys::POOL_EINVAL,
            Error::BadHandle => sys::POOL_EBADHANDLE,
            Error::NoMemory => sys::POOL_ENOMEM,
            Error::NoThread => sys::POOL_ETHREAD,
            Error::Full => sys::POOL_EFULL,
            Error::TimedOut => sys::POOL_ETIMEDOUT,
            Error::Closed => sys::POOL_ECLOSED,
            Error::Cancelled => sys::POOL_ECANCELED,
            Error::Deadlock => sys::POOL_EDEADLK,
            Error::Forked => sys::POOL_EFORKED,
            Error::Busy => sys::POOL_EBUSY,
            Error::Failed(_) => sys::POOL_EFAILED,
            Error::Internal => sys::POOL_EINTERNAL,
            Error::Unknown(status) => status,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: a pure function, which returns a static string: a sentence, "No memory." for example.
        let sentence = unsafe { CStr::from_ptr(sys::pool_status_str(self.status())) }.to_string_lossy();
        let mut characters = sentence.trim_end_matches('.').chars();
        if let Some(first) = characters.next() {
            write!(f, "{}{}", first.to_lowercase(), characters.as_str())?;
        }
        match self {
            Error::Failed(failure) if !failure.text.is_empty() => write!(f, ": {}", failure.text),
            Error::Failed(Failure { code, .. }) if *code != 0 => write!(f, " (code {code})"),
            Error::Unknown(status) => write!(f, " ({status})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// A status of `pool.h` as a result.
pub(crate) fn check(status: sys::pool_status_t) -> Result<()> {
    Err(match status {
        sys::POOL_OK => return Ok(()),
        sys::POOL_EINVAL => Error::Invalid,
        sys::POOL_EBADHANDLE => Error::BadHandle,
        sys::POOL_ENOMEM => Error::NoMemory,
        sys::POOL_ETHREAD => Error::NoThread,
        sys::POOL_EFULL => Error::Full,
        sys::POOL_ETIMEDOUT => Error::TimedOut,
        sys::POOL_ECLOSED => Error::Closed,
        sys::POOL_ECANCELED => Error::Cancelled,
        sys::POOL_EDEADLK => Error::Deadlock,
        sys::POOL_EFORKED => Error::Forked,
        sys::POOL_EBUSY => Error::Busy,
        sys::POOL_EFAILED => Error::Failed(Failure::default()),
        sys::POOL_EINTERNAL => Error::Internal,
        other => Error::Unknown(other),
    })
}

/// As [`check`], with the first failure of the group where a task of it failed.
pub(crate) fn check_outcome(group: sys::pool_group_t, status: sys::pool_status_t) -> Result<()> {
    if status == sys::POOL_EFAILED {
        return Err(Error::Failed(first_failure(group).unwrap_or_default()));
    }
    check(status)
}

pub(crate) fn first_failure(group: sys::pool_group_t) -> Result<Failure> {
    let mut code = 0;
    let mut text = Text::default();
    // SAFETY: both point to room of the size that is told.
    check(unsafe { sys::pool_group_failure(group, &mut code, text.as_mut_ptr(), Text::SIZE) })?;
    Ok(Failure { code, text: text.to_string() })
}

/// A submit was refused: why, and the closure, which is whole.
///
/// `?` turns it into an [`Error`] where the closure is not needed any more.
pub struct Refused<F> {
    /// Why.
    pub error: Error,
    /// What was not accepted.
    pub closure: F,
}

impl<F> From<Refused<F>> for Error {
    fn from(refused: Refused<F>) -> Self {
        refused.error
    }
}

impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<F> fmt::Display for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<F> std::error::Error for Refused<F> {}
