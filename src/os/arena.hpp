// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// ArenaAllocator: memory straight from the system, in blocks of 64 KiB that are never given back, for structures that
// live as long as the process. Neighbours may share a cache line: what it is for are nodes of 16 bytes, by the million.
//
// Guarantees: thread-safe; throws std::bad_alloc if the system has no memory; deallocate keeps the memory for good.
#pragma once

#include <cstddef>
#include <new>

namespace pool::os {

inline constexpr std::size_t arena_alignment = 16;

// `size` bytes, aligned to that; nullptr: no memory. Requires: size is at most 64 KiB.
void* arena_allocate(std::size_t size) noexcept;

// Around a fork: nobody is in the middle of an allocation meanwhile.
void lock_arena() noexcept;
void unlock_arena() noexcept;

template <class T>
struct ArenaAllocator {
  using value_type = T;

  ArenaAllocator() = default;
  template <class U>
  ArenaAllocator(const ArenaAllocator<U>&) {}  // NOLINT: allocators convert

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= arena_alignment);
    void* memory = arena_allocate(count * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T*, std::size_t) noexcept {}

  template <class U>
  bool operator==(const ArenaAllocator<U>&) const {
    return true;
  }
};

}  // namespace pool::os
