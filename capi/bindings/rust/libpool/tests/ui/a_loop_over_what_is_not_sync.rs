// error: [E0277]: `Cell<u64>` cannot be shared between threads safely
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::{Group, Pool};
use std::cell::Cell;

fn main() {
    let pool = Pool::new().unwrap();
    let group = Group::new(&pool).unwrap();
    let sum = Cell::new(0_u64);
    group.apply(7, 0, |i| sum.set(sum.get() + i)).unwrap();
}
