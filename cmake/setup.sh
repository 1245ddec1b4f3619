# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# For the scripts beside it, which source it. It makes sure that what a job needs is installed:
#
#   pool_setup build test demo bench    # any of these kinds
#   pool_setup_optional bench-quick     # the same, but carries on without what cannot be had
#
# On Debian and Ubuntu missing packages are installed with apt-get, through sudo when not root. Elsewhere, or when that
# fails, it names what is missing and gives up. It touches no network when everything is there.

pool_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pool_jobs=${POOL_JOBS:-$(nproc)}

# What each kind needs: "tool NAME PACKAGE", "header NAME PACKAGE", "python MODULE PACKAGE" or, known to pkg-config,
# "module NAME PACKAGE", with the name of Debian's package.
pool_needs() {
  case $1 in
    build)
      echo "tool g++ g++
tool cmake cmake
tool make make
header boost/lockfree/queue.hpp libboost-dev
header spdlog/spdlog.h libspdlog-dev
header fmt/format.h libfmt-dev"
      ;;
    test)
      pool_needs demo
      echo "tool readelf binutils
tool python3 python3
header gtest/gtest.h libgtest-dev
header relacy/relacy.hpp relacy-dev"
      ;;
    demo)
      echo "tool pkg-config pkg-config
header sqlite3.h libsqlite3-dev
header openssl/evp.h libssl-dev
header zlib.h zlib1g-dev
header CLI/CLI.hpp libcli11-dev
header nlohmann/json.hpp nlohmann-json3-dev
header httplib.h libcpp-httplib-dev"
      ;;
    broker)
      echo "tool python3 python3
tool rabbitmq-server rabbitmq-server
module librabbitmq librabbitmq-dev"
      ;;
    bench)
      echo "tool python3 python3"
      ;;
    bench-quick)
      echo "tool go golang-go
header tbb/task_group.h libtbb-dev"
      ;;
    bench-peers)
      echo "tool pkg-config pkg-config
header boost/asio/thread_pool.hpp libboost-dev
header benchmark/benchmark.h libbenchmark-dev
module glib-2.0 libglib2.0-dev
tool cargo cargo"
      ;;
    study)
      echo "tool python3 python3
python matplotlib python3-matplotlib"
      ;;
    study-peers)
      echo "tool javac default-jdk-headless"
      ;;
    docs)
      echo "tool doxygen doxygen
tool python3 python3"
      ;;
    man-lint)
      echo "tool mandoc mandoc
tool groff groff-base"
      ;;
    probes)
      echo "header sys/sdt.h systemtap-sdt-dev"
      ;;
    packages)
      echo "tool dpkg-shlibdeps dpkg-dev
tool file file
tool pkg-config pkg-config
tool lintian lintian
tool mmdebstrap mmdebstrap"
      ;;
    binding-python)
      echo "tool python3 python3
python ensurepip python3-venv
python test.test_concurrent_futures libpython$(pool_python_version)-testsuite"
      ;;
    binding-rust)
      echo "tool pkg-config pkg-config
tool cargo cargo"
      ;;
    binding-go)
      echo "tool pkg-config pkg-config
tool go golang-go"
      ;;
    instructions)
      echo "tool valgrind valgrind
tool python3 python3"
      ;;
    abi)
      echo "tool abidiff abigail-tools"
      ;;
    cppcheck)
      echo "tool cppcheck cppcheck"
      ;;
  esac
}

# Of the system's own Python; 3.11, which is Debian 12's, where it is not installed yet.
pool_python_version() {
  /usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null || echo 3.11
}

# Prints "NAME PACKAGE" for each need that is not met.
pool_missing() {
  local kind need name package
  for kind in "$@"; do
    while read -r need name package; do
      if [[ $need == tool ]]; then
        command -v "$name" > /dev/null || echo "$name $package"
      elif [[ $need == python ]]; then
        # Whoever is first in PATH, or the system's own.
        python3 -c "import $name" 2> /dev/null || /usr/bin/python3 -c "import $name" 2> /dev/null || echo "$name $package"
      elif [[ $need == module ]]; then
        pkg-config --exists "$name" 2> /dev/null || echo "$name $package"
      else
        # Without a compiler the header is looked for where distributions put it.
        if command -v g++ > /dev/null; then
          echo "#include <$name>" | g++ -std=c++20 -fsyntax-only -x c++ - 2> /dev/null || echo "$name $package"
        elif [[ ! -e /usr/include/$name && ! -e /usr/local/include/$name ]]; then
          echo "$name $package"
        fi
      fi
    done < <(pool_needs "$kind")
  done | sort -u
}

