#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# What the built libraries show to the world. One case a call: abi.sh CASE LIBPOOL_SO LIBPOOL_A INCLUDE_DIRS CC
# (the folders of the headers separated by colons).
set -euo pipefail

case_=$1 shared=$2 static=$3 includes=$4 cc=$5
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { printf 'FAILED: %s\n' "$*" >&2 && exit 1; }

# same WHAT EXPECTED_FILE ACTUAL_FILE
same() { diff -u --label expected --label actual "$2" "$3" || fail "$1 differ"; }

# The header after the preprocessor, one declaration a line.
declarations() {
  echo '#include <pool/insight.h>' | "$cc" -E -P -x c -I"${includes%%:*}" -I"${includes##*:}" - | tr '\n' ' ' | tr ';' '\n'
}

# Every function that the headers declare as exported.
functions() {
  declarations | grep 'visibility("default")' | sed -E 's/.*[ *](pool_[a-z0-9_]+)\(.*/\1/' | sort
}

dynamic() { readelf -dW "$shared"; }
undefined() { nm -D --undefined-only --without-symbol-versions "$shared" | awk '{print $2}'; }

case $case_ in
  exports)
    functions | sed 's/$/@@LIBPOOL_1.0/' > "$work/expected"
    [[ -s $work/expected ]] || fail "no function found in the headers"
    nm -D --defined-only --with-symbol-versions "$shared" | awk '$2 != "A" {print $3}' | sort > "$work/actual"
    same "the headers and the exports of libpool.so" "$work/expected" "$work/actual"
    nm -D --defined-only "$shared" | awk '$2 != "A" && $2 != "T"' > "$work/data"
    [[ ! -s $work/data ]] || fail "not a function: $(cat "$work/data")"
    ;;
  static_globals)
    functions > "$work/expected"
    nm -g --defined-only "$static" | awk 'NF == 3 {print $3}' | sort > "$work/actual"
    same "the headers and the global symbols of libpool.a" "$work/expected" "$work/actual"
    # Undefined ones are those of the C and C++ runtime.
    nm -gC --undefined-only "$static" | grep -E 'fmt::|spdlog::|boost::|pool_' > "$work/undefined" || true
    [[ ! -s $work/undefined ]] || fail "undefined: $(cat "$work/undefined")"
    ;;
  soname)
    dynamic | grep -q 'Library soname: \[libpool\.so\.1\]' || fail "$(dynamic | grep -i soname || echo no SONAME)"
    ;;
  needed)
    dynamic | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' > "$work/needed"
    ldd "$shared" | sed -nE 's/^[[:space:]]*([^ ]+) .*/\1/p' | sed 's|.*/||' >> "$work/needed"
    if grep -vE '^(libc|libm|libstdc\+\+|libgcc_s|ld-linux[-a-z0-9_]*|linux-vdso)\.so\.[0-9]+$' "$work/needed"; then
      fail "libpool.so needs the above"
    fi
    grep -q 'libc\.so' "$work/needed" || fail "nothing found"
    ;;
  hardening)
    readelf -lW "$shared" > "$work/segments"
    grep -q 'GNU_STACK.* RW ' "$work/segments" || fail "the stack is executable: $(grep STACK "$work/segments")"
    grep -q GNU_RELRO "$work/segments" || fail "no RELRO"
    if grep -E 'LOAD.* RWE ' "$work/segments"; then fail "a segment is writable and executable"; fi
    dynamic | grep -qE '\(FLAGS\).*BIND_NOW' || fail "no BIND_NOW"
    dynamic | grep -qE '\(FLAGS_1\).*NODELETE' || fail "no NODELETE"
    if dynamic | grep -E 'TEXTREL|RPATH|RUNPATH'; then fail "libpool.so has the above"; fi
    undefined | grep -qx __stack_chk_fail || fail "no stack protector"
    # In a static program one object without the note, or with X in it, makes the stack executable.
    readelf -SW "$static" | grep -F .note.GNU-stack > "$work/notes" || fail "libpool.a asks for an executable stack"
    if grep -E ' [A-Z]*X[A-Z]* +[0-9]+ +[0-9]+ +[0-9]+$' "$work/notes"; then fail "libpool.a asks for an executable stack"; fi
    ;;
  fortified)
    # Not in a debug build: it takes an optimizer. Only calls whose sizes cannot be seen to fit are left to be checked.
    undefined | grep -E '^__[a-z]+_chk$' | grep -v stack || fail "no call is checked by _FORTIFY_SOURCE"
    ;;
  own_calls)
    # A call or a pointer that another library could take over would have a relocation against the name.
    readelf -rW "$shared" > "$work/relocations"
    grep -q 'R_' "$work/relocations" || fail "no relocations found"
    if grep -E '\bpool_[a-z]' "$work/relocations"; then fail "libpool.so binds its own names at run time"; fi
    ;;
  header_plain)
    # What ctypes, cffi, bindgen and cgo cannot read, or what differs between machines.
    for header in pool.h insight.h; do
      sed -z 's|/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/||g' "${includes%%:*}/pool/$header" > "$work/$header" # without the comments
      grep -q POOL_API "$work/$header" || fail "$header is empty"
    done
    refuse() { if (cd "$work" && grep -nE "$2" pool.h insight.h); then fail "a header has $1"; fi; }
    refuse "an inline function" '\binline\b'
    refuse "a function-like macro" '#[[:space:]]*define[[:space:]]+[A-Za-z_0-9]+\('
    refuse "a type that is not of the same size everywhere" '\b(long|short|unsigned|bool|_Bool|wchar_t|time_t|int)\b'
    refuse "a bit-field" '[a-z_0-9][[:space:]]*:[[:space:]]*[0-9]+[[:space:]]*;'
    refuse "an enum as a type" '\benum[[:space:]]+[A-Za-z_]'
    refuse "variable arguments" '\.\.\.'
    ;;
  header_compiles)
    command -v "$cc" > /dev/null || { echo "SKIPPED: $cc" && exit 77; }
    echo '#include <pool/insight.h>' > "$work/use"
    flags=(-fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wundef -Werror -I"${includes%%:*}" -I"${includes##*:}")
    for standard in c99 c11 c17; do
      echo "-- $cc -std=$standard"
      "$cc" "${flags[@]}" -Wstrict-prototypes -Wc++-compat -std=$standard -x c "$work/use"
    done
    for standard in c++11 c++14 c++17 c++20; do
      echo "-- $cc -std=$standard"
      "$cc" "${flags[@]}" -Wold-style-cast -std=$standard -x c++ "$work/use"
    done
    ;;
  probes)
    echo '#include <sys/sdt.h>' | "$cc" -fsyntax-only -x c - 2> "$work/log" || { echo "SKIPPED: sys/sdt.h" && exit 77; }
    readelf -nW "$shared" | grep -A 1 'Provider: libpool' | sed -nE 's/.*Name: //p' | sort -u > "$work/actual"
    printf '%s\n' end park start submit wake > "$work/expected"
    same "probe points" "$work/expected" "$work/actual"
    ;;
  gdb)
    command -v gdb > /dev/null || { echo "SKIPPED: gdb" && exit 77; }
    cat > "$work/user.c" << 'END'
