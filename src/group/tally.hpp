// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Tally: what happened to the tasks of one group besides success: failed (first failure kept), cancelled, discarded,
// and from where on these make its outcome. `entered` counts who is inside by pool_group_enter.
//
// Guarantees: counts only grow within a life. Everything is told before the task is counted as finished, so that an
// empty group's tally is whole; only tasks that are discarded as they come are told while they are counted nowhere
// else.
#pragma once

#include <cstdint>

#include "base/bits.hpp"
#include "group/failure.hpp"

namespace pool::group {

// POOL_OK, POOL_ECANCELED, POOL_EFAILED.
enum class Outcome : std::int32_t { success = 0, cancelled = -8, failed = -12 };

template <class Sys>
class Tally {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

 public:
  // Begins a life. Requires: no task is unfinished.
  void open(std::uint32_t life) {
    refused_.store(tag(life), std::memory_order_relaxed);
    entered_.store(base::pack(life, 0), std::memory_order_relaxed);
    if (is_touched_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      clear();
  }

  void fail(std::int32_t code, const char* text) {
    touch();
    failure_.record(code, text);
  }
  void cancel_one() {
    touch();
    cancelled_.fetch_add(1);
  }
  void discard_one() {
    touch();
    discarded_.fetch_add(1);
  }
  // A task that was accepted and dropped before it got a ticket. After 2^40 of them, days of nothing else, no more are
  // counted: one more would be another life's.
  void discard_newcomer(std::uint32_t life) {
    touch();
    std::uint64_t word = refused_.load();
    while ((word & tag_mask) == tag(life) && (word & ~tag_mask) != ~tag_mask &&
           !refused_.compare_exchange_weak(word, word + 1)) {
    }
  }

  const FirstFailure<Sys>& failure() const { return failure_; }
  std::uint64_t failed() const { return failure_.count(); }
  std::uint64_t cancelled() const { return cancelled_.load(); }
  std::uint64_t discarded_in_queue() const { return discarded_.load(); }
  std::uint64_t discarded_newcomers() const { return refused_.load() & ~tag_mask; }

  // False: there was nothing but successes.
  bool is_touched() const { return is_touched_.load(std::memory_order_acquire) != 0; }

  Outcome outcome() const {
    if (!is_touched()) [[likely]]
      return Outcome::success;
    if (failed() != failed_before_.load() || discarded() != discarded_before_.load()) return Outcome::failed;
    return cancelled() != cancelled_before_.load() ? Outcome::cancelled : Outcome::success;
  }

  // What was until now counts no more. Requires: the group is empty.
  void reset() {
    failed_before_.store(failed());
    cancelled_before_.store(cancelled());
    discarded_before_.store(discarded());
    failure_.forget();
  }

  // For tests: as if so many had been discarded as they came.
  void start_newcomers_at(std::uint64_t count) {
    touch();
    refused_.fetch_add(count);
  }

  bool enter(std::uint32_t life) { return change_entered(life, 1); }
  bool leave(std::uint32_t life) { return change_entered(life, UINT32_MAX); }

 private:
  // Before anything else than success is told. (By a late teller of an earlier life without need.)
  void touch() {
    if (is_touched_.load(std::memory_order_relaxed) == 0) is_touched_.store(1, std::memory_order_release);
  }
  [[gnu::noinline]] void clear() {
    is_touched_.store(0, std::memory_order_relaxed);
    cancelled_.store(0, std::memory_order_relaxed);
    discarded_.store(0, std::memory_order_relaxed);
    failed_before_.store(0, std::memory_order_relaxed);
    cancelled_before_.store(0, std::memory_order_relaxed);
    discarded_before_.store(0, std::memory_order_relaxed);
    failure_.open();
  }

  // The upper 24 bits of `refused_` are those of the generation: a late teller of an earlier life changes nothing.
  static constexpr std::uint64_t tag_mask = ~std::uint64_t{0} << 40;
  static constexpr std::uint64_t tag(std::uint32_t life) { return std::uint64_t{life} << 40; }

  std::uint64_t discarded() const { return discarded_in_queue() + discarded_newcomers(); }

  bool change_entered(std::uint32_t life, std::uint32_t change) {
    std::uint64_t word = entered_.load();
    while (base::high(word) == life && (change == 1 || base::low(word) != 0)) {
      if (entered_.compare_exchange_weak(word, base::pack(life, base::low(word) + change))) return true;
    }
    return false;
  }

  FirstFailure<Sys> failure_;
  Atomic<std::uint64_t> cancelled_{0};
  Atomic<std::uint64_t> discarded_{0};
  Atomic<std::uint64_t> refused_{0};
  Atomic<std::uint64_t> failed_before_{0};
  Atomic<std::uint64_t> cancelled_before_{0};
  Atomic<std::uint64_t> discarded_before_{0};
  Atomic<std::uint64_t> entered_{0};
  // Something else than success has been told, in this life or one before: most lives leave it as it is, which saves
  // their successors to clear the rest.
  Atomic<std::uint32_t> is_touched_{0};
};

}  // namespace pool::group