pool_apt_install() {
  local sudo=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo > /dev/null || return 1
    sudo=(sudo)
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update < /dev/null || true
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" < /dev/null
}

# Installs what is missing, as far as that can be done.
pool_setup_optional() {
  local missing packages
  missing=$(pool_missing "$@")
  if [[ -n $missing ]] && command -v apt-get > /dev/null; then
    mapfile -t packages < <(awk '{print $2}' <<< "$missing" | sort -u)
    echo "-- Installing ${packages[*]}"
    pool_apt_install "${packages[@]}" || echo "-- apt-get did not install them" >&2
  fi
}

pool_setup() {
  pool_setup_optional "$@"
  local missing
  missing=$(pool_missing "$@")
  if [[ -n $missing ]]; then
    echo "Missing, please install (in brackets the package of Debian and Ubuntu):" >&2
    awk '{print "  " $1 " (" $2 ")"}' <<< "$missing" >&2
    exit 1
  fi
  local version
  version=$(cmake --version | awk 'NR == 1 {print $3}')
  if [[ $(printf '%s\n' 3.22 "$version" | sort -V | head -n 1) != 3.22 ]]; then
    echo "Missing: cmake 3.22 or later (this is $version)" >&2
    exit 1
  fi
}

# Configures and builds one preset of CMakePresets.json. pool_build PRESET [CMAKE ARGUMENTS...]
pool_build() {
  local preset=$1
  shift
  cmake -S "$pool_root" --preset "$preset" "$@"
  cmake --build "$pool_root/build/$preset" -j "$pool_jobs"
}

# Installs the release below build/ and builds programs of the bench against it. pool_build_bench [TARGET]
pool_build_bench() {
  cmake --install "$pool_root/build/release" --prefix "$pool_root/build/bench-prefix" > /dev/null
  cmake -S "$pool_root/bench" -B "$pool_root/build/bench" -DCMAKE_PREFIX_PATH="$pool_root/build/bench-prefix"
  cmake --build "$pool_root/build/bench" -j "$pool_jobs" --target "${1:-all}"
}

# Builds the peers of the bench in Go, Rust and Java into build/bench. One whose tool or package is missing is left out,
# and the runner says SKIPPED.
pool_build_go_peers() {
  local peer
  command -v go > /dev/null || return 0
  for peer in go gochan gopool ants; do
    (cd "$pool_root/bench/workloads/go" && go build -o "$pool_root/build/bench/$peer" "./cmd/$peer") ||
      rm -f "$pool_root/build/bench/$peer"
  done
}

pool_build_rust_peers() {
  command -v cargo > /dev/null || return 0
  cargo build --release --locked --manifest-path "$pool_root/bench/workloads/rayon/Cargo.toml" \
    --target-dir "$pool_root/build/bench-rayon" &&
    cp "$pool_root/build/bench-rayon/release/rayon-bench" "$pool_root/build/bench/rayon" ||
    rm -f "$pool_root/build/bench/rayon"
}

pool_build_java_peers() {
  local java
  java=$(pool_java)
  [[ -n $java ]] || return 0
  rm -rf "$pool_root/build/bench/java"
  "${java}c" -d "$pool_root/build/bench/java" "$pool_root"/bench/workloads/java/*.java ||
    rm -rf "$pool_root/build/bench/java"
}

# Prints the java of the newest JDK, which has a javac beside it, or nothing.
pool_java() {
  local compiler
  for compiler in $(command -v javac) /usr/lib/jvm/*/bin/javac; do
    [[ ! -x $compiler ]] || echo "$("$compiler" -version 2>&1 | awk '{print $2}') ${compiler%c}"
  done | sort -V | awk 'END {print $2}'
}

# Runs the tests of one preset. pool_ctest PRESET [CTEST ARGUMENTS...]
pool_ctest() {
  local preset=$1
  shift
  ctest --test-dir "$pool_root/build/$preset" --output-on-failure --no-tests=error -j "$pool_jobs" "$@"
}

# Installs the release below build/ and builds the consumer against the installed package: build/demo/consumer/consumer.
pool_build_consumer() {
  pool_build release
  rm -rf "$pool_root/build/demo-prefix"
  cmake --install "$pool_root/build/release" --prefix "$pool_root/build/demo-prefix" > /dev/null
  cmake -S "$pool_root/capi/examples/consumer" -B "$pool_root/build/demo/consumer" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$pool_root/build/demo-prefix"
  cmake --build "$pool_root/build/demo/consumer" -j "$pool_jobs"
}
