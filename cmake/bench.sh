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

pool_build_go_peers
[[ $quick == yes ]] || pool_build_rust_peers

exec python3 bench/runner/run.py --programs "$programs" "$@"
