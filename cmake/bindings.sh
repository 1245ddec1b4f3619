#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Builds the release, installs it below build/, and tests the bindings against that copy, as a user would have it. A
# binding whose language is not here is SKIPPED.
#
#   cmake/bindings.sh                 all of them
#   cmake/bindings.sh python go       these
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

pool_setup build
pool_build release
cmake --install build/release --prefix build/bindings/prefix > /dev/null
library=$(dirname "$(find "$PWD/build/bindings/prefix" -name libpool.so)")
export POOL_PREFIX=$PWD/build/bindings/prefix
export PKG_CONFIG_PATH=$library/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# The command without which a language is not here.
tool_of() {
  case $1 in
    python) echo python3 ;;
    rust) echo cargo ;;
    *) echo "$1" ;;
  esac
}

failed=()
for binding in capi/bindings/*/test.sh; do
  [[ -e $binding ]] || continue
  language=$(basename "$(dirname "$binding")")
  [[ $# -eq 0 || " $* " == *" $language "* ]] || continue
  printf '\n--- %s\n' "$language"
  pool_setup_optional "binding-$language"
  if ! command -v "$(tool_of "$language")" > /dev/null; then
    echo "SKIPPED: $(tool_of "$language")"
    continue
  fi
  # What it makes goes there.
  mkdir -p "build/bindings/$language"
  POOL_BUILD=$PWD/build/bindings/$language bash "$binding" || failed+=("$language")
done
[[ ${#failed[@]} -eq 0 ]] || { echo "FAILED: ${failed[*]}" >&2; exit 1; }
