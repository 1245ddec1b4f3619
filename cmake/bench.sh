#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Sets up, builds and runs the bench: libpool, installed below build/, beside its peers. bench/README.md says how to
# read what it prints.
#
#   cmake/bench.sh              everything
#   cmake/bench.sh --quick      oneTBB and Go only, fewer rounds: less than two minutes once built
#   cmake/bench.sh --case NAME  this case only (repeatable; --list names them)
#   cmake/bench.sh --json FILE  also write the medians as JSON (--help: further options)
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build bench
quick=no
for argument in "$@"; do
  [[ $argument != --quick ]] || quick=yes
done
pool_setup_optional bench-quick
[[ $quick == yes ]] || pool_setup_optional bench-peers

pool_build release
pool_build_bench
programs=$pool_root/build/bench

# A peer whose tool or package is missing is left out, and the runner says SKIPPED.
if command -v go > /dev/null; then
  for peer in go gochan ants; do
    (cd bench/workloads/go && go build -o "$programs/$peer" "./cmd/$peer") || rm -f "$programs/$peer"
  done
fi
if [[ $quick == no ]] && command -v cargo > /dev/null; then
  cargo build --release --locked --manifest-path bench/workloads/rayon/Cargo.toml --target-dir build/bench-rayon &&
    cp build/bench-rayon/release/rayon-bench "$programs/rayon" || rm -f "$programs/rayon"
fi

exec python3 bench/runner/run.py --programs "$programs" "$@"
