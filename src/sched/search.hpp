// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Search: where a worker looks for its next task.
#pragma once

#include "sched/wake.hpp"

namespace pool::sched {

template <class Sys>
class Search {
  using GroupType = group::Group<Sys>;

 public:
  using Claimed = typename GroupType::Queue::Claimed;

  Search(World<Sys>& world, Pool<Sys>& pool, Worker<Sys>& worker) : world_(world), pool_(pool), worker_(worker) {}

  // Claims a task of any group of this pool, beginning where the last search ended. `lingering`: we have been
  // searching for a while, there is time for a second look.
  Claimed find(bool lingering) {
    lingering_ = lingering;
    bool not_ready = false;
    std::uint32_t end = base::nil;  // first up to the last slot, then from the first one to the cursor
    std::uint32_t from = worker_.cursor;
    const std::uint32_t start = from;
    for (;;) {
      const std::uint32_t index = pool_.ready.next(from);
      if (index == base::nil || index >= end) {
        if (end != base::nil || start == 0) break;
        end = start;
        from = 0;
        continue;
      }
      const Claimed claimed = claim_from(index);
      if (claimed == Claimed::task) return claimed;
      not_ready = not_ready || claimed == Claimed::not_ready;
      from = index + 1;
    }
    return not_ready ? Claimed::not_ready : Claimed::empty;
  }

  // What the last claim found, and whether it left more behind in that group.
  GroupType& group() const { return *group_; }
  const queue::Work& work() const { return work_; }
  bool more() const { return more_; }

 private:
  // A worker takes that many tasks in a row from one group before it looks at the next.
  static constexpr std::uint32_t streak_max = 16;

  Claimed claim_from(std::uint32_t index) {
    group_ = world_.groups.at(index);
    if (lingering_) {
      // Whoever has just submitted is probably about to wait, and faster at its own tasks than we: look twice. And
      // leave the bit, which is probably set again in a moment.
      if (group_->queue.empty()) return Claimed::empty;
      Sys::linger();
      if (group_->queue.empty()) return Claimed::empty;
    }
    const Claimed claimed = group_->queue.claim(
        world_.segments, [this](std::uint32_t) { return is_ours(*group_); }, work_, more_);
    if (claimed == Claimed::task) {
      const bool again = more_ && (worker_.cursor == index ? ++worker_.streak : (worker_.streak = 1)) < streak_max;
      worker_.cursor = again ? index : index + 1;
      if (!more_) clear(index, *group_);
    } else if (claimed != Claimed::not_ready) {
      clear(index, *group_);
    }
    return claimed;
  }

  // The slot's owner does not change within a life, and the claim names the life.
  bool is_ours(const GroupType& group) const {
    return group.pool.load(std::memory_order_relaxed) == pool_.index.load(std::memory_order_relaxed);
  }

  // Nothing to find there any more: clears its bit, unless there is something after all.
  void clear(std::uint32_t index, const GroupType& group) {
    bool restored = pool_.ready.clear(index);
    // In this order: the slot may just have come to us, and its generation, which empty() loads, tells.
    if (!group.queue.empty() && is_ours(group)) {
      pool_.ready.set(index);
      restored = true;
    }
    // Another worker may have looked while the bit was missing.
    if (restored) wake_one(world_, pool_);
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  Worker<Sys>& worker_;
  bool lingering_ = false;
  GroupType* group_ = nullptr;
  queue::Work work_;
  bool more_ = false;
};

}  // namespace pool::sched
