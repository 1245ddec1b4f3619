// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// FreeTimers: where timers come from and go to. Each thread keeps some; the free list of all has whole chains of them,
// so that it is touched once in many.
#pragma once

#include <cstdint>
#include <utility>

#include "base/bits.hpp"
#include "base/sanitizer.hpp"
#include "sched/local.hpp"
#include "sched/pool.hpp"

namespace pool::sched {

// In a chain `next` links one to the next, and `previous` of the first says how many there are.
template <class Sys>
class FreeTimers {
  using Chain = typename Local<Sys>::Chain;

 public:
  explicit FreeTimers(World<Sys>& world)
      : slots_(world.timers), local_(Sys::timer_chain != 0 ? local_of<Sys>(world) : nullptr) {}

  // Nil: no memory.
  std::uint32_t take() {
    Chain none;
    Chain& mine = local_ != nullptr ? local_->timers : none;
    if (mine.count == 0 && local_ != nullptr) mine = std::exchange(local_->spare_timers, {});
    if (mine.count == 0) mine = fetch();
    if (mine.count == 0) return base::nil;
    const std::uint32_t index = mine.first;
    mine = {slots_[index].next, mine.count - 1};
    if (local_ == nullptr && none.count != 0) put_back(none);
    base::leave_behind(local_);
    return index;
  }

  void give(std::uint32_t index) {
    if (local_ == nullptr) return put_back({index, 1});
    Chain& mine = local_->timers;
    if (mine.count == Sys::timer_chain) {
      if (local_->spare_timers.count != 0) put_back(local_->spare_timers);
      local_->spare_timers = std::exchange(mine, {});
    }
    slots_[index].next = mine.first;
    mine = {index, mine.count + 1};
    base::leave_behind(local_);
  }

 private:
  Chain fetch() {
    const std::uint32_t first = slots_.take();
    if (first == base::nil) return {};
    // A fresh one is alone.
    return {first, slots_[first].next == base::nil ? 1 : slots_[first].previous};
  }
  void put_back(Chain chain) {
    slots_[chain.first].previous = chain.count;
    if (chain.count == 1) slots_[chain.first].next = base::nil;
    slots_.give(chain.first);
  }

  typename Timers<Sys>::Slots& slots_;
  Local<Sys>* const local_;
};

}  // namespace pool::sched
