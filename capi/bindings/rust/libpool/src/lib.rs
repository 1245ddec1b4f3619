// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! libpool for Rust: one bounded, elastic pool of worker threads, shared by many groups of tasks.
//!
//! A [`Pool`] owns worker threads. A [`Group`] is a virtual pool: it has its own queue, limits, counters, cancel and
//! wait, and borrows the threads of its pool. A task is a closure that is submitted to a group; a [`Job`] is one whose
//! result somebody wants to have. A [`Scope`] is a group whose tasks may borrow from the stack.
//!
//! ```
//! # fn main() -> libpool::Result<()> {
//! let pool = libpool::PoolOptions::new().max_workers(2).create()?;
//! let text = String::from("one pool, many groups");
//! let (bytes, words) = pool.scope(|s| -> libpool::Result<_> {
//!     let words = s.spawn_job(|| text.split(' ').count())?; // borrows `text`
//!     let bytes = s.spawn_job(|| text.len())?;
//!     Ok((bytes.join(), words.join()))
//! })??;
//! assert_eq!((bytes.unwrap(), words.unwrap()), (21, 4));
//!
//! let group = libpool::Group::new(&pool)?; // tasks that own what they use
//! group.spawn(move || println!("{text}"))?;
//! group.spawn(|| Err("no such file"))?;
//! assert_eq!(group.wait().unwrap_err().to_string(), "a task of the group failed: no such file");
//! # Ok(())
//! # }
//! ```
//!
//! What holds for all of it, unless its own documentation says otherwise:
//!
//! - **Errors** are values. What comes back as an [`Error`] has changed nothing, and a closure that was not accepted
//!   comes back in [`Refused`].
//! - **Panics** of tasks are failures of their group, with their text, and never leave the task. A scope and
//!   [`GroupRef::apply`] rethrow the first, [`Job::join`] returns it. Panics while a closure is dropped unrun, in a
//!   notification or a hook are told of by the panic hook, and end there.
//! - **Threads**: every type may be shared between threads and sent to others. A [`GroupRef`], a [`PoolRef`] and a
//!   [`Timer`] are values that may outlive what they name.
//! - **Closures** are dropped exactly once, before their group can be seen empty (those of jobs that never ran: with the
//!   [`Job`]). One that is cancelled or discarded is
//!   dropped on whatever thread does so; there, calls that would block give [`Error::Deadlock`], and submits are refused
//!   at a full queue.
//! - **Waits** run tasks of the group that is waited for: a task may run on a thread that is no worker. Inside a task
//!   they always do, so that nested waits finish on a full pool.
//! - **Time-outs**: zero polls, `Duration::MAX` is for ever.
//! - **fork**: in the child everything of the parent's gives [`Error::Forked`], and nothing of it is run or dropped.
//! - Ending a thread inside a task by anything but a return or a panic (`pthread_exit`, `longjmp`) is undefined.
//!
//! `pool.h` is the reference for what lies below; this crate adds no thread and no queue to it.

#![warn(missing_docs, missing_debug_implementations, unsafe_op_in_unsafe_fn, rust_2018_idioms)]

mod apply;
mod error;
mod group;
mod group_options;
mod hooks;
mod job;
mod options;
mod panic;
mod pool;
mod scope;
mod task;
pub mod this_task;
mod time;
mod timer;

pub use error::{Error, Failure, Refused, Result};
pub use group::{Entered, Group, GroupRef, GroupStats};
pub use group_options::GroupOptions;
pub use hooks::LogLevel;
pub use job::{Job, JoinError, ScopedJob};
pub use libpool_sys as sys;
pub use options::{Help, Overflow, SpawnOptions, Wake};
pub use panic::Panic;
pub use pool::{Pool, PoolOptions, PoolRef, PoolStats, Shutdown};
pub use scope::Scope;
pub use task::Outcome;
pub use timer::Timer;

/// The README's program is tested, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
