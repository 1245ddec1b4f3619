// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// fork(): what a child has to know, and what it must not find locked.
//
// A child of fork() has one thread, the one that forked, and a copy of all memory as it was at that moment: mutexes
// that other threads held stay locked for ever, and what these threads were changing stays half changed. So the child
// uses nothing of its parent's. Three things make that hold:
//
//  1. era: how many forks lie between the first process and this one. Handles carry it (base/handle.hpp), frames and
//     loops remember the one they began in: whoever meets another era than his own touches nothing that he had.
//  2. The few locks that outlive a fork, all leaves of bounded length (the arena's, the log's), are taken before it and
//     given back on both sides.
//  3. A hook in the child, which lets go of the parent's world before anybody else runs there.
//
// Not seen: children made by vfork(), posix_spawn(), _Fork() or clone(), which run no handlers; all they may do is
// exec.
#pragma once

#include <atomic>
#include <cstdint>

namespace pool::os {

extern std::atomic<std::uint32_t> era_counter;

// Relaxed: it changes only while the process has one thread.
inline std::uint32_t era() { return era_counter.load(std::memory_order_relaxed); }

// Watches for forks from now on; `in_child` is called in each child, on its only thread. Thread-safe; only the first
// call counts. False: no memory.
bool watch_forks(void (*in_child)()) noexcept;

}  // namespace pool::os
