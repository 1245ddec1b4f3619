#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Tests the consumer on a broker of its own, which is started on loopback and ended afterwards: builds libpool and the
# consumer below build/, and runs tests/examples/broker_test.py. A minute or two. Arguments go to unittest:
#
#   cmake/broker.sh [-k PATTERN]
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build demo
pool_setup_optional broker
if ! pkg-config --exists librabbitmq || ! command -v rabbitmq-server > /dev/null; then
  echo "SKIPPED: rabbitmq-server and librabbitmq"
  exit 0
fi
if ! python3 -B tests/examples/broker.py true; then
  echo "SKIPPED: rabbitmq-server, which does not start here"
  exit 0
fi
pool_build_consumer
EXAMPLES_DIR=$pool_root/build/demo exec python3 -B tests/examples/broker_test.py "$@"
