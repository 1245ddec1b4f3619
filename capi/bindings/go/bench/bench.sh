#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Measures the binding beside goroutines, errgroup and ants, against the libpool that pkg-config and the loader find;
# `cmake/bindings.sh go` leaves one below build/bindings/prefix.
#
#   capi/bindings/go/bench/bench.sh [--quick]
set -euo pipefail
cd "$(dirname "$0")"
program=$(mktemp -d)
trap 'rm -rf "$program"' EXIT
go build -o "$program/bench" .
"$program/bench" "${@/#--quick/-quick}"
"$program/bench" -threads libpool
"$program/bench" -threads goroutines
