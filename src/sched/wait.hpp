// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Waiting for a group, and ending one. The protocols are "Wait" and "End" in group/README.md.
#pragma once

#include "sched/run.hpp"

namespace pool::sched {

enum class Waited { empty, timed_out, gone };

template <class Sys>
class Wait {
  using GroupType = group::Group<Sys>;
  using Done = group::Completion<Sys>;
  using Seen = typename Done::Seen;
  using Claimed = typename GroupType::Queue::Claimed;

 public:
  Wait(World<Sys>& world, GroupType& group, std::uint32_t generation)
      : world_(world), group_(group), generation_(generation) {}

  // Says whether the group is empty, at the moment of the first load.
  Waited poll() const { return look(group_.completion.load()); }

  // Waits until the group was empty at some moment after the call.
  Waited operator()(std::int64_t deadline, bool help) {
    Waited now = poll();
    std::int64_t patience = 0;
    while (now == Waited::timed_out) {
      Seen seen;
      if (!arrived_) {
        arrived_ = group_.completion.arrive(seen);
        number_ = seen.arrivals();
        now = look(seen);
        if (now != Waited::timed_out) break;
      }
      if (help && run_one()) {
        patience = 0;
        if (deadline != INT64_MAX && Sys::now() >= deadline) return look_again(group_.completion.load());
      } else if (!keep_looking(patience, deadline)) {
        seen = group_.completion.announce_sleep(help);
        now = look_again(seen);
        if (now != Waited::timed_out) break;
        // Without a number we may sleep only as long as there is none to be had.
        const bool stay_awake = (help && !group_.queue.empty()) || (!arrived_ && !Done::is_crowded(seen));
        if (!stay_awake && !group_.completion.sleep(seen, deadline)) return look_again(group_.completion.load());
        patience = 0;
      }
      now = look_again(group_.completion.load());
    }
    return now;
  }

 private:
  // timed_out stands for "not empty". Requires: `seen` was loaded before.
  Waited look(Seen seen) const {
    const std::uint64_t sub = group_.queue.sub();
    if (base::high(sub) != generation_) return Waited::gone;
    return seen.count() == base::low(sub) ? Waited::empty : Waited::timed_out;
  }

  // Released: it has been empty since we arrived.
  Waited look_again(Seen seen) const {
    const Waited now = look(seen);
    return now == Waited::timed_out && arrived_ && seen.has_released(number_) ? Waited::empty : now;
  }

  // Runs a task of this group, and of no other. False: there is none to run.
  bool run_one() {
    queue::Work work;
    bool more = false;
    const auto mine = [this](std::uint32_t generation) { return generation == generation_; };
    switch (group_.queue.claim(world_.segments, mine, work, more)) {
      case Claimed::task: {
        Pool<Sys>& pool = *world_.pools.at(group_.pool.load(std::memory_order_relaxed));
        run_claimed(world_, pool, group_, work);
        return true;
      }
      case Claimed::not_ready:
        Sys::yield();
        return true;
      default:
        return false;
    }
  }

  bool keep_looking(std::int64_t& patience, std::int64_t deadline) const {
    if (Sys::wait_spin == 0) return false;
    const std::int64_t now = Sys::now();
    if (patience == 0) patience = now + Sys::wait_spin;
    if (now >= patience || now >= deadline) return false;
    for (int i = 0; i < 4; ++i) Sys::pause();
    return true;
  }

  World<Sys>& world_;
  GroupType& group_;
  const std::uint32_t generation_;
  bool arrived_ = false;
  std::uint32_t number_ = 0;
};

// Makes a group; nil: no memory.
template <class Sys>
std::uint32_t create_group(World<Sys>& world, const Pool<Sys>& pool, std::uint32_t pool_life, std::uint32_t overflow,
                           std::uint32_t& generation) {
  const std::uint32_t index = world.groups.take();
  if (index == base::nil) return base::nil;
  group::Group<Sys>& group = *world.groups.at(index);
  generation = group.queue.generation() + 1;
  group.index.store(index, std::memory_order_relaxed);
  group.open(pool.index.load(std::memory_order_relaxed), pool_life, overflow, generation);
  return index;
}

// Ends a group that is empty. False: it is not, or it was ended by somebody else.
template <class Sys>
bool end_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation) {
  const auto seen = group.completion.load();
  if (!group.queue.close(generation, seen.count())) return false;
  free_group(world, group, group.index.load(std::memory_order_relaxed));
  return true;
}

// Waits until a group is empty, then ends it. False: somebody else did.
template <class Sys>
bool destroy_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation) {
  while (!end_group(world, group, generation)) {
    if (Wait<Sys>(world, group, generation)(INT64_MAX, true) == Waited::gone) return false;
  }
  return true;
}

// Lets go of a group. False: somebody else did.
template <class Sys>
bool detach_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation) {
  std::uint32_t tail = 0;
  if (!group.queue.close_any(generation, tail)) return false;
  // Nothing can be submitted any more: whoever sees the count reach the tail together with the flag frees the slot.
  const auto seen = group.completion.detach();
  if (seen.count() == tail) free_group(world, group, group.index.load(std::memory_order_relaxed));
  return true;
}

}  // namespace pool::sched
