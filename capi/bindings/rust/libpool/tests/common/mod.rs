// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! What several tests use.

use libpool::{Error, Failure, Pool, PoolOptions, Result};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

pub fn pool(workers: u32) -> Pool {
    PoolOptions::new().max_workers(workers).create().unwrap()
}

pub fn failed(code: i32, text: &str) -> Result<()> {
    Err(Error::Failed(Failure { code, text: text.into() }))
}

/// Counts that it was dropped.
pub struct Dropped(pub Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}
