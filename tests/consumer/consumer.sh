#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Builds and runs program.c the ways in which users build with libpool. One case a call:
#
#   consumer.sh CASE BUILD_DIR WORK_DIR SOURCE_DIR CC CXX CMAKE
#
# `install` comes first: it puts the library into WORK_DIR, where the other cases find it. `move` installs, renames the
# prefix, and runs the cases that have to survive that. `leaks` is a user's program under AddressSanitizer, with the
# library as it is. `ctypes`, `cffi`, `cgo` and `bindgen` read the installed header and call the library as a binding
# would. `examples` builds capi/examples in WORK_DIR/examples, with the compiler flags in POOL_FLAGS.
# Prefixes have a space and a plus sign in their names.
set -euo pipefail

case_=$1 build=$2 work=$3 source=$4 cc=$5 cxx=$6 cmake=$7
here=$source/tests/consumer
prefix="$work/first prefix+"
moved="$work/moved prefix+"

say() { printf -- '-- %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2 && exit 1; }

# Runs a program with no help from the environment, and wants its one line.
run() {
  local out
  out=$(env -u LD_LIBRARY_PATH -u LD_PRELOAD "$@") || fail "$* gave $?"
  [[ $out == "libpool "*" works" ]] || fail "$* said: $out"
  say "$out"
}

need() { command -v "$1" > /dev/null || { echo "SKIPPED: $1" && exit 77; }; }

libdir_of() { dirname "$(find "$1" -name libpool.a)"; }

# flags PREFIX ARGS...: what pkg-config says, left quoted for eval.
flags() {
  local dir
  dir="$(libdir_of "$1")/pkgconfig"
  shift
  PKG_CONFIG_LIBDIR=$dir PKG_CONFIG_PATH='' pkg-config "$@" pool
}

# Uses -std=c99 and the C compiler alone.
with_pkg_config() {
  need pkg-config
  local out=$1/pkg-config-program
  eval "'$cc' -std=c99 -Wall -Wextra -Werror '$here/program.c' -o '$out' $(flags "$1" --cflags --libs)"
  LD_LIBRARY_PATH=$(libdir_of "$1") "$out" > "$work/out" || fail "$out gave $?"
  grep -q works "$work/out" || fail "$out said: $(cat "$work/out")"
  readelf -d "$out" | grep -q 'NEEDED.*libpool.so.1' || fail "$out is not linked with libpool.so.1"
  if readelf -d "$out" | grep NEEDED | grep -Eq 'fmt|spdlog|boost|stdc'; then
    fail "$out needs a private library: $(readelf -d "$out" | grep NEEDED)"
  fi
}

# A wholly static program, and one in which only libpool is static.
with_pkg_config_static() {
  need pkg-config
  local out=$1/static-program
  eval "'$cc' -std=c99 -static '$here/program.c' -o '$out' $(flags "$1" --static --cflags --libs)"
  run "$out"
  if readelf -d "$out" | grep -q NEEDED; then fail "$out is not static"; fi
  eval "'$cc' -std=c99 '$here/program.c' -o '$out' $(flags "$1" --static --cflags --libs |
    sed 's/-lpool/-Wl,-Bstatic -lpool -Wl,-Bdynamic/')"
  run "$out"
  if readelf -d "$out" | grep -q 'NEEDED.*libpool'; then fail "$out needs libpool.so"; fi
}

with_find_package() {
  local out=$1/find-package
  rm -rf "$out"
  "$cmake" -S "$here/cmake" -B "$out" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$1" > "$work/log" 2>&1 ||
    { cat "$work/log" && fail "configure"; }
  "$cmake" --build "$out" > "$work/log" 2>&1 || { cat "$work/log" && fail "build"; }
  run "$out/user_shared"
  run "$out/user_static"
  readelf -d "$out/user_shared" | grep -q 'NEEDED.*libpool.so.1' || fail "pool::pool is not libpool.so.1"
  if readelf -d "$out/user_static" | grep -q 'NEEDED.*libpool'; then fail "pool::static is libpool.so"; fi
}

