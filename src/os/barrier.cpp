// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pool::os {

constinit std::atomic<bool> has_barrier = false;

bool watch_barrier() noexcept {
  const bool is_there = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  has_barrier.store(is_there, std::memory_order_relaxed);
  return is_there;
}

void heavy_barrier() noexcept { (void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0); }

}  // namespace pool::os
