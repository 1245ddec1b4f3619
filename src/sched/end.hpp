// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The last steps of a group: its descriptor, notices that are due, kept jobs that are forgotten, the slot that is
// freed. The protocols are "Notify" and "End" in group/README.md.
#pragma once

#include "sched/announce.hpp"
#include "sched/kept_jobs.hpp"

namespace pool::sched {

// Gives the slot of a group back for another life. Requires: its generation and its notices are ended, and it is the
// caller's alone.
template <class Sys>
void free_group(World<Sys>& world, group::Group<Sys>& group) {
  leave_family(world, group);
  forget_jobs(world, group);
  group.line.dismiss_all(group.queue.generation() - 1);
  group.queue.release(world.segments);
  group.completion.end();
  // A slot whose generations are used up is retired.
  if (group.queue.generation() >= Sys::last_generation) return;
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (local == nullptr || !local->put_group(&group)) world.groups.give(group.index.load(std::memory_order_relaxed));
}

// Hands the notices that are due to the pool's workers. Called after an empty moment was announced, and after the end.
template <class Sys>
void deliver_notices(World<Sys>& world, group::Group<Sys>& group) {
  using group::Notice;
  while (group.notices.any()) {
    const std::uint32_t released = group.completion.load().released();
    Notice* due = nullptr;
    bool is_left = false;
    // The list has the last one first: turned round, they come in the order of the calls.
    for (Notice* at = group.notices.take_all(); at != nullptr;) {
      Notice* const next = at->next;
      at->next = due;
      due = at;
      at = next;
    }
    for (Notice* at = due; at != nullptr;) {
      Notice* const next = at->next;
      const std::uint32_t life = at->life;
      const auto seen = group.completion.load();
      const std::uint64_t sub = group.queue.sub();
      const bool is_over = base::high(sub) != life && seen.count() == base::low(sub);
      const bool is_due = is_over || seen.has_released(at->number);
      if (is_due) {
        Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
        pool.notices.push(*at);
        wake_one(world, pool);
        // A destroy inside a task, perhaps on the only worker, sleeps until there is a notice that it can run.
        group.notices.stir(life);
        Sys::wake_low(group.notices.pending(), INT32_MAX);
      } else {
        group.notices.put(*at);
        is_left = true;
      }
      at = next;
    }
    if (!is_left) return;
    // While we held them nobody else could find them: their moment may have come.
    const auto seen = group.completion.load();
    const std::uint64_t sub = group.queue.sub();
    const bool is_over = (base::high(sub) & 1U) == 0 && seen.count() == base::low(sub);
    if (seen.released() == released && !is_over) return;
  }
}

// Tells of the last moment, unless it was told, and lets go of the descriptor.
template <class Sys>
void end_descriptor(group::Group<Sys>& group) {
  std::int32_t fd = group::Descriptor<Sys>::none;
  {
    const std::lock_guard lock(group.mutex);
    group.descriptor.tell(group.completion.load().count());
    fd = group.descriptor.exchange(fd);
  }
  if (fd != group::Descriptor<Sys>::none) Sys::close(fd);
}

// The generation of the group is over and its last task has finished: its notices are due, and whoever ends the last of
// them frees the slot.
template <class Sys>
void end_of_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  // Submitters in line for a place of the pool need not wait until they have it.
  world.pools[group.pool.load(std::memory_order_relaxed)].room.dismiss({&group, life});
  // Nobody has ever asked to be told, and nobody can any more.
  if (!group.queue.is_noted()) return free_group(world, group);
  end_descriptor(group);
  deliver_notices(world, group);
  if (group.notices.end(life)) free_group(world, group);
}

}  // namespace pool::sched
