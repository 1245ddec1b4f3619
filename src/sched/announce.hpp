// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Telling those who may be able to start a task of a group that there is one: helpers that sleep in a wait for it or
// for one of its ancestors, and a worker.
#pragma once

#include "sched/family.hpp"
#include "sched/wake.hpp"

namespace pool::sched {

// Helpers that wait for an ancestor. Slots may have been reused on the way: a needless wake-up at worst.
template <class Sys>
void wake_ancestors(World<Sys>& world, const group::Group<Sys>& group) {
  using Done = group::Completion<Sys>;
  std::uint32_t at = group.parent.load();
  std::uint32_t life = group.parent_life.load();
  while (at != base::nil) {
    group::Group<Sys>& ancestor = world.groups[at];
    if (ancestor.queue.generation() != life) return;
    if (ancestor.completion.load().has(Done::helper)) ancestor.completion.wake_helpers();
    at = ancestor.parent.load();
    life = ancestor.parent_life.load();
  }
}

template <class Sys>
void tell_startable(World<Sys>& world, group::Group<Sys>& group) {
  if (group.completion.load().has(group::Completion<Sys>::helper)) group.completion.wake_helpers();
  wake_ancestors(world, group);
  announce(world, world.pools[group.pool.load(std::memory_order_relaxed)], group.index.load(std::memory_order_relaxed));
}

// What was kept from starting may start now. Requires: the group is alive, or a needless wake-up does no harm.
template <class Sys>
void announce_startable(World<Sys>& world, group::Group<Sys>& group) {
  if (group.queue.empty() && group.due_count.load() == 0 && !any_window_of(world, group)) return;
  tell_startable(world, group);
}

template <class Sys>
void give_unit(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, std::uint32_t count = 1) {
  group.units.give(life, count);
  // (What is in a window has its unit.)
  if (!group.queue.empty() || group.due_count.load() != 0) tell_startable(world, group);
}

}  // namespace pool::sched
