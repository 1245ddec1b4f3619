// error: [E0597]: `text` does not live long enough
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::Pool;

fn main() {
    let pool = Pool::new().unwrap();
    pool.scope(|s| {
        let text = String::from("text");
        let borrowed = &text;
        s.spawn(move || println!("{borrowed}")).unwrap();
    })
    .unwrap();
}
