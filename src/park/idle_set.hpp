// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// IdleSet: which workers sleep, whether one searches, how many there are. The protocol is in park/README.md.
//
// Memory order: `state` and what it is paired with (the ready set, the queues) are sequentially consistent.
#pragma once

#include <cstdint>
#include <mutex>

namespace pool::park {

// What a worker sleeps on. Lives in a type-stable slot: a late waker may touch the token of a later worker.
template <class Sys>
struct Parker {
  enum Token : std::uint32_t { none = 0, search = 1, stop = 2 };

  typename Sys::template Atomic<std::uint32_t> token{none};
  Parker* below = nullptr;  // the idle stack, under its mutex
  Parker* above = nullptr;
  bool stacked = false;

  // Sleeps until the token is set, and takes it.
  Token sleep() {
    for (;;) {
      const std::uint32_t got = token.exchange(none);
      if (got != none) return static_cast<Token>(got);
      Sys::wait(token, none);
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

   private:
    std::uint32_t field(unsigned i) const { return static_cast<std::uint32_t>(word >> 16 * i & 0xffff); }
  };

  State state() const { return {state_.load()}; }

  // Step 3 of "Wake one": claims the searching role for somebody else. False: the state is another one by now.
  bool begin_search(State seen) { return state_.compare_exchange_strong(seen.word, seen.word + one_searching); }
  // Becomes the searching worker, unless there is one.
  bool try_search() {
    for (;;) {
      const State seen = state();
      if (seen.searching() != 0) return false;
      if (begin_search(seen)) return true;
    }
  }
  void end_search() { state_.fetch_sub(one_searching); }

  // Counts a thread to be created, which starts as the searching one. False: the state is another one by now.
  bool begin_thread(State seen) {
    return state_.compare_exchange_strong(seen.word, seen.word + one_thread + one_searching);
  }
  // It could not be created.
  void undo_thread() { state_.fetch_sub(one_thread + one_searching); }
  // It ended.
  void end_thread() { state_.fetch_sub(one_thread); }

  // Step 1 of "Park".
  void enter(Slot& slot, bool searching) {
    const std::lock_guard lock(mutex_);
    slot.stacked = true;
    slot.above = nullptr;
    slot.below = top_;
    if (top_ != nullptr) top_->above = &slot;
    top_ = &slot;
    state_.fetch_add(one_idle - (searching ? one_searching : 0));
  }

  // Step 3 of "Park". False: a waker was faster, and the slot's token is set.
  bool leave(Slot& slot) {
    const std::lock_guard lock(mutex_);
    if (!slot.stacked) return false;
    unlink(slot);
    return true;
  }

  // Takes the worker that parked last off the stack and sets its token. False: nobody is idle.
  bool wake_top(typename Slot::Token token) {
    Slot* slot = nullptr;
    {
      const std::lock_guard lock(mutex_);
      slot = top_;
      if (slot == nullptr) return false;
      unlink(*slot);
      slot->token.store(token);
    }
    // The worker may be gone by now; its slot is not.
    Sys::wake(slot->token, 1);
    return true;
  }

 private:
  static constexpr std::uint64_t one_searching = 1;
  static constexpr std::uint64_t one_idle = std::uint64_t{1} << 16;
  static constexpr std::uint64_t one_thread = std::uint64_t{1} << 32;

  void unlink(Slot& slot) {
    (slot.above != nullptr ? slot.above->below : top_) = slot.below;
    if (slot.below != nullptr) slot.below->above = slot.above;
    slot.stacked = false;
    state_.fetch_sub(one_idle);
  }

  typename Sys::template Atomic<std::uint64_t> state_{0};
  typename Sys::Mutex mutex_;
  Slot* top_ = nullptr;
};

}  // namespace pool::park
