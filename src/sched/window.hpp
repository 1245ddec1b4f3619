// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Looks into the windows of all threads: what was claimed and has not started.
#pragma once

#include "sched/owned.hpp"
#include "sched/pool.hpp"
#include "sched/task.hpp"

namespace pool::sched {

// Calls visit(local, group) for each window that has tasks, until it returns true; says whether it did. Racy: to be
// looked at again under the bias.
template <class Sys, class Visit>
bool any_window(World<Sys>& world, Visit&& visit) {
  for (std::uint32_t i = 0, end = world.locals.high_water(); i < end; ++i) {
    Local<Sys>& local = world.locals[i];
    if (local.window.size() == 0) continue;
    auto* const group = static_cast<group::Group<Sys>*>(local.window.group.load());
    if (group != nullptr && visit(local, *group)) return true;
  }
  return false;
}

// Whether what was claimed of that life must not start now: it is suspended.
template <class Sys>
bool is_held(const group::Group<Sys>& group, std::uint32_t life) {
  return group.suspended.load() == life;
}

// Whether some thread (but for `except`) has tasks of this pool in its window that could be started.
template <class Sys>
bool any_window_of(World<Sys>& world, const Pool<Sys>& pool, const void* except = nullptr) {
  const std::uint32_t index = pool.index.load(std::memory_order_relaxed);
  return any_window(world, [=](const Local<Sys>& local, const group::Group<Sys>& group) {
    return &local != except && group.pool.load(std::memory_order_relaxed) == index &&
           !is_held(group, local.window.life.load());
  });
}

// The same of one group.
template <class Sys>
bool any_window_of(World<Sys>& world, const group::Group<Sys>& group) {
  // Claimed and not over: none, no window.
  if (!group.has_begun()) return false;
  return any_window(world, [&group](const Local<Sys>& local, const group::Group<Sys>& its) {
    return &its == &group && !is_held(its, local.window.life.load());
  });
}

// What a group's tasks have come to, those in windows included.
template <class Sys>
group::Counters count_group(World<Sys>& world, group::Group<Sys>& group) {
  return group.counters([&world, &group] {
    typename group::Group<Sys>::InBatches all{0, 0};
    const auto each = [&world, &group](auto&& look) {
      for (std::uint32_t i = 0, end = world.locals.high_water(); i < end; ++i) {
        const Window<Sys>& window = world.locals[i].window;
        if (window.group.load() == &group && window.life.load() == group.queue.generation()) look(window);
      }
    };
    // What is over first: what waits now was not over before, and no task is counted as both.
    each([&all](const Window<Sys>& window) { all.over += window.finished.load(); });
    each([&all](const Window<Sys>& window) {
      const std::uint32_t waiting = window.size();
      if (window.is_ours.load() != 0) all.waiting += waiting;
    });
    return all;
  });
}

// The oldest task of a group that some thread has claimed and not started; it is the caller's then. False: there is
// none.
template <class Sys>
bool take_oldest_claimed(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, queue::Work& work) {
  if (!group.has_begun()) return false;
  return any_window(world, [&](Local<Sys>& local, group::Group<Sys>& its) {
    if (&its != &group) return false;
    Window<Sys>& window = local.window;
    local.bias.revoke();
    const std::uint64_t range = window.range.load(std::memory_order_relaxed);
    bool is_there = window.group.load() == &group && window.life.load(std::memory_order_relaxed) == life &&
                    base::low(range) != base::high(range);
    if (is_there) window.get(base::low(range), work);
    // (What waited for its time was promised to run.)
    is_there = is_there && Task::timer_of(work) == nullptr;
    if (is_there) {
      share_under_bias(group, local);
      window.range.store(range + 1, std::memory_order_relaxed);
    }
    local.bias.restore();
    return is_there;
  });
}

// Whether there is anything that a worker should look at. The windows last: what leaves a queue is in a window first.
template <class Sys>
bool has_work(World<Sys>& world, const Pool<Sys>& pool) {
  return pool.has_work() || any_window_of(world, pool);
}

}  // namespace pool::sched
