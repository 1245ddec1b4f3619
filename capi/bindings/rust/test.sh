#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Tests the Rust binding against the libpool that pkg-config finds: cmake/bindings.sh runs it.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TARGET_DIR=$POOL_BUILD/target

skipped() { echo "SKIPPED: $1"; }

# Runs a command; says what it said only if it fails.
quietly() {
  local log=$POOL_BUILD/log
  "$@" > "$log" 2>&1 || { cat "$log" >&2; return 1; }
}

quietly cargo test --workspace --locked
grep '^test result: ok. [^0]' "$POOL_BUILD/log"

cargo run --quiet --locked --example fanout > "$POOL_BUILD/fanout"
diff "$POOL_BUILD/fanout" - << 'END'
message 1: 5 bytes, 3 words, sum 6
message 2: a task of the group failed: "two": invalid digit found in string
message 3: 8 bytes, 3 words, sum 567
END

quietly ./bench.sh --quick

# Nothing leaks but what a test leaks.
if command -v valgrind > /dev/null; then
  runner='["valgrind", "-q", "--fair-sched=yes", "--leak-check=full", "--errors-for-leak-kinds=definite",
    "--show-leak-kinds=definite", "--error-exitcode=9"]'
  quietly cargo test --locked --config "target.'cfg(unix)'.runner = ${runner//$'\n'/}" \
    -p libpool-threads --test scope --test job --test group --test closures --test pool -- --test-threads=1 --skip leaked
else
  skipped valgrind
fi

RUSTDOCFLAGS='-D warnings' quietly cargo doc --workspace --no-deps --locked

# The packages hold what they need: each is built from its archive. (Before 1.90 cargo looks in the registry for the one
# that the other needs.)
minor=$(cargo --version | cut -d. -f2)
if ((minor >= 90)); then
  # (It keeps what it has unpacked and built, and goes by the version when it looks for that again.)
  rm -rf "$POOL_BUILD/package" "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/libpool-sys-*
  quietly cargo package --workspace --locked --allow-dirty --target-dir "$POOL_BUILD/package"
  if grep '^warning' "$POOL_BUILD/log"; then exit 1; fi
else
  skipped "cargo package (cargo 1.90)"
fi

if cargo fmt --version > /dev/null 2>&1; then
  cargo fmt --check
  (cd bench && cargo fmt --check)
else
  skipped rustfmt
fi

if cargo clippy --version > /dev/null 2>&1; then
  quietly cargo clippy --workspace --all-targets --locked -- -D warnings
else
  skipped clippy
fi

if [[ $(bindgen --version 2> /dev/null) == "bindgen 0.71.1" ]]; then
  ./bindgen.sh "$POOL_BUILD/bindings.rs"
  diff libpool-sys/src/bindings.rs "$POOL_BUILD/bindings.rs"
else
  skipped bindgen
fi
