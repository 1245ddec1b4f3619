#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
#
# Tests the binding against an installed libpool; cmake/bindings.sh calls it. Needs Go 1.19; what it makes is below
# $POOL_BUILD. The benchmark's peers come from the Go module proxy; where that cannot be reached it is SKIPPED.
set -euo pipefail
cd "$(dirname "$0")"
: "${POOL_BUILD:?is set by cmake/bindings.sh}"
export GOCACHE=${GOCACHE:-$POOL_BUILD/cache} GOFLAGS="${GOFLAGS:-} -mod=readonly"
mkdir -p "$POOL_BUILD"

unformatted=$(gofmt -l .)
[[ -z $unformatted ]] || { echo "gofmt -d shows what is wrong with: $unformatted" >&2; exit 1; }
go vet ./...
go test -count=1 -timeout 60s ./...
# The race detector is not there for every machine.
printf 'package main\nfunc main() {}\n' > "$POOL_BUILD/probe.go"
if go build -race -o "$POOL_BUILD/probe" "$POOL_BUILD/probe.go" 2> "$POOL_BUILD/probe.log"; then
  go test -race -count=1 -timeout 60s ./...
else
  echo "SKIPPED: go test -race"
fi

if (cd bench && go mod download) 2> "$POOL_BUILD/download.log"; then
  (cd bench && go vet ./...)
  bench/bench.sh --quick > "$POOL_BUILD/bench.txt"
else
  echo "SKIPPED: benchmark's peers"
fi

go build -o "$POOL_BUILD/example" ./example
"$POOL_BUILD/example" | tee "$POOL_BUILD/example.txt"
diff "$POOL_BUILD/example.txt" - << 'END'
"one pool, many groups": 4 words, "ONE POOL, MANY GROUPS", 4bb088327c7334d8
"is it?": a question
"": pool: a C function failed with 22
END
