// error: [E0597]: `text` does not live long enough
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::{Group, Pool};

fn main() {
    let pool = Pool::new().unwrap();
    let group = Group::new(&pool).unwrap();
    let text = String::from("text");
    let borrowed = &text;
    group.spawn(move || println!("{borrowed}")).unwrap();
    group.wait().unwrap();
}
