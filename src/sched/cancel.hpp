// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Cancelling, suspending and resuming a group. The protocols are in group/README.md.
#pragma once

#include "sched/timers.hpp"

namespace pool::sched {

// Tells those who have claimed already whether the queue is suspended. Whoever changes that calls this afterwards, and
// looks again: so the last one to look has told what is.
template <class Sys>
void tell_suspended(group::Group<Sys>& group, std::uint32_t life) {
  bool is_suspended = false;
  do {
    is_suspended = group.queue.is_suspended();
    group.suspended.store(is_suspended ? life : 0);
  } while (group.queue.is_suspended() != is_suspended);
}

// Ends a suspension; what is queued may start. False: the group is gone.
template <class Sys>
bool resume_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  share(group);
  if (!group.queue.resume(life)) return false;
  tell_suspended(group, life);
  announce_startable(world, group);
  return true;
}

// One group: marks it, lets go of submitters in line, and of what a suspension held back.
template <class Sys>
bool cancel_one(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  share(group);
  // By compare-and-swap: the slot may have another life by now, and that be cancelled.
  std::uint32_t before = group.cancelled.load();
  do {
    // Detached, its generation is one higher.
    const std::uint32_t now = group.queue.generation();
    if (now != life && now != life + 1) return false;
  } while (!group.cancelled.compare_exchange_weak(before, life));
  group.line.dismiss_all(life);
  world.pools[group.pool.load(std::memory_order_relaxed)].room.dismiss({&group, life});
  // After the mark: whoever arms a timer, or suspends, looks for it afterwards.
  flush_timers(world, group, life);
  return resume_group(world, group, life);
}

// Cancels a group and its descendants. False: it is gone.
template <class Sys>
bool cancel_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  if (!cancel_one(world, group, life)) return false;
  // A child that is made meanwhile looks at the mark after it is linked; we look for children after the mark.
  any_descendant(world, group, [&world](group::Group<Sys>& child) {
    const std::uint32_t now = child.queue.generation();
    cancel_one(world, child, (now & 1U) != 0 ? now : now - 1);
    return false;
  });
  return true;
}

enum class Suspended { ok, gone, cancelled, closed };

template <class Sys>
Suspended suspend_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  const Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  share(group);
  if (!group.queue.suspend(life)) return Suspended::gone;
  tell_suspended(group, life);
  // Who is claiming timers has, or sees it.
  group.mutex.lock();
  group.mutex.unlock();
  // Who has claimed some of them already looks before each start.
  any_window(world, [&group](Local<Sys>& local, group::Group<Sys>& its) {
    if (&its != &group) return false;
    local.bias.revoke();
    local.bias.restore();
    return false;
  });
  // After the suspension: a cancel, a close and a detach resume after they have begun, so one of us ends it.
  const bool is_gone = group.queue.generation() != life;
  const bool is_cancelled = group.is_cancelled(life);
  if (!is_gone && !is_cancelled && !pool.room.is_closed()) {
    // Resumed meanwhile: by then `suspended` may have said otherwise for a moment, and who looked at it sleeps.
    if (!group.queue.is_suspended()) announce_startable(world, group);
    return Suspended::ok;
  }
  resume_group(world, group, life);
  if (is_gone) return Suspended::gone;
  return is_cancelled ? Suspended::cancelled : Suspended::closed;
}

// A pool was closed: nothing of its groups may hang any more. Submitters in their lines go, suspensions end; what waits
// for its time is dropped if the pool cancels.
template <class Sys>
void release_groups(World<Sys>& world, const Pool<Sys>& pool, std::uint32_t pool_life) {
  const std::uint32_t index = pool.index.load();
  Sys::heavy_barrier();  // pairs with the store in TicketQueue::open()
  for (std::uint32_t i = 0, end = world.groups.high_water(); i < end; ++i) {
    group::Group<Sys>& group = world.groups[i];
    const std::uint32_t now = group.queue.generation();
    const bool is_detached = (now & 1U) == 0;  // or over
    const std::uint32_t life = is_detached ? now - 1 : now;
    if (group.pool.load() != index || group.pool_generation.load() != pool_life) continue;
    if (pool.cancels()) flush_timers(world, group, life);
    if (is_detached) continue;
    group.line.dismiss_all(life);
    if (group.queue.is_suspended()) resume_group(world, group, life);
  }
}

}  // namespace pool::sched
