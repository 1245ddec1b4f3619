// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Callbacks: the pairs of a task's function and its drop, each by a number, so that a cell says both and the task needs
// nothing besides. A program has few of them, and they are values: none is ever taken out. The protocol is "Callbacks"
// in queue/README.md.
//
// Guarantees: number_of() is wait-free and allocates nothing; a number that it has returned says the same pair for
// ever, to everybody who got it in a way that orders it after that.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "base/bits.hpp"

namespace pool::sched {

template <class Sys>
class Callbacks {
  // Four to a set, and a set to a cache line.
  static constexpr std::uint32_t set_size = 4;

 public:
  static constexpr std::uint32_t count = Sys::callback_sets * set_size;
  struct Both {
    std::uintptr_t fn;
    std::uintptr_t drop;
  };

  // Of a pair of neither null; nil: its set is full, or somebody is about to enter one there.
  std::uint32_t number_of(const Both& both) {
    const std::uint32_t first = set_of(both) * set_size;
    for (std::uint32_t number = first; number != first + set_size; ++number) {
      Pair& pair = pairs_[number];
      const std::uintptr_t fn = pair.fn.load(std::memory_order_acquire);
      if (fn == 0) {
        std::uintptr_t none = 0;
        if (!pair.drop.compare_exchange_strong(none, both.drop, std::memory_order_relaxed)) return base::nil;
        pair.fn.store(both.fn, std::memory_order_release);
        return number;
      }
      if (fn == both.fn && pair.drop.load(std::memory_order_relaxed) == both.drop) return number;
    }
    return base::nil;
  }

  Both operator[](std::uint32_t number) const {
    return {pairs_[number].fn.load(std::memory_order_relaxed), pairs_[number].drop.load(std::memory_order_relaxed)};
  }

 private:
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;
  struct Pair {
    Atomic<std::uintptr_t> fn{0};  // 0: the pair is not there yet
    Atomic<std::uintptr_t> drop{0};
  };

  static std::uint32_t set_of(const Both& both) {
    const std::uint64_t mixed = (both.fn ^ std::rotl(std::uint64_t{both.drop}, 24)) * 0x9e3779b97f4a7c15;
    return static_cast<std::uint32_t>(mixed >> 40) % Sys::callback_sets;
  }

  alignas(base::cache_line) Pair pairs_[count];
};

}  // namespace pool::sched
