#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Counts the instructions of the library's single-threaded paths with valgrind and fails if one takes more than 5 % over
# bench/instructions/baseline.txt. Unlike times they hardly depend on the machine and on what else it does.
#
#   cmake/instructions.sh            compare
#   cmake/instructions.sh --update   write the baseline
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build
pool_setup_optional instructions
if ! command -v valgrind > /dev/null; then
  echo "SKIPPED: valgrind"
  exit 0
fi
pool_build release
pool_build_bench paths
python3 bench/instructions/compare.py build/bench/paths "$@"
