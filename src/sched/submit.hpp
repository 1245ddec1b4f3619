// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Submitting one task: a place in the pool's room, a ticket of the group's queue, the cell, the announcement.
// Everything that can refuse comes before the ticket.
#pragma once

#include "sched/run.hpp"
#include "sched/wake.hpp"

namespace pool::sched {

enum class Overflow : std::uint32_t { inherit = 0, block = 1, reject = 2 };
enum class Submitted { ok, stale, no_memory, no_thread, full, closed };

template <class Sys>
class Submit {
  using GroupType = group::Group<Sys>;
  using Room = park::Room<Sys>;
  using Queue = typename GroupType::Queue;
  using Done = group::Completion<Sys>;
  using Seen = typename Done::Seen;

 public:
  Submit(World<Sys>& world, GroupType& group, std::uint32_t generation)
      : world_(world), group_(group), generation_(generation) {}

  // On anything but ok nothing has happened, and `work` is still the caller's.
  Submitted operator()(const queue::Work& work, Overflow overflow) {
    if (group_.queue.generation() != generation_) return Submitted::stale;
    // Slots are never unmapped: if the group ends now we look at some pool's slot, and the ticket is refused below.
    Pool<Sys>& pool = *world_.pools.at(group_.pool.load(std::memory_order_relaxed));
    const bool inside = Frame<Sys>::inside_pool(&pool);
    switch (pool.room.try_take(inside)) {
      case Room::Taken::ok:
        break;
      case Room::Taken::full: {
        if (policy(pool, overflow) == Overflow::reject || Frame<Sys>::inside_drop()) return Submitted::full;
        if (inside) return run_in_place(pool, work);
        const auto taken = pool.room.take(INT64_MAX);
        if (taken != Room::Taken::ok) return closed_or_stale();
        break;
      }
      default:
        return closed_or_stale();
    }
    // From here on the place keeps the pool alive, if the group still is its group.
    const Submitted result = enqueue(pool, work);
    if (result != Submitted::ok) pool.room.give_back();
    return result;
  }

 private:
  static constexpr std::uint32_t in_place_max = 64;

  Overflow policy(const Pool<Sys>& pool, Overflow overflow) const {
    if (overflow == Overflow::inherit)
      overflow = static_cast<Overflow>(group_.overflow.load(std::memory_order_relaxed));
    if (overflow == Overflow::inherit) overflow = static_cast<Overflow>(pool.overflow.load(std::memory_order_relaxed));
    return overflow;
  }

  Submitted closed_or_stale() const {
    return group_.queue.generation() == generation_ ? Submitted::closed : Submitted::stale;
  }

  Submitted enqueue(Pool<Sys>& pool, const queue::Work& work) {
    if (pool.staffed.load() == 0) {
      if (group_.queue.generation() != generation_) return Submitted::stale;
      if (!ensure_staff(world_, pool)) return Submitted::no_thread;
    }
    const Submitted reserved = reserve();
    if (reserved == Submitted::ok) publish(pool, work);
    return reserved;
  }

  Submitted reserve() {
    // An empty moment that this submit ends is this submit's to announce: the completer may come too late to see it.
    // Looked at before the ticket: until then nobody else could end it.
    Seen before{0};
    std::uint32_t looked_for = 0;
    const auto look = [&](std::uint32_t number) {
      before = group_.completion.load();
      looked_for = number;
    };
    switch (group_.queue.reserve(world_.segments, generation_, ticket_, look)) {
      case Queue::Reserved::stale:
        return Submitted::stale;
      case Queue::Reserved::no_memory:
        return Submitted::no_memory;
      default:
        break;
    }
    if (before.has(Done::waiter) && before.count() == ticket_.number && looked_for == ticket_.number) {
      group_.completion.announce_empty(before, [] { return true; });  // our ticket keeps the group alive
    }
    // The ticket before the first one: the 32 bits of tickets are used up once more.
    if (ticket_.number == Queue::first_ticket - 1) group_.rounds.fetch_add(1, std::memory_order_relaxed);
    first_ = group_.queue.is_first(ticket_);
    wake_helpers_ = first_ && group_.completion.load().has(Done::helper);
    return Submitted::ok;
  }

  // The group, and with it the pool, may be gone as soon as the cell is stored: what follows touches at worst a
  // successor, which sees a needless bit or a needless wake-up.
  void publish(Pool<Sys>& pool, const queue::Work& work) {
    const std::uint32_t index = group_.index.load(std::memory_order_relaxed);
    group_.queue.publish(world_.segments, ticket_, work);
    if (wake_helpers_) group_.completion.wake_helpers();
    first_ ? announce(world_, pool, index) : announce_further(world_, pool);
  }

  // The queue is full, and the caller is a task of this very pool: to wait here could wait for itself.
  Submitted run_in_place(Pool<Sys>& pool, const queue::Work& work) {
    if (Frame<Sys>::top()->in_place >= in_place_max) return Submitted::full;
    // The caller's own task keeps the pool alive. One for the task, one for its tombstone.
    pool.room.enter_unqueued();
    pool.room.enter_unqueued();
    const Submitted reserved = reserve();
    if (reserved != Submitted::ok) {
      pool.room.finished();
      pool.room.finished();
      return reserved;
    }
    group_.completion.lower();
    group_.tombstones.fetch_add(1, std::memory_order_relaxed);
    pool.tombstones.fetch_add(1, std::memory_order_relaxed);
    publish(pool, Task::tombstone());
    pool.note_start();
    Run<Sys>(world_, pool, group_, {work.fn, work.ctx, generation_}, true)();
    return Submitted::ok;
  }

  World<Sys>& world_;
  GroupType& group_;
  const std::uint32_t generation_;
  typename Queue::Ticket ticket_;
  bool first_ = false;
  bool wake_helpers_ = false;
};

}  // namespace pool::sched
