#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Preloads a library with the same names beside a program that is linked with libpool.so: libsolv, in every dnf and
# zypper system, has its own pool_create. One case a call: rival.sh CASE PROGRAM LIBPOOL_MAP CC
#
#   versioned     the rival exports all of our names, under its own version: the program never meets it
#   unversioned   it has no versions, so the program's own calls may go there (pool_version() shows that they do), but
#                 what libpool calls inside itself stays inside
set -euo pipefail

case_=$1 program=$2 map=$3 cc=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2 && exit 1; }

names=$(sed -nE 's/^ *(pool_[a-z0-9_]+);$/\1/p' "$map")
used=$(nm -D --undefined-only "$program" | sed -nE 's/.* (pool_[a-z0-9_]+)(@.*)?$/\1/p')
[[ $used == *pool_create* ]] || fail "the program does not use libpool.so"

# Each function of the rival says its name and ends the process.
{
  echo '#include <stdio.h>'
  echo '#include <stdlib.h>'
  for name in $names; do
    if [[ $case_ == unversioned && $name == pool_version ]]; then
      echo 'unsigned pool_version(void) { return 77; }'
    elif [[ $case_ == versioned ]] || ! grep -qx "$name" <<< "$used"; then
      echo "int $name(void) { fputs(\"the rival's $name was called\\n\", stderr); _Exit(42); }"
    fi
  done
} > "$work/rival.c"
options=()
if [[ $case_ == versioned ]]; then
  echo "RIVAL_1.0 { global: pool_*; local: *; };" > "$work/rival.map"
  options=("-Wl,--version-script=$work/rival.map")
fi
"$cc" -shared -fPIC "$work/rival.c" -o "$work/librival.so" "${options[@]}"

plain=$("$program") || fail "the program does not work alone"
status=0
out=$(LD_PRELOAD=$work/librival.so "$program") || status=$?
[[ $status -eq 0 ]] || fail "beside the rival the program gave $status"
[[ $out == *done ]] || fail "beside the rival the program said: $out"
if [[ $case_ == versioned ]]; then
  [[ $out == "$plain" ]] || fail "beside the rival the program said: $out"
else
  [[ $out == "version 77"* ]] || fail "the rival was not there: $out"
fi
