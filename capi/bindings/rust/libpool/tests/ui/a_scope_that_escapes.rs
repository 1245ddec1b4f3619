// error: [E0521]: borrowed data escapes outside of closure
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::{Pool, Scope};

fn main() {
    let pool = Pool::new().unwrap();
    let mut kept: Option<&Scope<'_, '_>> = None;
    pool.scope(|s| kept = Some(s)).unwrap();
    kept.unwrap().spawn(|| ()).unwrap();
}
