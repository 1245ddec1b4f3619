// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! The C interface of libpool: the functions, structs and constants of `pool.h`, which is their reference, under the
//! same names. `bindgen.sh` makes them from the header; `tests/header.rs` compares them with the one that is installed.
//!
//! Every function here is unsafe to call, as any foreign function is. The safe crate is `libpool-threads`.

#![no_std]
#![allow(non_camel_case_types)]

extern crate std; // for the C types, which `core` has only since Rust 1.64

#[rustfmt::skip] // as it was generated
mod bindings;

pub use bindings::*;
