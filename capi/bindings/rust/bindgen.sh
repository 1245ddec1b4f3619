#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Writes libpool-sys/src/bindings.rs anew, from the pool.h that pkg-config finds. For those who change pool.h; it takes
# libclang and `cargo install bindgen-cli --version 0.71.1`. With an argument it writes there instead.
set -euo pipefail
cd "$(dirname "$0")"

{
  printf '// SPDX-License-Identifier: MIT\n// Copyright (c) the libpool authors\n'
  printf '//\n// Made by bindgen.sh from pool.h; not to be edited.\n\n'
  bindgen "$(pkg-config --variable=includedir pool)/pool/pool.h" \
    --disable-header-comment --rust-target 1.63 --rust-edition 2021 \
    --allowlist-item '(pool|POOL)_.*' --blocklist-item 'POOL_VERSION.*' \
    --formatter prettyplease --merge-extern-blocks --no-layout-tests --with-derive-default \
    -- -I"$(pkg-config --variable=includedir pool)"
} > "${1:-libpool-sys/src/bindings.rs}"
