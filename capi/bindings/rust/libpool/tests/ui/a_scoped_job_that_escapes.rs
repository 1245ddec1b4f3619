// error: lifetime may not live long enough
// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

use libpool::Pool;

fn main() {
    let pool = Pool::new().unwrap();
    let job = pool.scope(|s| s.spawn_job(|| 7).unwrap()).unwrap();
    job.join().unwrap();
}
