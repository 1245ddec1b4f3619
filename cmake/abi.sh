#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Compares the ABI of libpool.so, its exported functions and the types of the public headers that they use, with
# capi/abi/libpool.so.1.abi, by libabigail. Which change is a break is in capi/README.md.
#
#   cmake/abi.sh            compare
#   cmake/abi.sh --update   write the baseline
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

# From 1.0 on: yes. Then any difference fails: a break, or an addition that is not in the baseline yet.
frozen=no
baseline=capi/abi/libpool.so.1.abi

pool_setup build
pool_setup_optional abi
if ! command -v abidw > /dev/null || ! command -v abidiff > /dev/null; then
  echo "SKIPPED: libabigail"
  exit 0
fi
# The baseline is that of machines with pointers and long of 64 bits.
if [[ $(getconf LONG_BIT) -ne 64 ]]; then
  echo "SKIPPED: not a machine of 64 bits"
  exit 0
fi

# The preset with debug information, which is where the types are.
cmake -S . --preset dev > /dev/null
cmake --build build/dev -j "$pool_jobs" --target pool
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
abidw --headers-dir include/pool --headers-dir build/dev/include/pool --drop-private-types --exported-interfaces-only \
  --no-architecture --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --no-parameter-names \
  --type-id-style hash build/dev/capi/libpool.so > "$work/new.abi"
sed -i -E "s|path='[^']*/capi/|path='capi/|" "$work/new.abi" # where the build folder was
header='<!-- SPDX-License-Identifier: MIT\n     Copyright (c) the libpool authors\n     Written by cmake/abi.sh -->'
sed -i "1a $header" "$work/new.abi"
grep -q 'elf-symbol ' "$work/new.abi"
if grep -nE "='/" "$work/new.abi"; then
  echo "FAILED: a path of this machine, above" >&2
  exit 1
fi

# differs OPTIONS...: says what has changed since the baseline, if anything has. Bits 1 and 2 of abidiff's status are
# errors, 4 is a change, 8 a change that breaks for certain.
differs() {
  local status=0
  abidiff --no-default-suppression --no-architecture --no-show-locs --fail-no-debug-info "$@" "$baseline" \
    "$work/new.abi" > "$work/report" || status=$?
  if [[ $((status & 3)) -ne 0 ]]; then
    cat "$work/report"
    echo "FAILED: abidiff" >&2
    exit 1
  fi
  [[ $status -ne 0 ]]
}

# What the policy allows is no break: a new function, a new field at the end of a struct that has its size in it.
breaks() { differs --no-added-syms --suppressions capi/abi/additions.ini; }

if [[ ${1:-} == --update ]]; then
  if [[ $frozen == yes && -e $baseline ]] && breaks; then
    cat "$work/report"
    echo "FAILED: the ABI is frozen, and the above breaks it" >&2
    exit 1
  fi
  cp "$work/new.abi" "$baseline"
  echo "Wrote $baseline"
  exit 0
fi

verdict=same
if breaks; then
  verdict=break
  cat "$work/report"
elif differs; then
  verdict=addition
  cat "$work/report"
fi
case $verdict-$frozen in
  same-*) echo "The ABI is that of $baseline" ;;
  *-no) echo "CHANGED ($verdict): reported only, since the ABI is not frozen yet. On purpose? cmake/abi.sh --update" ;;
  addition-yes) echo "FAILED: an addition that is not in the baseline: cmake/abi.sh --update" >&2 && exit 1 ;;
  break-yes) echo "FAILED: the ABI is frozen, and the above breaks it" >&2 && exit 1 ;;
esac
