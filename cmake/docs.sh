#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Makes the documentation of the headers without building anything: man pages in build/docs/man and HTML in
# build/docs/html. Whatever Doxygen warns of is an error. Without Doxygen there are the man pages only.
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup_optional docs
command -v python3 > /dev/null || { echo "SKIPPED: python3" && exit 0; }
version=$(sed -nE 's/^project\(pool VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
version+=$(sed -nE 's/^set\(POOL_VERSION_SUFFIX "(.*)"\).*/\1/p' CMakeLists.txt)
python3 -B capi/man/pages.py include capi/libpool.map "$version" build/docs/man
echo "-- The man pages: man -M $PWD/build/docs/man libpool"
command -v doxygen > /dev/null || { echo "SKIPPED: doxygen" && exit 0; }
rm -rf build/docs/html
{
  cat capi/man/Doxyfile
  echo "PROJECT_NUMBER = $version"
  echo "OUTPUT_DIRECTORY = build/docs"
} | doxygen -
[[ -s build/docs/html/index.html ]] || { echo "Doxygen made no index.html" >&2 && exit 1; }
echo "-- The HTML: $PWD/build/docs/html/index.html"
