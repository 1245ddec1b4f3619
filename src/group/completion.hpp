// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Completion: the word in which a group's finished tasks are counted, and on which its waiters sleep. The protocol is in
// group/README.md.
//
// Memory order: sequentially consistent; it is paired with the tail of the group's queue.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace pool::group {

template <class Sys>
class Completion {
 public:
  // 63..32 count | 31..4 epoch | 3 detached | 2 helper | 1 sleeper | 0 waiter
  static constexpr std::uint32_t waiter = 1;
  static constexpr std::uint32_t sleeper = 2;
  static constexpr std::uint32_t helper = 4;
  static constexpr std::uint32_t detached = 8;
  static constexpr std::uint32_t one_epoch = 16;

  // One load of the word.
  struct Seen {
    std::uint64_t word;
    std::uint32_t count() const { return base::high(word); }
    std::uint32_t flags() const { return base::low(word); }
    std::uint32_t epoch() const { return flags() / one_epoch; }
    bool has(std::uint32_t flag) const { return (flags() & flag) != 0; }
  };

  // Begins a life, in a new epoch: a late completer of the last one names the old one and fails.
  void open(std::uint32_t count) {
    std::uint64_t word = word_.load();
    while (!word_.compare_exchange_weak(word, base::pack(count, next_epoch(base::low(word))))) {
    }
  }

  Seen load() const { return {word_.load()}; }

  // Counts a finished task. The slot may belong to somebody else as soon as this returns a word without `waiter` and
  // `detached`; returns the new word.
  Seen add() { return {word_.fetch_add(std::uint64_t{1} << 32) + (std::uint64_t{1} << 32)}; }

  // Takes back one finish that will be counted later, for a ticket that the caller holds.
  void lower() { word_.fetch_sub(std::uint64_t{1} << 32); }

  // The group was seen empty with `waiter` set: moves the epoch on and wakes sleepers, unless somebody else did.
  void announce_empty(Seen seen) {
    while (seen.has(waiter)) {
      std::uint64_t word = seen.word;
      if (word_.compare_exchange_strong(word, base::pack(seen.count(), next_epoch(seen.flags())))) {
        if (seen.has(sleeper)) Sys::wake_low(word_, INT32_MAX);
        return;
      }
      const Seen now{word};
      if (now.count() != seen.count() || now.epoch() != seen.epoch() || now.has(detached)) return;
      seen = now;
    }
  }

  // From now on the epoch moves on when the group is seen empty. Returns the word as of that moment.
  Seen announce_wait() { return {word_.fetch_or(waiter) | waiter}; }

  // Announces that we are going to sleep; returns the word with the flags set.
  Seen announce_sleep(bool helps) {
    const std::uint64_t flags = waiter | sleeper | (helps ? helper : 0);
    return {word_.fetch_or(flags) | flags};
  }

  // Sleeps while the flags are what `seen` has. False: the deadline is over.
  bool sleep(Seen seen, std::int64_t deadline) { return Sys::wait_low_until(word_, seen.flags(), deadline); }

  // There is work for sleeping helpers.
  void wake_helpers() {
    word_.fetch_and(~std::uint64_t{helper});
    Sys::wake_low(word_, INT32_MAX);
  }

  // The handle is gone: returns the word as of that moment, and wakes all waiters so that they notice. The new flag alone
  // changes what they sleep on.
  Seen detach() {
    const Seen seen{word_.fetch_or(detached)};
    if (seen.has(sleeper)) Sys::wake_low(word_, INT32_MAX);
    return seen;
  }

  // The slot is about to be freed: nobody may be left asleep on it.
  void end() {
    Seen seen = load();
    while (!word_.compare_exchange_weak(seen.word, base::pack(seen.count(), next_epoch(seen.flags())))) {
    }
    if (seen.has(sleeper)) Sys::wake_low(word_, INT32_MAX);
  }

 private:
  // Without any flag.
  static constexpr std::uint32_t next_epoch(std::uint32_t flags) {
    return (flags & ~(one_epoch - 1)) + one_epoch;
  }

  typename Sys::template Atomic<std::uint64_t> word_{0};
};

}  // namespace pool::group
