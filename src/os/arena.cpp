// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/arena.hpp"

#include <sys/mman.h>

#include <mutex>

namespace pool::os {

namespace {

constexpr std::size_t block_size = 65'536;

constinit std::mutex mutex;
constinit char* block = nullptr;
constinit std::size_t left = 0;

}  // namespace

void lock_arena() noexcept { mutex.lock(); }
void unlock_arena() noexcept { mutex.unlock(); }

void* arena_allocate(std::size_t size) noexcept {
  size = (size + arena_alignment - 1) / arena_alignment * arena_alignment;
  if (size > block_size) return nullptr;
  const std::lock_guard lock(mutex);
  if (size > left) {
    void* memory = mmap(nullptr, block_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    block = static_cast<char*>(memory);
    left = block_size;
  }
  left -= size;
  return block + left;
}

}  // namespace pool::os
