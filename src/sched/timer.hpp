// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Timer: the slot of one task that waits for its time, and what a pool has for all of them. Type-stable, like all
// slots. The protocol is "Timers" in group/README.md.
#pragma once

#include <cstdint>

#include "base/bits.hpp"
#include "queue/cell.hpp"
#include "queue/wheel.hpp"

namespace pool::sched {

// (A line, and in this order without gaps.)
template <class Sys>
struct alignas(base::cache_line) Timer {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

  // Odd while there is a handle. That ends under the group's mutex.
  Atomic<std::uint32_t> generation{0};
  std::uint32_t index = base::nil;

  // The task, as in its cell, and whose it is. For who holds a list that it is in, or is its claimer.
  std::uintptr_t fn = 0;
  std::uintptr_t ctx = 0;
  Atomic<std::uint32_t> group{base::nil};
  std::uint32_t life = 0;
  std::uint32_t ticket = 0;

  // Under `timers` of the pool, in its wheel. Those in an inbox, and free ones, are chained by `next`.
  std::uint32_t next = base::nil;
  std::int64_t due = 0;
  std::uint32_t previous = base::nil;
  std::uint16_t wheel_slot = queue::no_wheel_slot;

  // The claimer's: else it has a place in the queue.
  bool has_started = false;

  // Under the group's mutex: in one of its lists.
  std::uint8_t flushes : 4 = 0;     // those of the group when it was put into `pending`
  std::uint8_t is_listed : 1 = 0;   // else it is claimed
  std::uint8_t is_expired : 1 = 0;  // in no wheel any more
  std::uint8_t is_fired : 1 = 0;    // while it was claimed
  std::uint8_t has_unit : 1 = 0;
  std::uint32_t next_listed = base::nil;
  std::uint32_t previous_listed = base::nil;
};

// Timers that are armed and still to be put into their lists.
template <class Sys>
struct alignas(base::cache_line) TimerInbox {
  typename Sys::template Atomic<std::uint64_t> word{0};  // how many 63..32 | index + 1 of the first 31..0
};

// The part of a pool.
template <class Sys>
struct Timers {
  // What its free list has are chains of them.
  using Slots = typename Sys::template Slab<Timer<Sys>, 1024, Sys::timer_slots / 1024>;

  typename Sys::AdaptiveMutex mutex;
  queue::Wheel<Sys, Slots> wheel;  // under it
  // Each thread has one of these, few share one.
  TimerInbox<Sys> inboxes[Sys::timer_inboxes];
  // Until when the housekeeper sleeps at most, or it was called.
  typename Sys::template Atomic<std::int64_t> planned{INT64_MAX};
  // There is a housekeeper, and memory. Changed under `growth`.
  typename Sys::template Atomic<std::uint32_t> are_ready{0};

  bool any_armed() const {
    for (const TimerInbox<Sys>& inbox : inboxes) {
      if (inbox.word.load() != 0) return true;
    }
    return false;
  }
};

}  // namespace pool::sched
