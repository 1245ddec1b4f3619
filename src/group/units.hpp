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

  // Several at once, up to `most`, for tasks that run one after the other: a small share of those that are free, so
  // that they are not missed elsewhere. 0: there are too few for that.
  std::uint32_t take_some(std::uint32_t life, std::uint32_t most) {
    std::uint64_t word = word_.load();
    for (;;) {
      const std::uint32_t limit = limit_.load();
      if (base::high(word) != life || base::low(word) >= limit) return 0;
      const std::uint32_t share = (limit - base::low(word)) / Sys::unit_share;
      const std::uint32_t count = share < most ? share : most;
      if (count <= 1) return 0;
      if (word_.compare_exchange_weak(word, word + count)) return count;
    }
  }

  // Whoever gives some back has to look whether there are tasks for them.
  void give(std::uint32_t life, std::uint32_t count = 1) {
    std::uint64_t word = word_.load();
    while (base::high(word) == life && !word_.compare_exchange_weak(word, word - count)) {
    }
  }

 private:
  typename Sys::template Atomic<std::uint64_t> word_{0};  // generation 63..32 | units that are out 31..0
  typename Sys::template Atomic<std::uint32_t> limit_{0};
};

}  // namespace pool::group
