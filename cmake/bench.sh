#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Builds the benchmarks and prints libpool's figures beside oneTBB's. bench/README.md says what the columns mean.
#
#   cmake/bench.sh [RUNS]     alternating runs of each program, 5 if none is given
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

runs=${1:-5}
pool_setup build
pool_build release -DPOOL_BUILD_BENCH=ON
bin=build/release/bench
peers=(libpool)
if [[ -x $bin/bench_tbb ]]; then
  peers+=(tbb)
else
  echo "SKIPPED: oneTBB (Debian: libtbb-dev), so there is nothing to compare with"
fi

results=$(mktemp)
trap 'rm -f "$results"' EXIT
for case in fan3 flood; do
  for ((run = 0; run < runs; run++)); do
    for peer in "${peers[@]}"; do
      echo "$peer $("$bin/bench_$peer" "$case")" >> "$results"
    done
  done
done

# median CASE PEER COLUMN (3: ns, 4: CPU ns), or "-"
median() {
  awk -v case="$1" -v peer="$2" -v column="$3" '$1 == peer && $2 == case {print $column}' "$results" | sort -n |
    awk '{value[NR] = $1} END {print NR ? value[int((NR + 1) / 2)] : "-"}'
}

echo
echo "$(nproc) CPUs, $(uname -m), median of $runs alternating runs, ns for one round (fan3) or task (flood)"
printf '%-6s %12s %12s %9s %13s %13s %9s\n' case libpool oneTBB ratio "libpool CPU" "oneTBB CPU" ratio
for case in fan3 flood; do
  row=()
  for column in 3 4; do
    ours=$(median "$case" libpool $column)
    theirs=$(median "$case" tbb $column)
    ratio=-
    [[ $theirs == - ]] || ratio=$(awk -v a="$ours" -v b="$theirs" 'BEGIN {printf "%.2f", a / b}')
    row+=("$ours" "$theirs" "$ratio")
  done
  printf '%-6s %12s %12s %9s %13s %13s %9s\n' "$case" "${row[@]}"
done
