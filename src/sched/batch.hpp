// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Batches: claiming several tasks of one group in one step, and what is not started of them. The protocol is "Batches"
// in group/README.md.
#pragma once

#include <utility>

#include "sched/run.hpp"

namespace pool::sched {

// What a thread has claimed: the window of its Local, or one task in its hands.
template <class Sys>
struct Claim {
  group::Group<Sys>* group = nullptr;
  bool in_window = false;
  bool more = false;     // there is more to be started, in the window or behind it
  bool is_left = false;  // behind it, in the queue
  std::uint32_t count = 1;
  queue::Work work;  // if not in_window
};

// Claims the oldest task of a group into the caller's hands, see claim_task().
template <class Sys, class Mine>
typename group::Group<Sys>::Queue::Claimed claim_single(World<Sys>& world, group::Group<Sys>& group, Mine&& mine,
                                                        Claim<Sys>& claim) {
  using Claimed = typename group::Group<Sys>::Queue::Claimed;
  if (auto* const local = static_cast<Local<Sys>*>(Sys::local()); is_owned_by(group, local)) {
    using Taken = typename group::Group<Sys>::Queue::Taken;
    const auto segments = [&world]() -> auto& { return world.segments; };
    std::uint32_t number = 0;
    local->bias.enter();
    const std::uint32_t life = group.queue.generation();
    claim.work.life = life;
    claim.work.unit = false;
    const bool has_taken = is_owned_by(group, local) && mine(life) &&
                           group.queue.take_one_alone(segments, life, claim.work, number) == Taken::task;
    claim.more = !group.queue.empty();
    local->bias.leave();
    claim.is_left = claim.more;
    if (has_taken) return Claimed::task;
  }
  const auto claimed = claim_task(world, group, mine, claim.work, claim.more);
  if (claimed == Claimed::task) Task::prefetch(claim.work);
  claim.is_left = claim.more;
  return claimed;
}

// What was put into the own window, by hand: while it was there nobody saw it who looked before going to sleep.
template <class Sys>
void tell_of_window(World<Sys>& world, group::Group<Sys>& group) {
  Sys::fence_after_write();
  if (group.completion.load().has(group::Completion<Sys>::helper)) group.completion.wake_helpers();
  wake_ancestors(world, group);
  wake_one(world, world.pools[group.pool.load(std::memory_order_relaxed)]);
}

// Fills the window of `mine`, which is free: calls put(window), which puts the first `count` cells of that life, with
// tickets from `first` on.
template <class Sys, class Put>
void fill_window(Local<Sys>& mine, group::Group<Sys>& group, std::uint32_t life, std::uint32_t first,
                 std::uint32_t count, bool has_units, Put&& put) {
  Window<Sys>& window = mine.window;
  mine.bias.enter();
  put(window);
  window.group.store(&group, std::memory_order_relaxed);
  window.life.store(life, std::memory_order_relaxed);
  window.first.store(first, std::memory_order_relaxed);
  window.units.store(has_units ? 1 : 0, std::memory_order_relaxed);
  window.filled.store(window.filled.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  window.is_ours.store(1, std::memory_order_relaxed);
  window.range.store(base::pack(count, 0));
  mine.bias.leave();
}

// Claims up to `most` tasks that waited in timers. (With a limit, too: each timer knows its unit.) False: none may
// start.
template <class Sys, class Mine>
[[gnu::noinline]] bool claim_due_batch(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, Mine&& mine,
                                       std::uint32_t most, Claim<Sys>& claim) {
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (most <= 1 || local == nullptr || local->window.size() != 0) {
    if (!claim_one_due(world, group, mine, claim.work, claim.more)) return false;
    claim.is_left = claim.more;
    return true;
  }
  Timer<Sys>* due[Window<Sys>::most];
  std::uint32_t count = 0;
  const auto put = [&](Timer<Sys>& timer) {
    due[count++] = &timer;
    Task::prefetch({timer.fn, timer.ctx});
  };
  if (claim_due(world, pool, group, mine, most, put, claim.more) == 0) return false;
  claim.more = claim.is_left = claim.more || !group.queue.empty();
  claim.count = count;
  claim.work = Task::of_timer(due[0]);
  claim.work.life = due[0]->life;
  claim.in_window = count > 1;
  if (count == 1) return true;
  fill_window(*local, group, due[0]->life, 0, count, false, [&](Window<Sys>& window) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const queue::Work work = Task::of_timer(due[i]);
      window.put(i, work.fn, work.ctx);
    }
  });
  claim.more = true;
  tell_of_window(world, group);
  return true;
}

