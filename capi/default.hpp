// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The default pool: made by the first pool_default(), never ended.
#pragma once

#include <pool/pool.h>

namespace pool::capi {

// Says whether the handle is that of the default pool.
bool is_default(pool_t pool) noexcept;

// In a child of fork(), which has none yet. How it is to be made stays as it was.
void forget_default() noexcept;

// Says whether a pool could be made with these options; if not, the log names the field (capi/pool.cpp).
pool_status_t check_options(const pool_options_t& options);

}  // namespace pool::capi
