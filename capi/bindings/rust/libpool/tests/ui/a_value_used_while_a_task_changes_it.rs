// error: [E0499]: cannot borrow `number` as mutable more than once at a time
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::Pool;

fn main() {
    let pool = Pool::new().unwrap();
    let mut number = 0;
    pool.scope(|s| {
        s.spawn(|| number += 1).unwrap();
        s.spawn(|| number += 1).unwrap();
    })
    .unwrap();
}
