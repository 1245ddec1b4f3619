#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Makes the source tarball and Debian's packages in build/packages, and checks them: the tarball is built in two
# places, which have to give the same files bit for bit; the packages are read, installed in a bare Debian root, used
# and removed; an installation in odd places works.
#
#   cmake/packages.sh            all of it
#   cmake/packages.sh source     the tarball alone: every file that git knows, as it is now
#
# The bare root takes root and mmdebstrap; it is made from the mirror that apt has, and kept in build/packages/root.tar.
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

out=$PWD/build/packages
version=$(sed -nE 's/^project\(pool VERSION ([0-9.]+) .*/\1/p' CMakeLists.txt)
name=libpool-$version$(sed -nE 's/^set\(POOL_VERSION_SUFFIX "(.*)"\).*/\1/p' CMakeLists.txt)

say() { printf -- '-- %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2 && exit 1; }

known_to_git() { git ls-files --error-unmatch cmake/packages.sh > /dev/null 2>&1; }

# The time of the commit, or in an unpacked tarball of its files.
if [[ -z ${SOURCE_DATE_EPOCH:-} ]]; then
  SOURCE_DATE_EPOCH=$(if known_to_git; then git log -1 --format=%ct; else stat -c %Y CHANGELOG.md; fi)
fi
export SOURCE_DATE_EPOCH

# --- the tarball, and what is made of it in two places ---

files() {
  if known_to_git; then
    git ls-files -z
  else
    find . \( -path ./build -o -path ./.git \) -prune -o \( -type f -o -type l \) -printf '%P\0'
  fi
}

make_tarball() {
  mkdir -p "$out"
  files | LC_ALL=C sort -z | tar --null --no-recursion -T - --transform "flags=r;s,^,$name/," --format=gnu \
    --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf - | gzip -9n > "$1"
}

# Builds the packages of the tarball in the folder $1.
build_in() {
  rm -rf "$1"
  mkdir -p "$1" && tar -C "$1" -xzf "$out/$name.tar.gz" && cd "$1/$name" &&
    cmake --preset debian && cmake --build --preset debian -j "$pool_jobs" && cd build/debian && cpack
}

first="$out/first" second="$out/a second place+"
build_twice() {
  local log=$out/log
  rm -f "$out"/*.deb
  (build_in "$first") > "$log" 2>&1 || { cat "$log" && fail "the first build"; }
  # With another time zone, language and umask, and compiled in earnest.
  (umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 CCACHE_DISABLE=1 build_in "$second") > "$log" 2>&1 ||
    { cat "$log" && fail "the second build"; }
  one=$first/$name/build/debian two=$second/$name/build/debian
  cp "$one"/*.deb "$out"
}

check_reproducible() {
  local file
  for file in "capi/libpool.so.$version" capi/libpool.a libpool1_*.deb libpool-dev_*.deb; do
    file=$(cd "$one" && echo $file)
    cmp "$one/$file" "$two/$file" || fail "two builds give two $file (diffoscope tells the difference)"
    say "the same in two builds: $(sha256sum < "$one/$file" | cut -c1-16) $file"
  done
  for file in {"$one","$two"}/capi/libpool.{so,a}; do
    if grep -qaF -e "$out" -e "$PWD" "$file"; then fail "$file names a folder of the build"; fi
  done
}

# --- what is in them ---

check_contents() {
  local multiarch tree=$out/tree package library
  multiarch=$(gcc -print-multiarch)
  library=$tree/libpool1/usr/lib/$multiarch/libpool.so.1
  rm -rf "$tree"
  mkdir -p "$tree"
  for package in libpool1 libpool-dev; do
    dpkg-deb -R "$out/$package"_*.deb "$tree/$package"
    (cd "$tree/$package" && find . -path ./DEBIAN -prune -o ! -type d -printf '%P\n') | LC_ALL=C sort \
      > "$tree/$package.list"
  done
  cat > "$tree/runtime" << LIST
usr/lib/$multiarch/libpool.so.1
usr/lib/$multiarch/libpool.so.$version
usr/share/doc/libpool1/changelog.Debian.gz
usr/share/doc/libpool1/changelog.gz
usr/share/doc/libpool1/copyright
usr/share/gdb/auto-load/usr/lib/$multiarch/libpool.so.$version-gdb.py
LIST
  diff -u "$tree/runtime" "$tree/libpool1.list" || fail "libpool1 has other files"
  # Together they have what an installation has.
  DESTDIR=$tree/installed cmake --install "$one" > "$out/log"
  (cd "$tree/installed" && find . ! -type d -printf '%P\n' | sed '/\/man\//s/$/.gz/' | LC_ALL=C sort) > "$tree/all"
  LC_ALL=C sort "$tree"/*.list | grep -v '^usr/share/doc/' | diff -u "$tree/all" - ||
    fail "the packages do not have the files of cmake --install, each once"
  grep -q 'man/man3/pool_create\.3\.gz$' "$tree/libpool-dev.list" || fail "libpool-dev has no man pages"

  field() { dpkg-deb -f "$out/$1"_*.deb "$2"; }
  [[ $(field libpool-dev Depends) == "libpool1 (= $(field libpool1 Version))" ]] || fail "libpool-dev: Depends"
  [[ $(field libpool1 Depends) == *"libc6 (>= "*"libstdc++6 (>= "* ]] || fail "libpool1: Depends"
  for package in libpool1 libpool-dev; do
    [[ $(field $package Multi-Arch) == same ]] || fail "$package: Multi-Arch"
  done
  grep -qx 'activate-noawait ldconfig' "$tree/libpool1/DEBIAN/triggers" || fail "libpool1: triggers"

  # The symbols file says what the library exports, no more and no less.
  mkdir -p "$tree/debian"
  printf 'Source: libpool\n\nPackage: libpool1\nArchitecture: any\n' > "$tree/debian/control"
  (cd "$tree" && dpkg-gensymbols -plibpool1 -v"$version" -c4 -P"$tree/libpool1" -I"$tree/libpool1/DEBIAN/symbols" \
    -O/dev/null) || fail "libpool1: symbols"
  # A program of its users then depends on it.
  gcc -I "$tree/libpool-dev/usr/include" "$(readme_program)" -o "$tree/user" "$library"
  (cd "$tree" && dpkg-shlibdeps -O -S"$tree/libpool1" user) > "$tree/shlibdeps" 2> "$out/log" ||
    { cat "$out/log" && fail "dpkg-shlibdeps"; }
  grep -q 'libpool1 (>= 1\.0~)' "$tree/shlibdeps" || fail "a user depends on: $(cat "$tree/shlibdeps")"

  if command -v lintian > /dev/null; then
    lintian --allow-root --fail-on error "$out"/*.deb || fail "lintian"
  else
    say "SKIPPED: lintian"
  fi
  say "contents, symbols and dependencies are right"
}

# --- users of an installation ---

# The program in C of README.md, and what it has to print.
readme_program() {
  awk '$0 == "```c" && !n++ { on = 1; next } /^```/ { on = 0 } on' README.md > "$out/readme.c"
  echo "$out/readme.c"
}
readme_output="POOL_OK: 4 9 16"

# flags LIBDIR: what pkg-config says, quoted for eval.
flags() { PKG_CONFIG_LIBDIR=$1/pkgconfig PKG_CONFIG_PATH='' pkg-config --cflags --libs pool; }

# build_users DIR LIBDIR [CMAKE ARGUMENTS...]: builds programs with pkg-config and with find_package in DIR.
build_users() {
  local dir=$1 libdir=$2 log=$out/log
  shift 2
  rm -rf "$dir"
  mkdir -p "$dir"
  eval "gcc -std=c11 -Wall -Wextra -Werror '$(readme_program)' -o '$dir/readme' $(flags "$libdir")" ||
    fail "pkg-config in $libdir"
  {
    cmake -S tests/consumer/cmake -B "$dir/cmake" -DCMAKE_C_COMPILER=gcc "$@" && cmake --build "$dir/cmake"
  } > "$log" 2>&1 || { cat "$log" && fail "find_package in $libdir"; }
}

# check_users DIR COMMAND...: runs them through a command.
check_users() {
  local dir=$1 program said
  shift
  said=$("$@" "$dir/readme") || fail "$dir/readme gave $?"
  [[ $said == "$readme_output" ]] || fail "$dir/readme said: $said"
  for program in user_shared user_static; do
    said=$("$@" "$dir/cmake/$program") || fail "$dir/cmake/$program gave $?"
    [[ $said == "libpool "*" works" ]] || fail "$dir/cmake/$program said: $said"
  done
}

# --- in a bare root ---

make_root() {
  local mirror codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk -v codename="$codename" '$2 == codename && $3 == "main" { print "deb " $1 " " $2 " main"; exit }')
  [[ -n $mirror ]] || return 1
  TMPDIR=$out timeout 300 mmdebstrap --variant=essential --include=libstdc++6 "$codename" "$out/root.new.tar" \
    "$mirror" && mv "$out/root.new.tar" "$out/root.tar"
}

# What is in the root, but for logs and caches that dpkg keeps about all packages.
root_files() {
  (cd "$root" && find . -xdev \( -path './proc/*' -o -path './var/log/*' -o -path './var/cache/*' -o \
    -path './var/lib/dpkg/*-old' -o -path './var/lib/dpkg/triggers/*' -o -name ld.so.cache \) -prune -o \
    -type f -exec sha256sum {} + -o -printf '%y %p %l\n' | LC_ALL=C sort)
}

in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

check_bare_root() {
  local libdir root=$out/root
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" --exclude='./dev/*' -xf "$out/root.tar"
  root_files > "$out/before"
  mkdir "$root/packages"
  cp "$out"/*.deb "$root/packages"
  in_root bash -c 'dpkg -i /packages/*.deb && dpkg --audit' > "$out/log" 2>&1 || { cat "$out/log" && fail "dpkg -i"; }
  [[ $(in_root ldconfig -p) == *libpool.so.1\ * ]] || fail "ldconfig does not know libpool.so.1"
  libdir=$(dirname "$(find "$root/usr/lib" -name libpool.a)")
  build_users "$root/packages/users" "$libdir" -DCMAKE_PREFIX_PATH="$root/usr"
  grep -q "^pool_DIR.*=$root/usr/" "$root/packages/users/cmake/CMakeCache.txt" || fail "find_package found another pool"
  check_users /packages/users in_root
  if in_root dpkg -r libpool1 > "$out/log" 2>&1; then fail "libpool1 can be removed under libpool-dev"; fi
  in_root dpkg -r libpool-dev libpool1 > "$out/log" 2>&1 || { cat "$out/log" && fail "dpkg -r"; }
  in_root dpkg -P libpool-dev libpool1 > "$out/log" 2>&1 || { cat "$out/log" && fail "dpkg -P"; }
  [[ $(in_root ldconfig -p) != *libpool* ]] || fail "ldconfig still knows it"
  rm -rf "$root/packages"
  root_files > "$out/after"
  diff -u "$out/before" "$out/after" || fail "dpkg -P leaves something, or takes what it should not"
  rm -rf "$root"
  say "installed, used and removed in a bare root"
}

# The same without root, as far as it goes.
check_unpacked() {
  local libdir root=$out/root
  rm -rf "$root"
  for package in "$out"/*.deb; do dpkg-deb -x "$package" "$root"; done
  libdir=$(dirname "$(find "$root/usr/lib" -name libpool.a)")
  build_users "$root/users" "$libdir" -DCMAKE_PREFIX_PATH="$root/usr"
  check_users "$root/users" env LD_LIBRARY_PATH="$libdir"
  say "unpacked and used"
}

# --- in odd places ---

# check_place PREFIX LIBDIR [CMAKE ARGUMENTS...]: installs the second build there, for which nothing is compiled again.
check_place() {
  local prefix=$1 libdir=$2
  shift 2
  {
    cmake -S "$second/$name" -B "$two" -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR="$libdir" \
      -DCMAKE_INSTALL_INCLUDEDIR=include "$@" && cmake --build "$two" -j "$pool_jobs" && cmake --install "$two"
  } > "$out/log" 2>&1 || { cat "$out/log" && fail "$prefix, $libdir"; }
  [[ $libdir == /* ]] || libdir=${DESTDIR:-}$prefix/$libdir
  build_users "$out/users" "$libdir" -Dpool_DIR="$libdir/cmake/pool"
  check_users "$out/users" env LD_LIBRARY_PATH="$libdir"
  say "installed and used: ${libdir#"$out"/}"
}

check_places() {
  local odd="$out/odd place+"
  rm -rf "$odd"
  check_place "$odd/one prefix" lib64
  check_place "$odd/two" "lib/deep and/er"
  check_place "$odd/three" "$odd/elsewhere/lib" -DCMAKE_INSTALL_INCLUDEDIR="$odd/headers of it"
  DESTDIR="$odd/stage it" check_place "/opt/odd place" lib
}

pool_setup_optional packages
make_tarball "$out/$name.tar.gz"
say "$name.tar.gz"
[[ ${1:-} != source ]] || exit 0
pool_setup build
for tool in dpkg-deb dpkg-shlibdeps file pkg-config; do
  command -v "$tool" > /dev/null || { echo "SKIPPED: $tool" && exit 0; }
done

# The root comes over the network, meanwhile.
root_job=
if [[ $EUID -eq 0 && ! -e $out/root.tar ]] && command -v mmdebstrap > /dev/null; then
  make_root > "$out/root.log" 2>&1 &
  root_job=$!
fi
build_twice
check_reproducible
check_contents
check_places
[[ -z $root_job ]] || wait "$root_job" || tail -n 5 "$out/root.log"
if [[ $EUID -eq 0 && -e $out/root.tar ]]; then
  check_bare_root
else
  echo "SKIPPED: a bare root (takes root and mmdebstrap)"
  check_unpacked
fi
say "build/packages has $(cd "$out" && echo "$name.tar.gz" *.deb)"
