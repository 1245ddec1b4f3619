#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# What the unit tests and the C tests run of src/ and capi/: lines and branches of each folder, by gcov. What a
# process ran that ended by _exit() or a signal is not counted.
#
#   cmake/coverage.sh            a line for each folder
#   cmake/coverage.sh --files    also one for each file, with the lines that never ran
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build test
if ! command -v gcov > /dev/null; then
  echo "SKIPPED: gcov"
  exit 0
fi

# Threads count at the same time, so that a count has to be atomic.
flags="--coverage -fprofile-update=atomic"
dir=build/coverage
cmake -S . --preset dev -B "$dir" -DPOOL_BUILD_EXAMPLES=OFF -DCMAKE_CXX_FLAGS="$flags" \
  -DCMAKE_EXE_LINKER_FLAGS=--coverage -DCMAKE_SHARED_LINKER_FLAGS=--coverage > /dev/null
targets=(unit_tests capi_dlclose)
for source in tests/capi/*.c; do
  source=${source##*/}
  targets+=("capi_${source%.c}")
done
cmake --build "$dir" -j "$pool_jobs" --target "${targets[@]}"
find "$dir" -name '*.gcda' -delete
# Without two that run some path millions of times, for minutes when each line is counted.
POOL_TEST_SCALE=${POOL_TEST_SCALE:-0.1} ctest --test-dir "$dir" --output-on-failure --no-tests=error -j "$pool_jobs" \
  -L '^(unit|capi)$' -E '^capi\.(many_jobs|notify_crowded)$'
python3 cmake/coverage.py "$dir" "$@"
