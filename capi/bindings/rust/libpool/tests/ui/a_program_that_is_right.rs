// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

// Whatever the others get wrong, as it is right.
use libpool::{Group, Pool};

fn main() {
    let pool = Pool::new().unwrap();
    let group = Group::new(&pool).unwrap();
    let mut numbers = [1, 2];
    let (one, two) = numbers.split_at_mut(1);
    let sum = pool
        .scope(|s| {
            s.spawn(move || one[0] += 1).unwrap();
            s.spawn(move || two[0] += 1).unwrap();
            s.spawn_job(|| 7).unwrap().join().unwrap()
        })
        .unwrap();
    group.spawn(move || assert_eq!(numbers, [2, 3])).unwrap();
    group.apply(7, 0, |i| assert!(i < 7 && sum == 7)).unwrap();
    group.wait().unwrap();
}
