// error: [E0277]: the trait bound
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::{Group, Pool};

fn main() {
    let pool = Pool::new().unwrap();
    let group = Group::new(&pool).unwrap();
    group.spawn(|| 7).unwrap();
}
