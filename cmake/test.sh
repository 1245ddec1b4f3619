#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Sets up, builds with g++ and runs every test. Arguments go to ctest: cmake/test.sh -R unit
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build test
pool_setup_optional probes man-lint
pool_build dev
# Half of the rounds, so that all of it takes minutes; POOL_TEST_SCALE=1 for all of them.
POOL_TEST_SCALE=${POOL_TEST_SCALE:-0.5} pool_ctest dev "$@"
