// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Cell: one accepted task, 16 bytes. `fn` is stored last, with release: a cell whose fn is 0 is not ready.
#pragma once

#include <cstdint>

namespace pool::queue {

// What a cell holds, once it is out of the queue.
struct Work {
  std::uintptr_t fn = 0;
  std::uintptr_t ctx = 0;
};

template <template <class> class Atomic>
struct Cell {
  Atomic<std::uintptr_t> fn;
  Atomic<std::uintptr_t> ctx;
};

}  // namespace pool::queue
