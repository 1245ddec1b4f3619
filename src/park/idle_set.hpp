// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// IdleSet: which workers sleep, whether any searches, how many there are, and how many of these are leaving. The
// protocol is in park/README.md.
//
// Memory order: `state` and what it is paired with (the ready set, the queues) are sequentially consistent.
#pragma once

#include <cstdint>
#include <mutex>

namespace pool::park {

// What a worker sleeps on. Lives in a type-stable slot: a late waker may touch the token of a later worker.
template <class Sys>
struct Parker {
  // `look` leaves the worker on the stack: it is to decide anew how long it may sleep. `none` from sleep(): timed out.
  enum Token : std::uint32_t { none = 0, search = 1, stop = 2, look = 3 };

  typename Sys::template Atomic<std::uint32_t> token{none};
  Parker* below = nullptr;  // the idle stack, under its mutex
  Parker* above = nullptr;
  bool stacked = false;

  // Sleeps until the token is set, and takes it; or until `deadline`.
  Token sleep(std::int64_t deadline) {
    for (;;) {
      const std::uint32_t got = token.exchange(none);
      if (got != none) return static_cast<Token>(got);
      if (!Sys::wait_until(token, none, deadline)) return static_cast<Token>(token.exchange(none));
    }
  }
};

template <class Sys>
class IdleSet {
 public:
  using Slot = Parker<Sys>;

  // One load of the packed word.
  struct State {
    std::uint64_t word;
    std::uint32_t searching() const { return field(0); }
    std::uint32_t idle() const { return field(1); }
    std::uint32_t threads() const { return field(2); }
    std::uint32_t leaving() const { return field(3); }
    std::uint32_t active() const { return threads() - leaving(); }
    // Not parked: at work, or looking for it.
    std::uint32_t running() const { return active() - idle(); }

   private:
    std::uint32_t field(unsigned i) const { return static_cast<std::uint32_t>(word >> 16 * i & 0xffff); }
  };

  State state() const { return {state_.load()}; }

  // Step 3 of "Wake one": claims the searching role for somebody else. False: the state is another one by now.
  bool begin_search(State seen) { return state_.compare_exchange_strong(seen.word, seen.word + one_searching); }
  // Becomes a searching worker, unless there are two.
  static constexpr std::uint32_t most_searching = 2;
  bool try_search() {
    for (;;) {
      const State seen = state();
      if (seen.searching() >= most_searching) return false;
      if (begin_search(seen)) return true;
    }
  }
  void end_search() { state_.fetch_sub(one_searching); }

  // Counts a thread to be created, which starts as a searching one if `searching`. False: the state is another one by
  // now.
  bool begin_thread(State seen, bool searching) {
    return state_.compare_exchange_strong(seen.word, seen.word + one_thread + (searching ? one_searching : 0));
  }
  // It could not be created.
  void undo_thread(bool searching) { state_.fetch_sub(one_thread + (searching ? one_searching : 0)); }
  // One that was not leaving ended, and was joined or given up.
  void end_thread() { state_.fetch_sub(one_thread); }

  // Raises leaving, unless no more than `keep` are active. For a worker that is neither idle nor searching.
  bool begin_leave(std::uint32_t keep) {
    for (;;) {
      const State seen = state();
      if (seen.active() <= keep) return false;
      std::uint64_t expected = seen.word;
      if (state_.compare_exchange_strong(expected, seen.word + one_leaving)) return true;
    }
  }
  void must_leave() { state_.fetch_add(one_leaving); }
  // The one that wanted to leave stays; or its place has gone to a new thread.
  void undo_leave() { state_.fetch_sub(one_leaving); }
  // The one that left is joined.
  void end_leave() { state_.fetch_sub(one_leaving + one_thread); }

  // Step 1 of "Park".
  void enter(Slot& slot, bool searching) {
    const std::lock_guard lock(mutex_);
    push(slot);
    state_.fetch_add(one_idle - (searching ? one_searching : 0));
  }

  // Step 1 of "Stand by", for a worker that does not search. False: no more than `keep` run.
  bool enter_beyond(Slot& slot, std::uint32_t keep) {
    const std::lock_guard lock(mutex_);
    for (;;) {
      const State seen = state();
      if (seen.running() <= keep) return false;
      std::uint64_t expected = seen.word;
      if (state_.compare_exchange_strong(expected, seen.word + one_idle)) break;
    }
    push(slot);
    return true;
  }

  // Step 3 of "Park". False: a waker was faster, and the slot's token is set.
  bool leave(Slot& slot) {
    const std::lock_guard lock(mutex_);
    if (!slot.stacked) return false;
    unlink(slot);
    state_.fetch_sub(one_idle);
    return true;
  }

  // Step 1 of "Retire". `keep`: says how many have to stay active; asked under the mutex.
  enum class Retired { leaving, stays, woken };
  template <class Keep>
  Retired retire(Slot& slot, Keep&& keep) {
    const std::lock_guard lock(mutex_);
    if (!slot.stacked) return Retired::woken;
    for (;;) {
      const State seen = state();
      if (seen.active() <= keep()) return Retired::stays;
      std::uint64_t expected = seen.word;
      if (state_.compare_exchange_strong(expected, seen.word - one_idle + one_leaving)) break;
    }
    unlink(slot);
    return Retired::leaving;
  }

  // Takes the worker that parked last off the stack and sets its token. False: nobody is idle.
  bool wake_top(typename Slot::Token token) {
    Slot* slot = nullptr;
    {
      const std::lock_guard lock(mutex_);
      slot = top_;
      if (slot == nullptr) return false;
      unlink(*slot);
      state_.fetch_sub(one_idle);
      slot->token.store(token);
    }
    // The worker may be gone by now; its slot is not.
    Sys::wake(slot->token, 1);
    return true;
  }

  // Makes all idle workers decide anew how long they may sleep. They stay on the stack, in their order.
  void look_all() {
    const std::lock_guard lock(mutex_);
    for (Slot* slot = top_; slot != nullptr; slot = slot->below) {
      slot->token.store(Slot::look);
      Sys::wake(slot->token, 1);
    }
  }

 private:
  // 63..48 leaving | 47..32 threads | 31..16 idle | 15..0 searching
  static constexpr std::uint64_t one_searching = 1;
  static constexpr std::uint64_t one_idle = std::uint64_t{1} << 16;
  static constexpr std::uint64_t one_thread = std::uint64_t{1} << 32;
  static constexpr std::uint64_t one_leaving = std::uint64_t{1} << 48;

  void push(Slot& slot) {
    slot.stacked = true;
    slot.above = nullptr;
    slot.below = top_;
    if (top_ != nullptr) top_->above = &slot;
    top_ = &slot;
  }
  void unlink(Slot& slot) {
    (slot.above != nullptr ? slot.above->below : top_) = slot.below;
    if (slot.below != nullptr) slot.below->above = slot.above;
    slot.stacked = false;
  }

  typename Sys::template Atomic<std::uint64_t> state_{0};
  typename Sys::Mutex mutex_;
  Slot* top_ = nullptr;
};

}  // namespace pool::park
