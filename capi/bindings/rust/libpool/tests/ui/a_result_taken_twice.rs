// error: [E0382]: use of moved value: `job`
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::{Group, Pool};

fn main() {
    let pool = Pool::new().unwrap();
    let group = Group::new(&pool).unwrap();
    let job = group.spawn_job(|| 7).unwrap();
    job.join().unwrap();
    job.join().unwrap();
}
