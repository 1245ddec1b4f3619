#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Schedule fuzzing: builds the library so that its threads let others go first at random (src/sched/chaos.hpp), and runs
# the tests that see nothing but libpool.so with each seed: cmake/chaos.sh [SEED...]. Without one: three new ones.
# POOL_TEST_SCALE is 0.1 unless set; POOL_CHAOS_TESTS says which tests, as ctest -R.
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build test
pool_build chaos
seeds=("$@")
[[ $# -gt 0 ]] || seeds=("$RANDOM" "$RANDOM" "$RANDOM")
failed=()
for seed in "${seeds[@]}"; do
  printf '\n=== POOL_CHAOS_SEED=%s\n' "$seed"
  # 16 million jobs, hundreds of processes one after another and walks over thousands of notices take their time without
  # meeting anybody; shares of time are not what they were.
  POOL_CHAOS_SEED=$seed POOL_TEST_SCALE=${POOL_TEST_SCALE:-0.1} \
    pool_ctest chaos --timeout 600 -R "${POOL_CHAOS_TESTS:-.}" -E 'many_jobs|no_memory|notify_crowded|fair' || failed+=("$seed")
done
[[ ${#failed[@]} -eq 0 ]] || { echo "FAILED with: cmake/chaos.sh ${failed[*]}" >&2; exit 1; }
