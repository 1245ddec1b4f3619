// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The tree of groups: parents and children, under one mutex. Taken when a group with a parent is made or ended, when a
// group with children is cancelled, and when a waiter has run out of tasks of its own group.
#pragma once

#include <mutex>

#include "sched/owned.hpp"
#include "sched/pool.hpp"

namespace pool::sched {

// Makes `child` (open, not yet known to anybody) a child. False: the parent is gone, or of another pool.
template <class Sys>
bool adopt(World<Sys>& world, std::uint32_t parent_index, std::uint32_t parent_life, group::Group<Sys>& child) {
  group::Group<Sys>& parent = world.groups[parent_index];
  // Those who wait for the parent come to both.
  share(parent);
  share(child);
  const std::lock_guard lock(world.family);
  const std::uint32_t index = child.index.load(std::memory_order_relaxed);
  const std::uint32_t eldest = parent.first_child.load();
  child.next_sibling = eldest;
  child.previous_sibling = base::nil;
  child.parent_life.store(parent_life);
  child.parent.store(parent_index);
  if (eldest != base::nil) world.groups[eldest].previous_sibling = index;
  parent.first_child.store(index);
  // After the link: the end of the parent looks for children after it has ended, a cancel after it has cancelled.
  if (parent.queue.generation() == parent_life && parent.pool.load() == child.pool.load()) {
    if (parent.is_cancelled(parent_life)) child.cancelled.store(child.queue.generation());
    return true;
  }
  parent.first_child.store(eldest);
  if (eldest != base::nil) world.groups[eldest].previous_sibling = base::nil;
  child.parent.store(base::nil);
  return false;
}

// Takes a group that ends out of the tree; its children have no parent any more.
template <class Sys>
void leave_family(World<Sys>& world, group::Group<Sys>& group) {
  if (group.parent.load() == base::nil && group.first_child.load() == base::nil) return;
  const std::lock_guard lock(world.family);
  for (std::uint32_t at = group.first_child.load(); at != base::nil;) {
    group::Group<Sys>& child = world.groups[at];
    at = child.next_sibling;
    child.parent.store(base::nil);
  }
  group.first_child.store(base::nil);
  const std::uint32_t parent = group.parent.load();
  if (parent == base::nil) return;
  if (group.next_sibling != base::nil) world.groups[group.next_sibling].previous_sibling = group.previous_sibling;
  if (group.previous_sibling != base::nil) {
    world.groups[group.previous_sibling].next_sibling = group.next_sibling;
  } else {
    world.groups[parent].first_child.store(group.next_sibling);
  }
  group.parent.store(base::nil);
}

// Calls visit(descendant) for each until it returns true. Says whether one did. `visit` is called under the mutex.
template <class Sys, class Visit>
bool any_descendant(World<Sys>& world, const group::Group<Sys>& group, Visit&& visit) {
  if (group.first_child.load() == base::nil) return false;
  const std::lock_guard lock(world.family);
  const std::uint32_t top = group.index.load(std::memory_order_relaxed);
  for (std::uint32_t at = group.first_child.load(); at != base::nil;) {
    group::Group<Sys>* here = world.groups.at(at);
    if (visit(*here)) return true;
    if (const std::uint32_t child = here->first_child.load(); child != base::nil) {
      at = child;
      continue;
    }
    // The next one on the way: a sibling, or that of the nearest ancestor below `group` that has one.
    while (at != top && here->next_sibling == base::nil) {
      at = here->parent.load();
      here = world.groups.at(at);
    }
    if (at == top) break;
    at = here->next_sibling;
  }
  return false;
}

}  // namespace pool::sched
