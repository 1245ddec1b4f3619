// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/barrier.hpp"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace pool::os {

constinit std::atomic<bool> has_barrier = false;

bool watch_barrier() noexcept {
  const bool is_there = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  has_barrier.store(is_there, std::memory_order_relaxed);
  return is_there;
}

void heavy_barrier() noexcept {
  for (;;) {
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return;
    // Short of memory for a moment. Whatever else it says, it was not so when we asked: a filter was set up since,
    // which takes a promise back on which others rely.
    if (errno != ENOMEM) std::abort();
    sched_yield();
  }
}

}  // namespace pool::os
