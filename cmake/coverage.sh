#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# What the unit tests, the C tests and short runs of the stress tests run of src/ and capi/: lines and branches of each
# folder, by gcov. What a process ran that a signal ended is not counted.
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
mkdir -p "$dir"
# Whoever preloads this has libpool.so write its counts, which takes a name that it does not export else.
gcc -Wall -Wextra -shared -fPIC cmake/coverage_exit.c -o "$dir/coverage_exit.so"
echo 'COVERAGE { global: __gcov_dump; };' > "$dir/coverage.map"
cmake -S . --preset dev -B "$dir" -DPOOL_BUILD_EXAMPLES=OFF -DCMAKE_CXX_FLAGS="$flags" \
  -DCMAKE_EXE_LINKER_FLAGS=--coverage \
  -DCMAKE_SHARED_LINKER_FLAGS="--coverage -Wl,-u,__gcov_dump,--version-script=$PWD/$dir/coverage.map" > /dev/null
targets=(unit_tests capi_dlclose)
for source in tests/{capi/*.c,stress/*.cpp}; do
  name=${source#tests/}
  name=${name%.*}
  targets+=("${name/\//_}")
done
cmake --build "$dir" -j "$pool_jobs" --target "${targets[@]}"
find "$dir" -name '*.gcda' -delete
# A test that goes on as another user counts, too.
umask 0
find "$dir" -type d -exec chmod a+rwx {} +
# Without two that run some path millions of times, for minutes when each line is counted.
LD_PRELOAD=$PWD/$dir/coverage_exit.so POOL_TEST_SCALE=${POOL_TEST_SCALE:-0.05} \
  ctest --test-dir "$dir" --output-on-failure --no-tests=error -j "$pool_jobs" -L '^(unit|capi|stress)$' \
  -E '^capi\.(many_jobs|notify_crowded)$' || echo "coverage.sh: not all tests passed; what follows is what ran"
python3 cmake/coverage.py "$dir" "$@"
