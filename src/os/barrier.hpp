// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// An asymmetric barrier: of two threads that each store and then look at what the other has stored, one pays nothing,
// and the other, which comes seldom, pays for both (membarrier; some microseconds).
//
// Guarantees: after watch_barrier() returned true, a heavy_barrier() orders, for each thread of the process, all that
// the thread did before some point of its program before all that it does after it, as if a full fence stood there.
#pragma once

#include <atomic>
#include <cstdint>

namespace pool::os {

extern std::atomic<bool> has_barrier;

// Asks the kernel for it. False: it has none; then both sides pay for themselves.
bool watch_barrier() noexcept;

// Requires: has_barrier.
void heavy_barrier() noexcept;

}  // namespace pool::os
