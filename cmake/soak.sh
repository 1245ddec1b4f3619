#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Everything mixed, for minutes or for hours: builds the library as it is shipped, and tests/soak against it, in
# build/soak. It prints a line each ten seconds, and the account and what has grown at the end.
#
#   cmake/soak.sh                      three minutes
#   cmake/soak.sh SECONDS [SEED]       as long as that; the seed is the first line of the output
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build
pool_build release
mkdir -p build/soak
g++ -std=c++20 -O2 -g -Iinclude -Ibuild/release/include tests/soak/soak.cpp -o build/soak/soak \
  -Lbuild/release/capi -lpool -Wl,-rpath,"$pool_root/build/release/capi" -pthread
exec build/soak/soak --seconds "${1:-180}" ${2:+--seed "$2"}
