// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/pages.hpp"

#include <sys/auxv.h>
#include <sys/mman.h>

#include <cstdint>

// Of the leak checker, if the program has one.
extern "C" {
[[gnu::weak]] void __lsan_register_root_region(const void* begin, std::size_t size);
[[gnu::weak]] void __lsan_unregister_root_region(const void* begin, std::size_t size);
}

namespace pool::os {

void* map_pages(std::size_t size, std::size_t alignment) noexcept {
  // More than is needed has an aligned part in it; the rest goes back.
  const std::size_t room = size + alignment;
  void* const memory = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<unsigned char*>(memory);
  const std::size_t before = (alignment - reinterpret_cast<std::uintptr_t>(memory) % alignment) % alignment;
  unsigned char* const aligned = begin + before;
  if (before != 0) munmap(begin, before);
  if (room != before + size) munmap(aligned + size, room - before - size);
  (void)madvise(aligned, size, MADV_NOHUGEPAGE);
  if (__lsan_register_root_region != nullptr) __lsan_register_root_region(aligned, size);
  return aligned;
}

void unmap_pages(void* memory, std::size_t size) noexcept {
  if (__lsan_unregister_root_region != nullptr) __lsan_unregister_root_region(memory, size);
  munmap(memory, size);
}

void forget_pages(void* memory, std::size_t size) noexcept {
  // The system would take a whole page of its own: what lies beside ours is in use.
  const std::size_t page = getauxval(AT_PAGESZ);
  if (page == 0 || size % page != 0 || reinterpret_cast<std::uintptr_t>(memory) % page != 0) return;
  (void)madvise(memory, size, MADV_DONTNEED);
}

}  // namespace pool::os
