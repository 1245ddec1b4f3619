#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# The main job on real files: builds and installs libpool below build/, builds the consumer against the installed
# package, puts one message per file below DIR into a queue and works it off.
#
#   cmake/demo.sh [--queue sqlite|amqp] [DIR]
#
# DIR is /usr/include if none is given: the compilers' and libraries' headers.
#
# With --queue amqp the queue is on a broker of its own, on loopback, that is ended afterwards. The same is done in a
# SQLite database, and the results are compared row by row.
set -euo pipefail
queue=sqlite
if [[ ${1:-} == --queue ]]; then
  queue=${2:-}
  shift $(($# > 1 ? 2 : 1))
fi
directory=$(realpath -- "${1:-/usr/include}")
cd "$(dirname "$0")/.."
source cmake/setup.sh

if [[ $queue != sqlite && $queue != amqp ]]; then
  echo "demo.sh: --queue is sqlite or amqp, not '$queue'" >&2
  exit 2
fi
if [[ ! -d $directory ]]; then
  echo "demo.sh: $directory is not a folder" >&2
  exit 2
fi

database=build/demo.db
consumer=build/demo/consumer/consumer
status=0

# Status 1 says that some files had to be left out, and the consumer has said which.
consume() {
  echo "-- $consumer $*"
  "$consumer" "$@" || status=$?
  if [[ $status -gt 1 ]]; then exit "$status"; fi
}

# The part of it that tests/examples/broker.py runs beside a broker, whose URL it has put into CONSUMER_QUEUE.
if [[ -n ${DEMO_BESIDE_BROKER:-} ]]; then
  consume enqueue "$directory"
  consume run
  consume collect --db build/demo-amqp.db
  exit "$status"
fi
unset CONSUMER_QUEUE

pool_setup build demo
if [[ $queue == amqp ]]; then pool_setup broker; fi
pool_build_consumer
rm -f "$database"* build/demo-amqp.db*
echo
consume enqueue "$directory" --db "$database"
consume run --db "$database"
if [[ $queue == amqp ]]; then
  echo
  DEMO_BESIDE_BROKER=1 python3 -B tests/examples/broker.py bash cmake/demo.sh "$directory" || status=$?
  if [[ $status -gt 1 ]]; then exit "$status"; fi
  python3 -B tests/examples/compare.py "$database" build/demo-amqp.db
  database=build/demo-amqp.db
fi
echo
echo "The results are in $pool_root/$database, table results."
exit "$status"
