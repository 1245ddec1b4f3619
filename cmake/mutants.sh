#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Plants the classic bugs of tests/mutants, one at a time, in a copy of src/ below build/mutants, and runs the test of a
# model that each names: without the patch it has to pass, with it to fail by the model checker's own report. A patch
# that does not apply, a mutant that does not compile, that ends in any other way or that survives each fail the script.
#
#   cmake/mutants.sh            all of them
#   cmake/mutants.sh --quick    those of the two smallest models, which compile in seconds; a step of .ci/run
#   cmake/mutants.sh NAME...    these (of tests/mutants/NAME.patch)
#
# They are compiled without optimization, since that takes most of the time: it is the same schedules.
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build test
work=$pool_root/build/mutants
rm -rf "$work"
mkdir -p "$work"

# The first lines of a patch say what the bug is, which model has to see it, and in which of its tests.
field() { sed -n "s/^# $2: //p" "$pool_root/tests/mutants/$1.patch"; }

# build_model MODEL SOURCES PROGRAM
build_model() {
  g++ -std=c++20 -O0 -w -I"$2/src" -I"$pool_root/tests" "$pool_root/tests/model/$1_model.cpp" -o "$3" -pthread
}

# Runs one model as it is: those of its tests that are to fail below.
try_model() {
  local model=$1 tests=$2 start=$SECONDS program=$work/$1 test
  if ! build_model "$model" "$pool_root" "$program" > "$program.log" 2>&1; then
    echo "FAILED: $model does not compile as it is: $program.log"
    return 1
  fi
  while read -r test; do
    if ! timeout 600 "$program" ${test:+--test "$test"} >> "$program.log" 2>&1; then
      echo "FAILED: $model, as it is: $program.log"
      return 1
    fi
  done <<< "$tests"
  printf 'passes    %-46s as it is, %d s\n' "$model" $((SECONDS - start))
  rm -f "$program"
}

# Applies, compiles and runs one mutant.
try_mutant() {
  local name=$1 start=$SECONDS tree=$work/$1.tree program=$work/$1.program log=$work/$1.log
  local model test status=0
  model=$(field "$name" model)
  test=$(field "$name" test)
  if [[ -z $test || ! -e tests/model/${model}_model.cpp ]]; then
    echo "FAILED: $name names no model, or no test of it"
    return 1
  fi
  mkdir -p "$tree"
  cp -r src "$tree/src"
  if ! patch -d "$tree" -p1 --fuzz=0 --batch --forward < "tests/mutants/$name.patch" > "$log" 2>&1; then
    echo "FAILED: $name does not apply any more: $log"
    return 1
  fi
  if ! build_model "$model" "$tree" "$program" > "$log" 2>&1; then
    echo "FAILED: $name does not compile: $log"
    return 1
  fi
  timeout 600 "$program" --test "$test" > "$log" 2>&1 || status=$?
  if [[ $status -eq 0 ]]; then
    echo "FAILED: $name survives: $log"
    return 1
  fi
  # relacy's report of a failed test, and our line about it; anything else is no verdict.
  if [[ $status -ne 1 ]] || ! grep -q '^again: ' "$log"; then
    echo "FAILED: $name ends with status $status and no report: $log"
    return 1
  fi
  local verdict where
  verdict=$(grep -m 1 -A 2 '^struct \|^[0-9A-Za-z_]*N_1' "$log" | sed -n 's/^\([A-Z][A-Z ]*[A-Z]\).*/\1/p' | head -n 1)
  where=$(sed -n 's/ *FAILED, at schedule / /p' "$log" | head -n 1)
  printf 'caught    %-46s %s: %s (%s), %d s\n' "$name" "$model" "$where" "${verdict:-see the log}" $((SECONDS - start))
  rm -rf "$tree" "$program"
}

names=("$@")
if [[ ${1:-} == --quick || $# -eq 0 ]]; then
  names=()
  for patch in tests/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    [[ ${1:-} == --quick && ! $(field "$name" model) =~ ^(completion|queue)$ ]] || names+=("$name")
  done
fi
for name in "${names[@]}"; do
  [[ -e tests/mutants/$name.patch ]] || {
    echo "there is no tests/mutants/$name.patch" >&2
    exit 2
  }
done
# All have to apply, also those that are not run today: with no fuzz, since what does not apply as it was written may be
# another bug by now.
for patch in tests/mutants/*.patch; do
  patch -d . -p1 --dry-run --fuzz=0 --batch --forward < "$patch" > "$work/log" 2>&1 || {
    cat "$work/log"
    echo "FAILED: $(basename "$patch" .patch) does not apply any more" >&2
    exit 1
  }
done
# Those that mutants of this model name.
tests_of() {
  for name in "${names[@]}"; do
    [[ $(field "$name" model) != "$1" ]] || field "$name" test
  done | sort -u
}
mapfile -t models < <(for name in "${names[@]}"; do field "$name" model; done | sort -u)

export -f field build_model try_model try_mutant
export pool_root work
status=0
{
  for model in "${models[@]}"; do
    printf 'try_model\0%s\0%s\0' "$model" "$(tests_of "$model")"
  done
  printf 'try_mutant\0%s\0\0' "${names[@]}"
} | xargs -0 -n 3 -P "$pool_jobs" bash -c '"$@"' bash > >(tee "$work/summary") || status=1
wait
caught=$(grep -c '^caught' "$work/summary" || true)
echo "$caught of ${#names[@]} mutants caught in $SECONDS s"
[[ $status -eq 0 && $caught -eq ${#names[@]} ]]
