// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What a pool is at, added up from all that keep a part of it. Gauges are of about now; counts are exact when nothing
// moves.
#pragma once

#include <algorithm>
#include <cstring>
#include <mutex>

#include "sched/credits.hpp"

namespace pool::sched {

struct PoolCounts {
  std::uint32_t threads, idle, peak, queued, running, created, left, blocked, burst;
  Tallied tallied;
  std::int64_t longest_run;  // ns
  std::int64_t oldest_wait;  // ns
};

// How many ns a tick is, by a moment of both clocks that was some time ago.
template <class Sys>
double tick_since(std::int64_t then, std::int64_t then_ticks) {
  const std::int64_t elapsed = Sys::now() - then;
  const std::int64_t their_ticks = Sys::ticks() - then_ticks;
  // Not from a moment in which the two were not read at once.
  const bool is_known = elapsed > 1'000'000 && their_ticks > 0;
  return is_known ? static_cast<double>(elapsed) / static_cast<double>(their_ticks)
                  : 20'000.0 / static_cast<double>(Sys::quantum());
}

// What a number of ticks is in ns.
template <class Sys>
std::int64_t nanoseconds_of(const Pool<Sys>& pool, std::int64_t ticks) {
  const double tick = tick_since<Sys>(pool.made_at, pool.made_ticks);
  return std::max<std::int64_t>(static_cast<std::int64_t>(static_cast<double>(ticks) * tick), 0);
}

// How long what waits in a group's queue has waited, in ns, at most; 0: nothing does, or it is not known.
template <class Sys>
std::int64_t oldest_wait(World<Sys>& world, const group::Group<Sys>& group, std::int64_t now) {
  const std::uint32_t index = group.pool.load(std::memory_order_relaxed);
  if (index == base::nil || world.pools[index].timed_every.load() == 0) return 0;
  if (group.queue.empty() && !any_window_of(world, group)) return 0;
  // (A submit that ends an empty moment raises the tail, then says when: in between it may be an older moment.)
  const std::int64_t oldest = group.oldest.load(std::memory_order_relaxed);
  return oldest == 0 ? 0 : std::max<std::int64_t>(now - oldest, 0);
}
template <class Sys>
std::int64_t oldest_wait_of(World<Sys>& world, const Pool<Sys>& pool) {
  if (pool.timed_every.load() == 0) return 0;
  const std::int64_t now = Sys::now();
  std::int64_t oldest = 0;
  for (std::uint32_t i = 0, end = world.groups.high_water(); i < end; ++i) {
    const group::Group<Sys>& group = world.groups[i];
    if (group.home.load() == pool.home.load()) oldest = std::max(oldest, oldest_wait(world, group, now));
  }
  return oldest;
}

// How long a worker has been at the group that it visits, in ns: a task that takes long has taken about that.
template <class Sys>
std::int64_t run_of(const Pool<Sys>& pool, const Worker<Sys>& worker) {
  if (worker.visited.load(std::memory_order_relaxed) == base::nil) return 0;
  return nanoseconds_of(pool, Sys::ticks() - worker.since.load(std::memory_order_relaxed));
}

template <class Sys>
PoolCounts count_pool(World<Sys>& world, Pool<Sys>& pool) {
  const auto tasks = Credits<Sys>::tasks(world, pool);
  const auto state = pool.idle.state();
  const std::uint32_t max = pool.bounds().max();
  PoolCounts counts{.threads = state.threads(),
                    .idle = state.idle(),
                    .peak = 0,
                    .queued = tasks.queued,
                    .running = tasks.running,
                    .created = 0,
                    .left = 0,
                    .blocked = pool.sections.load(),
                    .burst = state.threads() > max ? state.threads() - max : 0,
                    .tallied = tallied(world, pool),
                    .longest_run = 0,
                    .oldest_wait = oldest_wait_of(world, pool)};
  const std::lock_guard lock(pool.growth);
  counts.peak = pool.peak;
  counts.created = pool.created;
  counts.left = pool.left;
  for (const Worker<Sys>* worker = pool.threads; worker != nullptr; worker = worker->next) {
    counts.longest_run = std::max(counts.longest_run, run_of(pool, *worker));
  }
  return counts;
}

// From now on one task in `every` is timed. False: the pool is gone.
template <class Sys>
bool time_tasks(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation, std::uint32_t every) {
  const std::lock_guard lock(pool.growth);
  if (pool.generation.load() != generation) return false;
  // What these say is of a time before.
  for (std::uint32_t i = 0, end = world.groups.high_water(); i < end && pool.timed_every.load() == 0; ++i) {
    group::Group<Sys>& group = world.groups[i];
    if (group.home.load() == pool.home.load()) group.oldest.store(0, std::memory_order_relaxed);
  }
  pool.time_every(every);
  return true;
}

// Copies its name. False: the pool is gone.
template <class Sys>
bool name_of(Pool<Sys>& pool, std::uint32_t generation, char (&name)[Pool<Sys>::name_size]) {
  const std::lock_guard lock(pool.growth);
  std::memcpy(name, pool.name, sizeof name);
  return pool.generation.load() == generation;
}

}  // namespace pool::sched
