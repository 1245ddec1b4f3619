// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Compares the bindings with the header that is installed: a C compiler says what is in it.

use libpool_sys::*;
use std::fmt::Write;
use std::mem::{align_of, size_of, MaybeUninit};
use std::path::{Path, PathBuf};
use std::process::Command;

const BINDINGS: &str = include_str!("../src/bindings.rs");

fn pkg_config(argument: &str) -> String {
    let output = Command::new("pkg-config").args([argument, "pool"]).output().expect("pkg-config runs");
    assert!(output.status.success(), "pkg-config {argument} pool");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Compiles and runs a C program that includes pool.h, and returns what it prints.
fn ask_c(name: &str, body: &str) -> String {
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (scratch.join(format!("{name}.c")), scratch.join(name));
    let text = format!(
        "#include <pool/pool.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {{\n{body}return 0;\n}}\n"
    );
    std::fs::write(&source, text).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let compiled = Command::new(&compiler)
        .args(["-std=c11", "-Werror"])
        .args(pkg_config("--cflags").split_whitespace())
        .args([source.as_path(), Path::new("-o"), program.as_path()])
        .status()
        .unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(compiled.success(), "{compiler} {}", source.display());
    let output = Command::new(&program).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The names that follow `prefix` in the lines of the bindings.
fn bound(prefix: &str) -> Vec<&'static str> {
    let names = BINDINGS.lines().filter_map(|line| line.trim().strip_prefix(prefix));
    names.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()).collect()
}

/// Adds to `$c` the C that prints sizes and offsets, and to `$rust` what they are here. All fields of a struct have to
/// be named, or the pattern does not compile.
macro_rules! layout {
    ($c:ident, $rust:ident, $name:ident { $($field:ident $(as $c_field:ident)?),* }) => {
        let value = MaybeUninit::<$name>::uninit();
        let base = value.as_ptr();
        let _all_named = |value: $name| { let $name { $($field: _),* } = value; };
        writeln!($c, "printf(\"{0} %zu %zu\\n\", sizeof({0}), _Alignof({0}));", stringify!($name)).unwrap();
        writeln!($rust, "{} {} {}", stringify!($name), size_of::<$name>(), align_of::<$name>()).unwrap();
        $({
            #[allow(unused_variables)]
            let in_c = stringify!($field);
            $(let in_c = stringify!($c_field);)?
            // SAFETY: only addresses are taken.
            let offset = unsafe { std::ptr::addr_of!((*base).$field) as usize } - base as usize;
            writeln!($c, "printf(\"{0}.{1} %zu %zu\\n\", offsetof({0}, {1}), sizeof((({0}*)0)->{1}));",
                     stringify!($name), in_c).unwrap();
            // SAFETY: as above; the size of a value behind a pointer that is not read.
            let size = size_behind(unsafe { std::ptr::addr_of!((*base).$field) });
            writeln!($rust, "{}.{} {} {}", stringify!($name), in_c, offset, size).unwrap();
        })*
    };
}

fn size_behind<T>(_: *const T) -> usize {
    size_of::<T>()
}

#[test]
fn structs_are_laid_out_as_in_c() {
    let (mut c, mut rust) = (String::new(), String::new());
    layout!(c, rust, pool_t { id });
    layout!(c, rust, pool_group_t { id });
    layout!(c, rust, pool_job_t { id });
    layout!(c, rust, pool_timer_t { id });
    layout!(
        c,
        rust,
        pool_options_t {
            struct_size,
            min_workers,
            max_workers,
            burst_workers,
            prestart,
            queue_capacity,
            overflow,
            wake_policy,
            help,
            log_level,
            overflow_timeout,
            idle_timeout,
            burst_delay,
            stack_size,
            name,
            on_thread_start,
            on_thread_stop,
            hook_user,
            log,
            log_user,
            timing
        }
    );
    layout!(
        c,
        rust,
        pool_stats_t {
            struct_size,
            workers,
            workers_idle,
            workers_peak,
            queued,
            running,
            workers_created,
            workers_left,
            blocked,
            rejected,
            caller_runs,
            discarded,
            workers_blocked,
            workers_burst,
            finished,
            failed,
            cancelled,
            helps,
            wakes,
            steals,
            longest_run,
            oldest_wait
        }
    );
    layout!(
        c,
        rust,
        pool_group_options_t {
            struct_size,
            overflow,
            queue_capacity,
            max_concurrency,
            weight,
            help,
            fail_fast,
            keep_jobs,
            parent_kind,
            limit_counts_suspended,
            overflow_timeout,
            parent,
            name
        }
    );
    layout!(
        c,
        rust,
        pool_group_stats_t {
            struct_size,
            reserved,
            submitted,
            succeeded,
            failed,
            cancelled,
            queued,
            running,
            discarded,
            waiters,
            oldest_wait
        }
    );
    layout!(c, rust, pool_task_t {
        struct_size, overflow, fn_ as fn, ctx, drop, copy_size, overflow_timeout, delay, start_at, timer
    });
    assert_eq!(rust, ask_c("structs", &c));
    // Each struct of the bindings was asked for.
    assert_eq!(bound("pub struct ").len(), rust.lines().filter(|line| !line.contains('.')).count());
}

#[test]
fn constants_have_the_values_of_the_header() {
    let names: Vec<_> = bound("pub const ");
    let body: String = names.iter().map(|name| format!("printf(\"%lld\\n\", (long long)({name}));\n")).collect();
    let values = ask_c("constants", &body);
    for (name, value) in names.iter().zip(values.lines()) {
        let line = BINDINGS.lines().find(|line| line.starts_with(&format!("pub const {name}:"))).unwrap();
        assert!(line.ends_with(&format!("= {value};")), "{line}, and in C {value}");
    }
    assert_eq!(names.len(), values.lines().count());
}

#[test]
fn each_function_and_constant_of_the_header_is_bound() {
    let header = std::fs::read_to_string(Path::new(&pkg_config("--variable=includedir")).join("pool/pool.h")).unwrap();
    let functions: Vec<_> = header
        .lines()
        .filter_map(|line| line.strip_prefix("POOL_API "))
        .map(|line| line.split('(').next().unwrap().rsplit([' ', '*']).next().unwrap())
        .collect();
    assert!(functions.len() > 50, "{functions:?}");
    assert_eq!(functions, bound("pub fn "));

    let mut words: Vec<_> = header
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("POOL_") && !word.ends_with('_')) // POOL_LOG_* stands for many
        .filter(|word| !["POOL_POOL_H", "POOL_API", "POOL_UNKNOWN"].contains(word) && !word.starts_with("POOL_VERSION"))
        .collect();
    words.sort_unstable();
    words.dedup();
    let mut constants = bound("pub const ");
    constants.sort_unstable();
    assert_eq!(words, constants);
}

#[test]
fn the_library_that_runs_is_new_enough() {
    // SAFETY: a pure function.
    assert!(unsafe { pool_version() } >= 0x1_0000);
}
