// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Closures of every size, however they end.

mod common;

use common::{failed, pool, Dropped};
use libpool::{Error, Failure, Group, Refused, SpawnOptions};
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::Arc;
use std::time::Duration;

/// Spawns a closure that carries `payload` three times: to be run, cancelled and refused. It is dropped once each time.
fn closure_of<P: Send + Sync + Clone + PartialEq + std::fmt::Debug + 'static>(payload: P, counted: bool) {
    let pool = pool(1);
    let drops = Arc::new(AtomicUsize::new(0));
    let (sender, seen) = channel();
    let make = || {
        let guard = counted.then(|| Dropped(drops.clone()));
        let (sender, payload) = (sender.clone(), payload.clone());
        move || {
            let _guard = guard;
            sender.send(payload).unwrap();
        }
    };
    let group = Group::new(&pool).unwrap();
    group.spawn(make()).unwrap();
    group.wait().unwrap();
    assert_eq!((seen.try_recv(), drops.load(SeqCst)), (Ok(payload.clone()), counted.into()));

    group.suspend().unwrap();
    group.spawn(make()).unwrap();
    group.cancel().unwrap();
    assert_eq!(group.wait(), Err(Error::Cancelled));
    assert!(seen.try_recv().is_err());
    assert_eq!(drops.load(SeqCst), 2 * usize::from(counted));

    let Refused { error, closure } = group.spawn(make()).unwrap_err();
    assert_eq!((error, drops.load(SeqCst)), (Error::Cancelled, 2 * usize::from(counted)));
    closure();
    assert_eq!((seen.try_recv(), drops.load(SeqCst)), (Ok(payload.clone()), 3 * usize::from(counted)));
}

#[test]
fn closures_of_every_size_are_whole_and_dropped_once() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(64))]
    struct Aligned(u8);
    for counted in [false, true] {
        closure_of((), counted);
        closure_of(7_u8, counted);
        closure_of([7_u64; 3], counted);
        closure_of([7_u64; 4], counted);
        closure_of([7_u64; 5], counted);
        closure_of([7_u64; 100], counted);
        closure_of(String::from("text"), counted);
        closure_of(Aligned(7), counted);
    }
}

/// The same for closures with nothing to drop, which may travel without one.
#[test]
fn closures_without_a_drop_are_whole() {
    static SUM: AtomicUsize = AtomicUsize::new(0);
    fn add<const N: usize>(group: &Group, delay: Duration) {
        let values = [1_u8; N];
        let task = move || {
            SUM.fetch_add(values.iter().map(|v| usize::from(*v)).sum(), SeqCst);
        };
        group.spawn_with(SpawnOptions::new().delay(delay), task).unwrap();
    }
    let pool = pool(2);
    let group = Group::new(&pool).unwrap();
    for delay in [Duration::ZERO, Duration::from_nanos(1)] {
        add::<0>(&group, delay);
        add::<1>(&group, delay);
        add::<8>(&group, delay);
        add::<9>(&group, delay);
        add::<48>(&group, delay);
        add::<49>(&group, delay);
    }
    group.wait().unwrap();
    assert_eq!(SUM.load(SeqCst), 2 * 115);
    group.cancel().unwrap();
    let refused = group
        .spawn(|| {
            SUM.fetch_add(1, SeqCst);
        })
        .unwrap_err();
    (refused.closure)();
    assert_eq!(SUM.load(SeqCst), 231);
}

#[test]
fn a_panic_in_a_drop_goes_no_further() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in the drop")
        }
    }
    let pool = pool(1);
    let group = Group::new(&pool).unwrap();
    let (unrun, run) = (Bad, Bad);
    group.suspend().unwrap();
    group.spawn(move || drop(unrun)).unwrap();
    group.cancel().unwrap();
    assert_eq!(group.wait(), Err(Error::Cancelled));
    group.reset().unwrap();
    group.spawn(move || drop(run)).unwrap();
    assert_eq!(group.wait(), failed(Failure::PANIC, "in the drop"));

    group.reset().unwrap();
    group.spawn(|| -> Result<(), String> { panic_any(Bad) }).unwrap();
    assert_eq!(group.wait(), failed(Failure::PANIC, "a panic without a text"));
}
