// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Job: the slot of one job: a task whose outcome somebody wants. Type-stable, like all slots. The protocol is "Jobs" in
// group/README.md.
//
// `word` is generation 63..32 | flags and phase 31..0; the generation is odd while there is a handle. References: the
// cell in the queue (until the job is over and its cell claimed), the handle, the group's list of kept jobs.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace pool::sched {

// What the user's side of a job is.
struct JobCalls {
  std::int32_t (*fn)(void* ctx, void** result) = nullptr;
  void* ctx = nullptr;
  void (*drop)(void* ctx) = nullptr;
  void (*drop_result)(void* result) = nullptr;
};

template <class Sys>
struct Job {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

  enum Phase : std::uint32_t { queued, running, succeeded, failed, cancelled, discarded };
  static constexpr std::uint32_t phase_mask = 7;
  static constexpr std::uint32_t waited = 8;     // somebody may sleep until it is over
  static constexpr std::uint32_t taken = 16;     // the result was handed over
  static constexpr std::uint32_t released = 32;  // the handle was let go of
  static constexpr std::uint32_t kept = 64;      // in its group's list
  static constexpr std::uint32_t early = 128;    // started before its turn: its cell is a tombstone

  Atomic<std::uint64_t> word{0};
  Atomic<std::uint32_t> references{0};
  // Started before its turn, it is over when it has run and its cell was claimed: two parts.
  Atomic<std::uint32_t> parts{2};
  Atomic<std::uint32_t> code{0};
  Atomic<void*> result{nullptr};
  Atomic<std::uint32_t> group{base::nil};
  Atomic<std::uint32_t> group_life{0};

  // Written before the submit, read by those who run or free the job.
  JobCalls calls;
  std::uint32_t index = base::nil;

  std::uint32_t ticket = 0;
  std::int64_t submitted = 0;  // when, if it is timed

  // In the list of kept jobs, under its group's mutex.
  std::uint32_t next = base::nil;
  std::uint32_t previous = base::nil;

  static Phase phase(std::uint64_t word) { return static_cast<Phase>(base::low(word) & phase_mask); }
  static bool is_over(std::uint64_t word) { return phase(word) > running; }

  // Begins a life; returns its generation.
  std::uint32_t open(std::uint32_t slot, std::uint32_t group_slot, std::uint32_t life) {
    index = slot;
    references.store(2);
    parts.store(2);
    code.store(0);
    result.store(nullptr);
    group.store(group_slot);
    group_life.store(life);
    const std::uint32_t generation = (base::high(word.load()) + 1) | 1U;
    word.store(base::pack(generation, queued));
    return generation;
  }

  // From queued to running, by whoever has claimed its cell. False: it is not queued any more.
  bool start() {
    std::uint64_t now = word.load();
    while (phase(now) == queued) {
      if (word.compare_exchange_weak(now, now + running)) return true;
    }
    return false;
  }
  // From queued to running before its turn, or to cancelled, by whoever has a handle. False: not queued any more, or
  // the handle is over.
  bool leave_queue(std::uint32_t generation, std::uint32_t change) {
    std::uint64_t now = word.load();
    while (phase(now) == queued && base::high(now) == generation) {
      if (word.compare_exchange_weak(now, now + change)) return true;
    }
    return false;
  }
  // Its cell is a tombstone.
  bool is_early() const { return (base::low(word.load()) & early) != 0; }

  // To its last phase; says whether somebody may sleep.
  bool finish(Phase end) {
    std::uint64_t now = word.load();
    while (!word.compare_exchange_weak(now, (now & ~std::uint64_t{phase_mask}) | end)) {
    }
    return (base::low(now) & waited) != 0;
  }
};

}  // namespace pool::sched
