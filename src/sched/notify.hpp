// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Asking to be told when a group is empty. The protocols are "Notify" and "Descriptors" in group/README.md.
#pragma once

#include "sched/run.hpp"

namespace pool::sched {

enum class Notified { ok, stale, no_memory, no_thread, closed, crowded };

// A notice of this group has run, or is not wanted any more. The last one of a group that is over frees its slot.
template <class Sys>
void settle_notice(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  if (group.notices.settle(life)) free_group(world, group);
  Sys::wake_low(group.notices.pending(), INT32_MAX);
}

// Asks to be told when the group is next empty.
template <class Sys>
Notified notify(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, group::NoticeFn fn, void* ctx) {
  if (group.queue.generation() != life) return Notified::stale;
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  auto* const notice = static_cast<group::Notice*>(Sys::allocate(sizeof(group::Notice)));
  if (notice == nullptr) return Notified::no_memory;
  // It keeps the pool alive, as a task does.
  if (!pool.room.try_enter(Frame<Sys>::inside_pool(&pool), 1)) {
    Sys::deallocate(notice);
    return group.queue.generation() == life ? Notified::closed : Notified::stale;
  }
  pool.tombstones.fetch_add(1);  // it is no task
  const auto refuse = [&](Notified why) {
    Sys::deallocate(notice);
    pool.tombstones.fetch_sub(1);
    pool.room.give(0, 1);
    return why;
  };
  if (!ensure_staff(world, pool)) return refuse(Notified::no_thread);
  share(group);
  // First of all: the end of the group looks whether there ever was one.
  if (!group.queue.note(life) || !group.notices.expect(life)) return refuse(Notified::stale);
  *notice = {.fn = fn, .ctx = ctx, .group = &group, .life = life};
  typename group::Completion<Sys>::Seen seen;
  const bool has_arrived = group.completion.arrive(seen);
  // The end of a group closes its generation first, and looks for notices afterwards.
  if (!has_arrived || group.queue.generation() != life) {
    settle_notice(world, group, life);
    return refuse(has_arrived ? Notified::stale : Notified::crowded);
  }
  notice->number = seen.arrivals();
  group.notices.put(*notice);
  const std::uint64_t empty = base::pack(life, seen.count());
  if (group.queue.sub() == empty) {
    announce_empty(world, group, seen, [&group, empty] { return group.queue.sub() == empty; });
  }
  // Also if somebody else has announced a moment after our arrival and found nothing to deliver.
  deliver_notices(world, group);
  return Notified::ok;
}

enum class Watched { ok, stale, crowded };

// From now on empty moments are told by `fd`, or by no descriptor: the library's own, unless this is not ok.
template <class Sys>
Watched set_descriptor(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, std::int32_t fd) {
  constexpr std::int32_t none = group::Descriptor<Sys>::none;
  typename group::Completion<Sys>::Seen seen{0};
  std::int32_t last = none;
  share(group);
  // First of all: the end of the group looks whether there ever was one.
  if (!group.queue.note(life)) return Watched::stale;
  {
    const std::lock_guard lock(group.mutex);
    // The end of a group closes its generation first, and comes for the descriptor afterwards.
    if (group.queue.generation() != life) return Watched::stale;
    // Then the arrival: whoever sees that sees that there is a descriptor.
    last = group.descriptor.exchange(fd);
    if (fd != none && !group.completion.arrive(seen)) {
      (void)group.descriptor.exchange(last);
      return Watched::crowded;
    }
    group.descriptor.expect(seen.count());
  }
  if (last != none) Sys::close(last);
  if (fd == none) return Watched::ok;
  const std::uint64_t empty = base::pack(life, seen.count());
  if (group.queue.sub() == empty) {
    announce_empty(world, group, seen, [&group, empty] { return group.queue.sub() == empty; });
  }
  return Watched::ok;
}

// Lets go of a group. False: somebody else did.
template <class Sys>
bool detach_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation) {
  std::uint32_t tail = 0;
  share(group);
  if (!group.queue.close_any(generation, tail)) return false;
  // Nothing can be submitted any more: whoever sees the count reach the tail together with the flag ends the group.
  const auto seen = group.completion.detach();
  group.line.dismiss_all(generation);
  world.pools[group.pool.load(std::memory_order_relaxed)].room.dismiss({&group, generation});
  if (seen.count() == tail) {
    end_of_group(world, group, generation);
  } else {
    resume_group(world, group, generation);
  }
  return true;
}

// Runs a notice that is due. Throws nothing but the forced unwinding of the calling thread.
template <class Sys>
POOL_CATCHES_UNWINDING void run_notice(World<Sys>& world, Pool<Sys>& pool, group::Notice& notice) {
  auto& group = *static_cast<group::Group<Sys>*>(notice.group);
  const std::uint32_t life = notice.life;
  Frame<Sys> frame(&pool, &group, life, false);
  frame.begin_drop();
  frame.notice = true;
  const auto settle = [&] {
    if (frame.is_inherited()) return;
    frame.pop();
    Sys::deallocate(&notice);
    if (frame.ends) detach_group(world, group, life);
    settle_notice(world, group, life);
    pool.tombstones.fetch_sub(1);
    pool.room.give(0, 1);
  };
  try {
    // (Until it is settled the slot is this life's, also if the group is over.)
    call_quietly<Sys>(pool.log, "a notification threw an exception; ignored", notice.fn, notice.ctx,
                      static_cast<std::int32_t>(group.tally.outcome()));
  } catch (const abi::__forced_unwind&) {
    settle();
    throw;
  }
  settle();
}

}  // namespace pool::sched