#include <pool/pool.h>
#include <stddef.h>
int main(void) {
  const pool_job_t none = {0};
  const pool_timer_t stale = {0x0000000240000005};
  pool_t pool;
  pool_group_t group;
  pool_create(NULL, &pool);
  pool_group_create(pool, NULL, &group);
  pool_group_wait(group);
  return (int)(pool_job_release(none) + pool_timer_fire(stale) + pool_destroy(pool)) * 0;
}
END
    "$cc" -g "$work/user.c" -I"${includes%%:*}" -I"${includes##*:}" "$shared" -o "$work/user"
    export LD_LIBRARY_PATH=${shared%/*}
    script=$(dirname "$0")/../../capi/gdb/libpool-gdb.py
    gdb -nx -batch -x "$script" -ex 'break pool_group_wait' -ex run -ex up -ex 'print pool' -ex 'print group' \
      -ex 'print none' -ex 'print stale' "$work/user" > "$work/gdb" 2>&1 || true
    grep -q 'Breakpoint 1, ' "$work/gdb" || { echo "SKIPPED: gdb (it runs no program here)" && exit 77; }
    sed -nE 's/^\$[0-9] = //p' "$work/gdb" > "$work/actual"
    printf '%s\n' 'pool 0 (generation 1)' 'group 0 (generation 1)' none 'no handle (0x240000005)' > "$work/expected"
    same "what gdb shows" "$work/expected" "$work/actual"
    ;;
  *) fail "unknown case $case_" ;;
esac
