// error: [E0373]: closure may outlive
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::Pool;

fn main() {
    let pool = Pool::new().unwrap();
    pool.scope(|s| {
        let text = String::from("text");
        s.spawn(|| println!("{text}")).unwrap();
    })
    .unwrap();
}
