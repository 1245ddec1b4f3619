// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// FreeList: indexes of free slots, last in, first out, from any thread, lock-free.
//
// Requires: grow(n) before more than the sum of all n indexes are pushed.
// Guarantees: push and pop neither allocate nor block. What happened before a push happens before its pop.
#pragma once

#include <boost/lockfree/stack.hpp>
#include <cstddef>
#include <cstdint>

#include "os/arena.hpp"

namespace pool::queue {

class FreeList {
 public:
  FreeList() : stack_(0) {}

  // Makes room for n more indexes. Throws std::bad_alloc.
  void grow(std::size_t n) { stack_.reserve(n); }

  // bounded_push never allocates; it fails only if the room is used up, which `grow` excludes.
  bool push(std::uint32_t index) { return stack_.bounded_push(index); }
  bool pop(std::uint32_t& index) { return stack_.pop(index); }

 private:
  // Not of fixed size: those are limited to 65,534 elements.
  // Its nodes are known by tagged pointers alone, which leak checkers cannot follow: they do not come from malloc.
  boost::lockfree::stack<std::uint32_t, boost::lockfree::allocator<os::ArenaAllocator<std::uint32_t>>> stack_;
};

}  // namespace pool::queue
