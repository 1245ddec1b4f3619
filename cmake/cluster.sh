#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Kills consumers and brokers of a cluster on loopback again and again, and counts what was lost: three broker nodes,
# four consumers and a collector, at named points and at random instants, with a partition and a restart in between. See
# tests/examples/cluster_test.py. Some ten minutes; the seed is printed.
#
#   cmake/cluster.sh [--kills N] [--portion FILES] [--seed N]     100 kills at random instants if nothing is said
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build demo broker
pool_build_consumer
EXAMPLES_DIR=$pool_root/build/demo exec python3 -B tests/examples/cluster_test.py "$@"
