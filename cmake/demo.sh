#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# The main job on real files: builds and installs libpool below build/, builds the consumer against the installed
# package, puts one message per file below DIR into a queue and works it off.
#
#   cmake/demo.sh [DIR]     DIR is /usr/include if none is given: the compilers' and libraries' headers
set -euo pipefail
directory=$(realpath -- "${1:-/usr/include}")
cd "$(dirname "$0")/.."
source cmake/setup.sh

if [[ ! -d $directory ]]; then
  echo "demo.sh: $directory is not a folder" >&2
  exit 2
fi

pool_setup build demo
pool_build release
rm -rf build/demo-prefix
cmake --install build/release --prefix build/demo-prefix

cmake -S capi/examples/consumer -B build/demo-consumer -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$pool_root/build/demo-prefix"
cmake --build build/demo-consumer -j "$pool_jobs"

database=build/demo.db
rm -f "$database"*
consumer=build/demo-consumer/consumer
status=0

# Status 1 says that some files had to be left out, and the consumer has said which.
consume() {
  echo "-- $consumer $*"
  "$consumer" "$@" --db "$database" || status=$?
  if [[ $status -gt 1 ]]; then exit "$status"; fi
}

echo
consume enqueue "$directory"
consume run
echo
echo "The results are in $pool_root/$database, table results."
exit "$status"
