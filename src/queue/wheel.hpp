// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Wheel: entries by the time when they are due, in a hierarchy of circles: each slot of a higher one is as long as the
// whole circle below. An entry lies in the lowest circle whose current round has its time; it comes down when its slot
// does, once a circle at most. To put one in or take one out is O(1).
//
// Guarantees: nothing is given out before its time, nor more than a tick after it. next() is the exact time of the
// first entry, unless that was taken out: then it may be earlier. Not thread-safe.
#pragma once

#include <bit>
#include <cstdint>

#include "base/bits.hpp"

namespace pool::queue {

// Of an entry that is in no wheel.
inline constexpr std::uint16_t no_wheel_slot = UINT16_MAX;

// An entry has due (ns), next, previous (indexes) and wheel_slot; it is found by `entries[index]`.
template <class Sys, class Entries>
class Wheel {
  static constexpr std::uint32_t bits = Sys::wheel_bits;
  static constexpr std::uint32_t width = 1U << bits;
  static constexpr std::uint32_t circles = Sys::wheel_circles;
  static_assert(bits <= 6);
  static_assert(std::uint64_t{bits} * circles + std::bit_width(static_cast<std::uint64_t>(Sys::wheel_tick)) > 63,
                "any time has a slot");

 public:
  static constexpr std::int64_t never = INT64_MAX;

  // Gets its memory, once. False: there is none.
  bool allocate() {
    has_memory_ = has_memory_ || slots_.allocate();
    return has_memory_;
  }

  // Requires: memory; and an entry that is in no wheel.
  void put(Entries& entries, std::uint32_t index, std::int64_t now) {
    const std::int64_t due = entries[index].due;
    // The nearer now is, the lower is the circle.
    if (const std::uint64_t end = tick_of(now); end > now_ && end < first_start()) now_ = end;
    // Up to the next tick: never early. One that is over is due in the next.
    const std::uint64_t tick = tick_of(due - 1) + 1;
    put_at(entries, index, tick > now_ ? tick : now_ + 1);
  }

  void take_out(Entries& entries, std::uint32_t index) {
    auto& entry = entries[index];
    if (entry.wheel_slot == no_wheel_slot) return;
    Slot& slot = slots_[entry.wheel_slot];
    if (entry.previous != base::nil) {
      entries[entry.previous].next = entry.next;
    } else {
      slot.first = entry.next + 1;
    }
    if (entry.next != base::nil) entries[entry.next].previous = entry.previous;
    if (slot.first == 0) filled_[entry.wheel_slot / width] &= ~(std::uint64_t{1} << entry.wheel_slot % width);
    entry.wheel_slot = no_wheel_slot;
  }

  // Takes out one that is due at `now` (ns); nil: none is.
  std::uint32_t take_due(Entries& entries, std::int64_t now) {
    const std::uint64_t end = tick_of(now);
    for (;;) {
      const std::uint64_t start = first_start();
      if (start > end) return base::nil;
      const std::uint32_t at = first_slot();
      now_ = start;
      const std::uint32_t index = slots_[at].first - 1;
      if (at < width) {
        take_out(entries, index);
        return index;
      }
      // Down, to where they belong now.
      filled_[at / width] &= ~(std::uint64_t{1} << at % width);
      slots_[at].first = 0;
      for (std::uint32_t each = index; each != base::nil;) {
        const std::uint32_t following = entries[each].next;
        put_at(entries, each, tick_of(entries[each].due - 1) + 1);
        each = following;
      }
    }
  }

  // When the first one is due, in ns.
  std::int64_t next() const {
    const std::uint32_t at = first_slot();
    if (at == none) return never;
    const std::uint64_t tick = at < width ? start_of(at) : slots_[at].earliest;
    return tick > static_cast<std::uint64_t>(never) / tick_ns ? never : static_cast<std::int64_t>(tick * tick_ns);
  }

 private:
  static constexpr std::uint64_t tick_ns = Sys::wheel_tick;
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Slot {
    std::uint32_t first;     // the index of the first entry + 1, so that zeros are an empty slot
    std::uint64_t earliest;  // the least tick that was put here since it was empty
  };

  // The tick that `time` is in. (What is over is due at once.)
  static std::uint64_t tick_of(std::int64_t time) { return time <= 0 ? 0 : static_cast<std::uint64_t>(time) / tick_ns; }

  void put_at(Entries& entries, std::uint32_t index, std::uint64_t tick) {
    auto& entry = entries[index];
    // The highest digit in which it differs from now says which circle.
    const std::uint64_t differs = (tick ^ now_) | 1;
    const std::uint32_t circle = static_cast<std::uint32_t>(std::bit_width(differs) - 1) / bits;
    const auto place = static_cast<std::uint32_t>(tick >> bits * circle) % width;
    Slot& slot = slots_[circle * width + place];
    if (slot.first == 0 || tick < slot.earliest) slot.earliest = tick;
    entry.next = slot.first - 1;
    entry.previous = base::nil;
    entry.wheel_slot = static_cast<std::uint16_t>(circle * width + place);
    if (entry.next != base::nil) entries[entry.next].previous = index;
    slot.first = index + 1;
    filled_[circle] |= std::uint64_t{1} << place;
  }

  // The lower circles come before the higher ones, and in each the lowest slot is the next: those before now are empty.
  std::uint32_t first_slot() const {
    for (std::uint32_t circle = 0; circle < circles; ++circle) {
      if (filled_[circle] != 0) return circle * width + static_cast<std::uint32_t>(std::countr_zero(filled_[circle]));
    }
    return none;
  }
  std::uint64_t first_start() const {
    const std::uint32_t at = first_slot();
    return at == none ? UINT64_MAX : start_of(at);
  }
  std::uint64_t start_of(std::uint32_t at) const {
    const std::uint32_t circle = at / width;
    const std::uint64_t below = std::uint64_t{at % width} << bits * circle;
    // (No digits are left above the last circle of 64 bits.)
    const std::uint32_t above = bits * (circle + 1);
    return (above < 64 ? now_ >> above << above : 0) | below;
  }

  typename Sys::template Array<Slot, std::size_t{circles} * width> slots_;
  std::uint64_t filled_[circles] = {};
  std::uint64_t now_ = 0;  // the tick up to which everything was given out
  bool has_memory_ = false;
};

}  // namespace pool::queue