# The installed header after the preprocessor, without what it includes: the integer types are given as they are.
preprocessed() {
  printf '#include <pool/pool.h>\n' | "$cc" -E -x c -I"$prefix/include" - |
    awk '/^# [0-9]+ "/ { ours = index($3, "/") && $0 ~ /include\/pool\/(pool|version)\.h"/; next } ours'
}
# Every function that it declares.
functions() { preprocessed | tr '\n' ' ' | tr ';' '\n' | sed -nE 's/.*visibility.*[ *](pool_[a-z0-9_]+)\(.*/\1/p'; }

case $case_ in
  install)
    rm -rf "$work"
    mkdir -p "$work"
    "$cmake" --install "$build" --prefix "$prefix" > "$work/log" || { cat "$work/log" && fail "install"; }
    libdir=$(libdir_of "$prefix")
    for file in "$libdir"/{libpool.so,libpool.so.1,libpool.a,pkgconfig/pool.pc,cmake/pool/poolConfig.cmake} \
      "$prefix"/include/pool/{pool.h,insight.h,version.h}; do
      [[ -f $file ]] || fail "$file is not installed"
    done
    # Nothing but these, and no text in them, may name a folder of this machine or a private library.
    texts=$(find "$prefix" -type f ! -name 'libpool.*')
    while read -r text; do
      if grep -HnFi -e "$prefix" -e "$source" -e "$build" -e spdlog -e fmt -e boost "$text"; then
        fail "$text names what it must not"
      fi
    done <<< "$texts"
    [[ $(find "$prefix" -type f | wc -l) -eq $(grep -cE 'pool/(pool|insight)\.(h|hpp)$|pool/detail/[a-z_]+\.hpp$|version.h$|\.so\.|\.a$|\.pc$|\.cmake$|/man/man(3|7)/(libpool|pool_|POOL_)[A-Za-z_]*\.(3|3type|3const|7)$' \
      <(find "$prefix" -type f)) ]] || fail "an unknown file is installed: $(find "$prefix" -type f)"
    ;;
  destdir)
    rm -rf "$work/stage"
    DESTDIR=$work/stage "$cmake" --install "$build" --prefix /opt/odd > "$work/log" || fail "install"
    [[ -d $work/stage/opt/odd/include/pool ]] || fail "DESTDIR is not obeyed"
    if [[ -d $build/man ]]; then
      find "$work/stage/opt/odd" -path '*/man/man3/pool_create.3' | grep -q . || fail "the man pages are not installed"
    fi
    with_pkg_config "$work/stage/opt/odd"
    ;;
  pkg_config) with_pkg_config "$prefix" ;;
  pkg_config_static) with_pkg_config_static "$prefix" ;;
  find_package) with_find_package "$prefix" ;;
  move)
    rm -rf "$moved" "$work/gone"
    "$cmake" --install "$build" --prefix "$work/gone" > "$work/log" || fail "install"
    mv "$work/gone" "$moved"
    with_pkg_config "$moved"
    with_find_package "$moved"
    ;;
  add_subdirectory)
    out=$work/subdirectory
    rm -rf "$out"
    "$cmake" -S "$here/subdirectory" -B "$out" -DPOOL_SOURCE_DIR="$source" -DCMAKE_C_COMPILER="$cc" \
      -DCMAKE_BUILD_TYPE=Debug > "$work/log" 2>&1 || { cat "$work/log" && fail "configure"; }
    "$cmake" --build "$out" > "$work/log" 2>&1 || { cat "$work/log" && fail "build"; }
    run "$out/user_shared"
    run "$out/user_static"
    "$cmake" --install "$out" --prefix "$out/installed" > "$work/log" || fail "install"
    [[ -f $out/installed/lib/deep/er/pkgconfig/pool.pc ]] || fail "CMAKE_INSTALL_LIBDIR is not obeyed"
    with_pkg_config "$out/installed"
    ;;
  leaks)
    need pkg-config
    out=$prefix/sanitized-program
    eval "'$cc' -std=c99 -fsanitize=address '$here/program.c' -o '$out' $(flags "$prefix" --cflags --libs)" ||
      { echo "SKIPPED: $cc -fsanitize=address" && exit 77; }
    LD_LIBRARY_PATH=$(libdir_of "$prefix") ASAN_OPTIONS=detect_leaks=1 "$out" || fail "leaks are found"
    ;;
  ctypes)
    need python3
    run python3 -B "$here/ffi/reads_ctypes.py" "$(libdir_of "$prefix")/libpool.so"
    ;;
  cffi)
    need python3
    python3 -c 'import cffi' 2> "$work/log" || { echo "SKIPPED: cffi (Debian: python3-cffi)" && exit 77; }
    preprocessed > "$work/pool.i"
    run python3 -B "$here/ffi/reads_cffi.py" "$(libdir_of "$prefix")/libpool.so" "$work/pool.i" $(functions)
    ;;
  cgo)
    PATH=$PATH:/usr/local/go/bin # where Go's own installer puts it
    need go
    out=$work/cgo
    rm -rf "$out"
    mkdir -p "$out"
    cp "$here/ffi/main.go" "$out"
    # cgo does not take spaces in what pkg-config says: by a name without them.
    ln -s "$prefix" "$out/prefix"
    # Nothing of the user's, and nothing from the network.
    (cd "$out" && env HOME="$out" GOCACHE="$out/cache" GOPATH="$out/path" GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local \
      CGO_ENABLED=1 CC="$cc" CGO_CFLAGS="-I$out/prefix/include" \
      CGO_LDFLAGS="-L$(libdir_of "$out/prefix/") -lpool -Wl,-rpath,$(libdir_of "$out/prefix/")" \
      go build -o user main.go) > "$work/log" 2>&1 || { cat "$work/log" && fail "go build"; }
    run "$out/user"
    ;;
  bindgen)
    need bindgen
    bindgen "$prefix/include/pool/pool.h" --allowlist-function 'pool_.*' -- -I"$prefix/include" > "$work/bindings.rs" \
      2> "$work/log" || { cat "$work/log" && fail "bindgen"; }
    for function in $(functions); do
      grep -q "pub fn $function\b" "$work/bindings.rs" || fail "bindgen does not see $function"
    done
    ;;
  examples)
    out=$work/examples
    "$cmake" -S "$source/capi/examples" -B "$out" -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" \
      -DCMAKE_C_FLAGS="${POOL_FLAGS:-}" -DCMAKE_CXX_FLAGS="${POOL_FLAGS:-}" -DCMAKE_PREFIX_PATH="$prefix" \
      > "$work/log" 2>&1 || { cat "$work/log" && fail "configure"; }
    "$cmake" --build "$out" -j "${POOL_JOBS:-$(nproc)}" > "$work/log" 2>&1 || { cat "$work/log" && fail "build"; }
    ;;
  readme)
    # The programs of the README are what a reader tries first.
    need pkg-config
    for language in c cpp; do
      awk -v fence='```'"$language" '$0 == fence && !n++ { on = 1; next } /^```/ { on = 0 } on' "$source/README.md" \
        > "$prefix/readme.$language"
      [[ -s $prefix/readme.$language ]] || fail "README.md has no program in $language"
    done
    eval "'$cc' -std=c11 -Wall -Wextra -Werror '$prefix/readme.c' -o '$prefix/readme_c' $(flags "$prefix" --cflags --libs)"
    eval "'$cxx' -std=c++17 -Wall -Wextra -Werror '$prefix/readme.cpp' -o '$prefix/readme_cpp' \
      $(flags "$prefix" --cflags --libs)"
    LD_LIBRARY_PATH=$(libdir_of "$prefix") "$prefix/readme_c" > "$work/out" || fail "the C program gave $?"
    LD_LIBRARY_PATH=$(libdir_of "$prefix") "$prefix/readme_cpp" >> "$work/out" || fail "the C++ program gave $?"
    cat "$work/out"
    while read -r line; do
      grep -qF "\`$line\`" "$source/README.md" || fail "README.md does not say that a program prints: $line"
    done < "$work/out"
    ;;
  *) fail "unknown case $case_" ;;
esac
