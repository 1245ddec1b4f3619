// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

module libpool/pool/bench

go 1.19

require (
	github.com/panjf2000/ants/v2 v2.11.3
	golang.org/x/sync v0.11.0
	libpool/pool v0.0.0
)

replace libpool/pool => ../
