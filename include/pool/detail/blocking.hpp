// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// blocking_section. Included by <pool/pool.hpp>.
#pragma once

#include <pool/pool.h>

namespace pool {
inline namespace v1 {

// Inside a task, for as long as it blocks: another worker may run in its place, see pool_blocking_begin.
class [[nodiscard]] blocking_section {
 public:
  blocking_section() noexcept { pool_blocking_begin(); }
  ~blocking_section() { pool_blocking_end(); }
  blocking_section(const blocking_section&) = delete;
  blocking_section& operator=(const blocking_section&) = delete;
};

}  // namespace v1
}  // namespace pool
