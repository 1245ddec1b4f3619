// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Group: the slot of one group. It is type-stable: made once, reused under a new generation, never unmapped. What a
// late reader may look at is atomic; `pool` and `overflow` are written while nobody holds a handle.
#pragma once

#include "base/bits.hpp"
#include "group/completion.hpp"
#include "group/failure.hpp"
#include "queue/ticket_queue.hpp"

namespace pool::group {

struct Counters {
  std::uint64_t submitted, succeeded, failed, cancelled, queued, running;
};

template <class Sys>
struct alignas(base::cache_line) Group {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;
  using Queue = queue::TicketQueue<Sys>;

  // Submitters and claimers write here.
  Queue queue;
  // Finishers write here.
  alignas(base::cache_line) Completion<Sys> completion;
  Atomic<std::uint64_t> cancelled{0};
  Atomic<std::uint32_t> rounds{0};         // how often the last ticket, 2^32 - inline_cells - 1, was taken
  Atomic<std::uint32_t> tombstones{0};     // not claimed yet
  Atomic<std::uint64_t> succeeded{0};      // as it was last told
  Atomic<std::uint32_t> index{base::nil};  // of this slot; always the same
  Atomic<std::uint32_t> pool{base::nil};
  Atomic<std::uint32_t> pool_generation{0};
  Atomic<std::uint32_t> overflow{0};
  FirstFailure<Sys> failure;

  // Begins a life. Requires: the slot is the caller's alone (late readers apart).
  void open(std::uint32_t pool_index, std::uint32_t pool_life, std::uint32_t policy, std::uint32_t generation) {
    completion.open(Queue::first_ticket);
    cancelled.store(0, std::memory_order_relaxed);
    rounds.store(0, std::memory_order_relaxed);
    tombstones.store(0, std::memory_order_relaxed);
    succeeded.store(0, std::memory_order_relaxed);
    pool.store(pool_index, std::memory_order_relaxed);
    pool_generation.store(pool_life, std::memory_order_relaxed);
    overflow.store(policy, std::memory_order_relaxed);
    failure.open();
    queue.open(generation);  // last: this publishes the rest
  }

  // Exact while the group is empty, and never falling apart from the gauges, which are right for some moment of the
  // call.
  Counters counters() {
    // In this order each difference is at least 0: count <= head <= tail at any moment, and all grow. Failures are
    // loaded after the count that includes them, so that what is left of it is never too much. What was told is loaded
    // before all others: told later, by another caller, it could be more than this call's tail.
    std::uint64_t told = succeeded.load();
    const std::uint32_t not_tasks = tombstones.load();
    const std::uint32_t count = completion.load().count();
    const std::uint64_t failed = failure.count();
    const std::uint64_t dropped = cancelled.load();
    const std::uint32_t head = queue.head();
    const std::uint32_t tail = queue.tail();
    const std::uint64_t all = (std::uint64_t{rounds.load()} << 32) + (tail - Queue::first_ticket);
    const std::uint64_t unfinished = tail - count;
    const std::uint64_t finished = all > unfinished ? all - unfinished : 0;
    const std::uint64_t least = finished > failed + dropped ? finished - failed - dropped : 0;
    const std::uint64_t succeeded_now = told < least ? least : told;
    while (told < least && !succeeded.compare_exchange_weak(told, least)) {
    }
    return {.submitted = all,
            .succeeded = succeeded_now,
            .failed = failed,
            .cancelled = dropped,
            .queued = std::uint64_t{tail - head} - (tail - head < not_tasks ? tail - head : not_tasks),
            .running = static_cast<std::int32_t>(head - count) > 0 ? head - count : 0};
  }
};

}  // namespace pool::group
