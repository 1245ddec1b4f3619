// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Completion: the word in which a group's finished tasks are counted, and on which its waiters sleep. The protocol is
// in group/README.md.
//
// Memory order: sequentially consistent; it is paired with the tail of the group's queue.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/bits.hpp"

namespace pool::group {

template <class Sys>
class Completion {
 public:
  // 63..32 count | 31..18 released | 17..4 arrivals | 3 detached | 2 helper | 1 sleeper | 0 waiter
  static constexpr std::uint32_t waiter = 1;
  static constexpr std::uint32_t sleeper = 2;
  static constexpr std::uint32_t helper = 4;
  static constexpr std::uint32_t detached = 8;

  // One load of the word.
  struct Seen {
    std::uint64_t word;
    std::uint32_t count() const { return base::high(word); }
    std::uint32_t flags() const { return base::low(word); }
    std::uint32_t released() const { return flags() >> released_shift & number_mask; }
    std::uint32_t arrivals() const { return flags() >> arrivals_shift & number_mask; }
    bool has(std::uint32_t flag) const { return (flags() & flag) != 0; }
    // Says whether an empty moment was announced to the waiter with this number.
    bool has_released(std::uint32_t number) const { return ((released() - number) & number_mask) <= number_mask / 2; }
  };

  // Begins a life. Whoever is late from the last one names a word that differs in its numbers; a late waiter whose flag
  // is overwritten finds the generation changed.
  void open(std::uint32_t count) {
    constexpr std::uint64_t both = std::uint64_t{1} << released_shift | std::uint64_t{1} << arrivals_shift;
    const std::uint64_t number = (load().arrivals() + 1) & number_mask;
    // Release: whoever sees this life sees that the last generation is over.
    word_.store(std::uint64_t{count} << 32 | number * both, std::memory_order_release);
  }

  [[gnu::always_inline]] Seen load() const { return {word_.load()}; }

  // Counts finished tasks. The slot may belong to somebody else as soon as this returns a word without `waiter` and
  // `detached`; returns the new word.
  Seen add(std::uint32_t tasks = 1) {
    const std::uint64_t change = std::uint64_t{tasks} << 32;
    return {word_.fetch_add(change) + change};
  }

  // The same for whoever alone changes the word, which he has just seen.
  [[gnu::always_inline]] Seen add_alone(Seen seen, std::uint32_t tasks) {
    const Seen next{seen.word + (std::uint64_t{tasks} << 32)};
    // Release: whoever sees the count sees what the tasks did.
    word_.store(next.word, std::memory_order_release);
    return next;
  }

  // Takes back one finish that will be counted later, for a ticket that the caller holds.
  void lower() { word_.fetch_sub(std::uint64_t{1} << 32); }

  // The group was empty when its word was `seen`: releases all who had arrived by then, and wakes sleepers. `alive()`
  // says whether this still is the life that was seen. `is_watched`, looked at after `seen`: somebody who has arrived
  // wants to know of later moments, too.
  template <class Alive>
  void announce_empty(Seen seen, Alive&& alive, bool is_watched = false) {
    Seen now = seen;
    while (now.has(waiter) && !now.has_released(seen.arrivals()) && !now.has(detached)) {
      const std::uint32_t left = is_watched || now.arrivals() != seen.arrivals() ? waiter : 0;
      if (word_.compare_exchange_strong(now.word, make(now.count(), seen.arrivals(), now.arrivals(), left))) {
        if (now.has(sleeper)) wake_all();
        return;
      }
      if (!alive()) return;
    }
  }

  // Arrives as a waiter: `now` becomes the word with it, its number is `arrivals`. False: as many have arrived since
  // the group was last empty as the numbers can tell apart; `now` has the word.
  bool arrive(Seen& now) {
    now = load();
    while (!is_crowded(now)) {
      const Seen next{make(now.count(), now.released(), now.arrivals() + 1, (now.flags() & flag_mask) | waiter)};
      if (!word_.compare_exchange_weak(now.word, next.word)) continue;
      now = next;
      return true;
    }
    return false;
  }
  static bool is_crowded(Seen seen) { return ((seen.arrivals() - seen.released()) & number_mask) == number_mask / 2; }

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
    wake_all();
  }

  // The handle is gone: returns the word as of that moment, and wakes all waiters so that they notice. The new flag
  // alone changes what they sleep on.
  Seen detach() {
    const Seen seen{word_.fetch_or(detached)};
    if (seen.has(sleeper)) wake_all();
    return seen;
  }

  bool has_sleepers() const { return load().has(sleeper); }

  // The slot is about to be freed, its generation is over: nobody may be left asleep on it. (Whoever announces his
  // sleep after this looks at the generation first.)
  void end() {
    if (!load().has(sleeper)) return;
    word_.fetch_and(~std::uint64_t{flag_mask});
    wake_all();
  }

  // For threads that wait for something else than an empty moment. They announce their sleep like others, but sleep on
  // a count of its own: the flags come and go, and may be the same again when somebody else has announced his sleep.
  // (The model checker found a waiter for a job that was asleep for ever: the job's end had taken the flag away, and
  // another waiter set it again.)
  class Beside {
   public:
    explicit Beside(Completion& completion) : completion_(completion) { completion_.beside_.fetch_add(1); }
    ~Beside() { completion_.beside_.fetch_sub(1); }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;

    // Before what is waited for is looked at.
    void announce_sleep() {
      seen_ = completion_.wakes_.load();
      (void)completion_.announce_sleep(true);
    }
    // Sleeps unless anybody was woken since. False: the deadline is over.
    bool sleep(std::int64_t deadline) { return Sys::wait_until(completion_.wakes_, seen_, deadline); }

   private:
    Completion& completion_;
    std::uint32_t seen_ = 0;
  };

 private:
  void wake_all() {
    wakes_.fetch_add(1);
    Sys::wake_low(word_, INT32_MAX);
    if (beside_.load() != 0) Sys::wake(wakes_, INT32_MAX);
  }

  static constexpr std::uint32_t flag_mask = 15;
  static constexpr std::uint32_t number_mask = (1U << Sys::arrival_bits) - 1;
  static constexpr std::uint32_t arrivals_shift = 4;
  static constexpr std::uint32_t released_shift = 18;
  static_assert(Sys::arrival_bits <= 14);

  static constexpr std::uint64_t make(std::uint32_t count, std::uint32_t released, std::uint32_t arrivals,
                                      std::uint32_t flags) {
    return base::pack(count,
                      (released & number_mask) << released_shift | (arrivals & number_mask) << arrivals_shift | flags);
  }

  typename Sys::template Atomic<std::uint64_t> word_{0};
  typename Sys::template Atomic<std::uint32_t> wakes_{0};
  typename Sys::template Atomic<std::uint32_t> beside_{0};  // threads that may sleep on wakes_
};

}  // namespace pool::group
