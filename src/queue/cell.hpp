// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Cell: one accepted task, 16 bytes. `fn` is stored last, with release: a cell whose fn is 0 is not ready.
#pragma once

#include <cstdint>

namespace pool::queue {

// What a cell holds, and, once it is out of the queue, the generation that the queue was opened with, whether the
// claimer holds a unit of its limit, and the ticket: with group and generation it tells the task from all others.
struct Work {
  std::uintptr_t fn = 0;
  std::uintptr_t ctx = 0;
  std::uint32_t life = 0;
  bool unit = false;
  std::uint32_t ticket = 0;
};

template <template <class> class Atomic>
struct Cell {
  Atomic<std::uintptr_t> fn;
  Atomic<std::uintptr_t> ctx;
};

}  // namespace pool::queue
