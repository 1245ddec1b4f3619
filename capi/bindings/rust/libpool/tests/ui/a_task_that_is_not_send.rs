// error: [E0277]: `Rc<i32>` cannot be sent between threads safely
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::Pool;
use std::rc::Rc;

fn main() {
    let pool = Pool::new().unwrap();
    let number = Rc::new(7);
    pool.scope(|s| s.spawn(move || drop(number)).unwrap()).unwrap();
}
