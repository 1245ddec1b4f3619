// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Units: how many tasks of a group with a limit (max_concurrency) run. The protocol is "Limit" in group/README.md.
//
// Guarantees: never more units out than the limit; what the holder of a unit did happens before the next taker of it
// goes on. Both name the life: a unit of a life that is over is not given back to the next.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace pool::group {

template <class Sys>
class Units {
 public:
  void open(std::uint32_t life) { word_.store(base::pack(life, 0), std::memory_order_relaxed); }
  // 0: none, nobody needs a unit. Requires: a life that nobody else knows yet.
  void limit(std::uint32_t limit) { limit_.store(limit, std::memory_order_relaxed); }

  bool are_limited() const { return limit_.load() != 0; }
  bool is_serial() const { return limit_.load() == 1; }
  bool any_free() const { return !are_limited() || base::low(word_.load()) < limit_.load(); }

  bool take(std::uint32_t life) {
    std::uint64_t word = word_.load();
    while (base::high(word) == life && base::low(word) < limit_.load()) {
      if (word_.compare_exchange_weak(word, word + 1)) return true;
    }
    return false;
  }

  // Whoever gives one back has to look whether there is a task for it.
  void give(std::uint32_t life) {
    std::uint64_t word = word_.load();
    while (base::high(word) == life && !word_.compare_exchange_weak(word, word - 1)) {
    }
  }

 private:
  typename Sys::template Atomic<std::uint64_t> word_{0};  // generation 63..32 | units that are out 31..0
  typename Sys::template Atomic<std::uint32_t> limit_{0};
};

}  // namespace pool::group