// Claims tasks of a group: a single one, or up to `most` into the window of this thread, if that is free. Of the last
// ones half are left in the queue: what is in a window has to be taken from its owner if he turns out to be slow. Not
// of tiny ones, of which each claim costs more than it is worth.
template <class Sys, class Mine>
typename group::Group<Sys>::Queue::Claimed claim_batch(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group,
                                                       Mine&& mine, std::uint32_t most, bool are_tiny,
                                                       Claim<Sys>& claim) {
  using Claimed = typename group::Group<Sys>::Queue::Claimed;
  claim.group = &group;
  claim.in_window = false;
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (const std::uint32_t limit = pool.batch_limit.load(std::memory_order_relaxed); most > limit) most = limit;
  if (most > Window<Sys>::most) most = Window<Sys>::most;
  if (is_anothers(group)) {
    if (group.queue.empty()) return Claimed::empty;
    if (!mine(group.queue.generation())) return Claimed::foreign;
    share(group);  // not inside our own bias
  }
  if (is_turn_of_due(group) && claim_due_batch(world, pool, group, mine, most, claim)) return Claimed::task;
  const std::uint32_t waiting = group.queue.waiting();
  if (!are_tiny && waiting <= Sys::last_ones) most = std::min(most, (waiting + 1) / 2);
  // (One is not worth a window.)
  if (most <= 1 || waiting == 1 || local == nullptr || group.capacity.load(std::memory_order_relaxed) != 0 ||
      local->window.size() != 0) {
    return claim_single(world, group, mine, claim);
  }
  // Of a group with a limit that leaves many free some units, and so many tasks. (Not for nothing of one that is
  // suspended: whoever looks would call others to look.)
  std::uint32_t units = 0;
  std::uint32_t units_life = 0;
  if (group.units.are_limited()) {
    units_life = group.queue.head_generation();
    if (!group.queue.is_suspended()) units = group.units.take_some(units_life, std::min(most, waiting));
    if (units == 0) return claim_single(world, group, mine, claim);
    most = units;
  }
  Window<Sys>& window = local->window;
  std::uint32_t life = 0;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  Claimed claimed;
  local->bias.enter();
  // The window is seen to be full before the tasks leave the queue: whoever looks for work sees one or the other.
  window.group.store(&group, std::memory_order_relaxed);
  window.is_ours.store(0, std::memory_order_relaxed);
  const auto store = [&](std::uint32_t i, std::uintptr_t fn, std::uintptr_t ctx) {
    // The life, too: an old one may look like that of a suspended group. (The model checker found this one.)
    if (i == 0) window.life.store(life, std::memory_order_relaxed);
    // A unit in a window is for what runs there: a job may start before its turn, with another one.
    if (units != 0 && !Task::is_plain({fn, ctx})) return false;
    window.put(i, fn, ctx);
    Task::prefetch({fn, ctx});
    // Release: whoever counts sees that it is not ours yet. (The model checker found this one.)
    window.range.store(base::pack(i + 1, 0), std::memory_order_release);
    return true;
  };
  // Asked again of the life that is claimed: tasks of a bounded group hold places of their own, which a window does not
  // give back.
  bool is_bounded = false;
  bool is_owned = false;
  const auto may = [&](std::uint32_t its_life) {
    is_bounded = group.capacity.load(std::memory_order_relaxed) != 0;
    is_owned = is_anothers(group);
    return !is_bounded && !is_owned && mine(its_life);
  };
  if (is_owned_by(group, local)) {
    life = group.queue.generation();
    if (mine(life))
      count = group.queue.take_alone(
          [&world]() -> auto& { return world.segments; }, life, most, store, first, claim.more);
  }
  claimed = count != 0
                ? Claimed::task
                : group.queue.claim_many(world.segments, may, most, store, life, first, count, claim.more, units_life);
  const bool has_units = claimed == Claimed::task && units != 0 && life == units_life;
  window.units.store(has_units ? 1 : 0, std::memory_order_relaxed);
  window.first.store(first, std::memory_order_relaxed);
  window.filled.store(window.filled.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  window.range.store(base::pack(claimed == Claimed::task ? count : 0, 0), std::memory_order_relaxed);
  local->bias.leave();
  const std::uint32_t unused = has_units ? units - count : units;
  // Somebody may have been refused because of us.
  if (unused != 0) give_unit(world, group, units_life, unused);
  if (is_owned) return claim_batch(world, pool, group, mine, most, are_tiny, claim);
  if (claimed == Claimed::unwanted) group.batch.store(1, std::memory_order_relaxed);  // perhaps there are only such
  if (claimed == Claimed::no_unit || claimed == Claimed::unwanted || is_bounded) {
    return claim_single(world, group, mine, claim);
  }
  if (claimed != Claimed::task) {
    const bool has_due = group.due_count.load() != 0 && claim_due_batch(world, pool, group, mine, most, claim);
    return has_due ? Claimed::task : claimed;
  }
  window.is_ours.store(1, std::memory_order_relaxed);
  Sys::fence_after_write();
  claim.in_window = true;
  claim.is_left = claim.more;
  claim.count = count;
  if (count > 1) {
    claim.more = true;
    // Who found no unit, since ours were on their way here, looks no more. (A review found this one.)
    if (has_units) wake_one(world, pool);
    // A helper that came to sleep meanwhile looked at the queue, or will see the window.
    if (group.completion.load().has(group::Completion<Sys>::helper)) group.completion.wake_helpers();
    wake_ancestors(world, group);
  }
  return claimed;
}

// Takes what another thread has claimed of a group that `wants`, and not started: half of it into the own window, if
// that is free and may be filled, else one. False: there is none.
template <class Sys, class Wants>
bool steal(World<Sys>& world, Wants&& wants, bool may_fill, Claim<Sys>& claim) {
  auto* const mine = static_cast<Local<Sys>*>(Sys::local());
  const bool has_window = may_fill && mine != nullptr && mine->window.size() == 0;
  return any_window(world, [&](Local<Sys>& victim, group::Group<Sys>& group) {
    if (!wants(victim, group) || is_held(group, victim.window.life.load())) return false;
    if (&victim == mine && may_fill) {
      // What a suspension has left to us: there may be nobody else to run it. (The model checker found this one.)
      claim = {};
      claim.group = &group;
      claim.in_window = true;
      claim.count = mine->window.size();
      claim.more = claim.count > 1;
      return true;
    }
    constexpr std::uint32_t most = Window<Sys>::most / 2 + 1;
    queue::Work loot[most];
    std::uint32_t count = 0;
    Window<Sys>& window = victim.window;
    victim.bias.revoke();
    if (window.group.load() == &group && wants(victim, group) &&
        !is_held(group, window.life.load(std::memory_order_relaxed))) {
      const std::uint64_t range = window.range.load(std::memory_order_relaxed);
      const std::uint32_t to = base::high(range);
      count = has_window ? (window.size() + 1) / 2 : window.size() != 0 ? 1 : 0;
      if (count != 0) share_under_bias(group, victim);
      for (std::uint32_t i = 0; i < count; ++i) window.get(to - count + i, loot[i]);
      window.range.store(base::pack(to - count, base::low(range)), std::memory_order_relaxed);
    }
    victim.bias.restore();
    if (count == 0) return false;
    claim.group = &group;
    claim.in_window = has_window;
    claim.more = count > 1;
    claim.count = has_window ? count : 1;
    claim.work = loot[0];
    if (has_window) {
      fill_window(*mine, group, loot[0].life, loot[0].ticket, count, loot[0].unit, [&](Window<Sys>& own) {
        for (std::uint32_t i = 0; i < count; ++i) own.put(i, loot[i].fn, loot[i].ctx);
      });
    }
    world.pools[group.pool.load(std::memory_order_relaxed)].steals.fetch_add(count, std::memory_order_relaxed);
    if (count > 1) tell_of_window(world, group);
    return true;
  });
}

}  // namespace pool::sched
