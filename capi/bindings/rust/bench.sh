#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Measures this binding beside rayon and the threads of std, and prints a table; pkg-config has to find libpool, and the
# loader, too (LD_LIBRARY_PATH). With --quick it only sees to it that everything runs.
set -euo pipefail
cd "$(dirname "$0")/bench"
cargo run --quiet --release --locked --target-dir "${POOL_BUILD:-../../../../build/bindings/rust}/bench" -- "$@"
