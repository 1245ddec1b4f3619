// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Timing: how long tasks wait and run, measured of one task in so many. While it is on, the others do not take the
// shortest way into a queue either, but one nearly as short (`OnlyTimed` in sched/submit_fast.hpp), and the first one
// of a queue looks at the clock; off, it costs one look.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/histogram.hpp"

namespace pool::sched {

template <class Sys>
class Histogram {
 public:
  void add(std::int64_t duration) {
    duration = std::max<std::int64_t>(duration, 0);
    const std::uint32_t bucket = std::min(base::bucket_of(duration), Sys::histogram_buckets - 1);
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(static_cast<std::uint64_t>(duration), std::memory_order_relaxed);
    std::int64_t longest = longest_.load(std::memory_order_relaxed);
    while (duration > longest && !longest_.compare_exchange_weak(longest, duration, std::memory_order_relaxed)) {
    }
  }
  void clear() {
    for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
    sum_.store(0, std::memory_order_relaxed);
    longest_.store(0, std::memory_order_relaxed);
  }

  std::uint64_t count(std::uint32_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
  std::int64_t longest() const { return longest_.load(std::memory_order_relaxed); }

 private:
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

  Atomic<std::uint64_t> counts_[Sys::histogram_buckets];
  Atomic<std::uint64_t> sum_{0};
  Atomic<std::int64_t> longest_{0};
};

// A timed task starts: what of its pool's and its group's accounts that is.
template <class Sys, class Pool, class Group>
std::int64_t time_start(Pool& pool, Group& group, std::int64_t submitted) {
  const std::int64_t now = Sys::now();
  pool.waits.add(now - submitted);
  // Those behind it came later.
  group.oldest.store(submitted, std::memory_order_relaxed);
  return now;
}

}  // namespace pool::sched
