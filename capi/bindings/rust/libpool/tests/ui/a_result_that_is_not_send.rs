// error: [E0277]: `Rc<i32>` cannot be sent between threads safely
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::{Group, Pool};
use std::rc::Rc;

fn main() {
    let pool = Pool::new().unwrap();
    let group = Group::new(&pool).unwrap();
    let _job = group.spawn_job(|| Rc::new(7_i32)).unwrap();
}
