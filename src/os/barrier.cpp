// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/barrier.hpp"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace pool::os {

constinit std::atomic<bool> has_barrier = false;

bool watch_barrier() noexcept {
  const bool is_there = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  has_barrier.store(is_there, std::memory_order_relaxed);
  return is_there;
}

namespace {

// For when the kernel takes the call back that it had promised: a filter of system calls was set up since. To take
// write access to a touched page away, the kernel interrupts every processor that runs a thread of the process; on
// x86-64 that is a full fence there. (Elsewhere it need not interrupt anybody, and there is nothing left to rely on.)
bool interrupt_all() noexcept {
#if defined(__x86_64__)
  static std::mutex mutex;
  static void* page = nullptr;
  const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::lock_guard lock(mutex);
  if (page == nullptr) {
    void* const fresh = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) return false;
    page = fresh;
  }
  if (mprotect(page, size, PROT_READ | PROT_WRITE) != 0) return false;
  *static_cast<volatile char*>(page) = 1;
  return mprotect(page, size, PROT_READ) == 0;
#else
  return false;
#endif
}

}  // namespace

void heavy_barrier() noexcept {
  for (int tries = 0; syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0; ++tries) {
    if (errno != ENOMEM && interrupt_all()) return;
    if (errno != ENOMEM && tries > 1000) std::abort();
    sched_yield();  // short of memory, for a moment
  }
}

}  // namespace pool::os
