// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

module libpool/pool

go 1.19
