// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The life of a pool:
//
//  1. create: a slot, odd generation, no thread.
//  2. the first submit creates the first thread, work creates further ones; with `prestart` create makes some.
//  3. close: the room refuses everybody but tasks of the pool, and dismisses those in line. A submit that got its place
//     before is an unfinished task like any other.
//  4. drain: unfinished is 0. Only a task could submit, and there is none: this is final.
//  5. stop: workers find nothing, see `stopping`, and end. First the housekeeper is joined, then all that are left.
//  6. end: the generation becomes even; the groups, all empty, end; the slot goes back. A late submit that still looks
//  at
//     the slot finds its group's generation ended; what a late announcement touches is a needless bit or wake-up.
#pragma once

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "sched/counts.hpp"
#include "sched/housekeeper.hpp"
#include "sched/trace.hpp"
#include "sched/wait.hpp"
#include "sched/worker.hpp"

namespace pool::sched {

// Everything in range; times in ns, INT64_MAX for ever, negative not at all.
struct PoolConfig {
  std::uint32_t max_workers = 1;
  std::uint32_t queue_capacity = 1;
  std::uint32_t overflow = 1;
  const char* name = "pool";
  std::uint32_t min_workers = 0;
  std::uint32_t burst_workers = 0;
  std::uint32_t help = 2;
  std::uint32_t timing = 0;
  bool prestart = false;
  bool eager = false;
  std::int64_t overflow_timeout = INT64_MAX;
  std::int64_t idle_timeout = INT64_MAX;
  std::int64_t burst_delay = 0;
  std::uint64_t stack_size = 0;
  Hooks hooks{};
  base::LogConfig log{};
};

// Makes a pool, without its threads; nil: no memory, or too many.
template <class Sys>
std::uint32_t create_pool(World<Sys>& world, const PoolConfig& config, std::uint32_t& generation) {
  const std::uint32_t index = world.pools.take();
  if (index == base::nil) return base::nil;
  Pool<Sys>& pool = world.pools[index];
  if (!pool.has_ready && !pool.ready.allocate()) {
    world.pools.give(index);
    return base::nil;
  }
  const std::lock_guard lock(pool.growth);  // somebody may still be counting the last life
  pool.has_ready = true;
  if (pool.world == nullptr) pool.world = &world;  // always the same, and late readers may be about
  pool.index.store(index);
  pool.bounds_word.store(
      park::Bounds::make(config.min_workers, config.max_workers, config.burst_workers, config.burst_delay <= 0).word);
  pool.overflow.store(config.overflow);
  pool.overflow_timeout.store(config.overflow_timeout);
  pool.help.store(config.help);
  pool.armed.store(0);
  pool.timers.planned.store(INT64_MAX);
  pool.sections.store(0);
  pool.granted.store(0);
  pool.idle_timeout = config.idle_timeout;
  pool.burst_delay = config.burst_delay;
  pool.stack_size = config.stack_size;
  pool.prestart = config.prestart;
  pool.hooks = config.hooks;
  pool.log = config.log;
  pool.full_told.store(Sys::wants_info(config.log) ? 0 : INT64_MAX);
  pool.unusual.store(Pool<Sys>::is_unstaffed | (config.eager ? Pool<Sys>::wakes_eagerly : 0) |
                     (config.burst_workers != 0 ? Pool<Sys>::counts_starts : 0));
  pool.stopping.store(0);
  pool.own_group.store(0);
  pool.rotation.store(1);  // a new group, which has used nothing, is behind
  pool.spread.store(0);
  pool.blocked.store(0);
  pool.rejected.store(0);
  pool.caller_runs.store(0);
  pool.discarded.store(0);
  for (auto* const count : {&pool.finished, &pool.helped, &pool.failed, &pool.cancelled, &pool.wakes, &pool.steals}) {
    count->store(0);
  }
  pool.made_at = Sys::now();
  pool.made_ticks = Sys::ticks();
  pool.time_every(config.timing);
  pool.waits.clear();
  pool.runs.clear();
  pool.peak = 0;
  pool.created = 0;
  pool.left = 0;
  std::snprintf(pool.name, sizeof pool.name, "%s", config.name);
  pool.room.open(config.queue_capacity);
  generation = pool.generation.load() + 1;
  pool.batch_limit.store(std::max(config.queue_capacity / 8, 1U));
  pool.home.store(base::pack(generation, index));
  pool.generation.store(generation);
  return index;
}

// Step 3, and dropping what is queued if `cancel`. False: the pool is gone.
template <class Sys>
bool close_pool(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation, bool cancel) {
  // The end of a life takes this mutex, too: we cannot close a successor.
  {
    const std::lock_guard lock(pool.growth);
    if (pool.generation.load() != generation) return false;
    if (cancel) pool.unusual.fetch_or(Pool<Sys>::is_cancelling);
    pool.room.close();
  }
  // Nobody keeps credits of a closed room: from here on its counts are exact.
  Credits<Sys>::sweep(world, pool);
  // Whoever suspends a group or stands in its line from now on looks whether the pool is closed.
  release_groups(world, pool, generation);
  return true;
}

// Step 5. Requires: drained. Several threads may call it at once; each returns when all workers are joined.
template <class Sys>
void stop_workers(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation) {
  const std::lock_guard joining(pool.joining);
  bool has_keeper = false;
  {
    const std::lock_guard lock(pool.growth);
    if (pool.generation.load() != generation) return;
    pool.stopping.store(1);  // from here on no thread is created, and none joins the leavers
    has_keeper = pool.has_keeper;
    pool.has_keeper = false;
    pool.timers.are_ready.store(0);
  }
  while (pool.idle.wake_top(park::Parker<Sys>::stop)) {
  }
  if (has_keeper) {
    pool.keeper_stop.store(1);
    call_keeper(pool);
    Sys::join(pool.keeper, pool.keeper_id);
  }
  Worker<Sys>* threads = nullptr;
  {
    const std::lock_guard lock(pool.growth);
    threads = pool.threads;
    pool.threads = nullptr;
    pool.leavers = nullptr;
  }
  while (threads != nullptr) {
    Worker<Sys>* const next = threads->next;
    Sys::join(threads->thread, threads->id);
    const std::lock_guard lock(pool.growth);
    count_out(pool, *threads);
    world.workers.give(threads->index);
    threads = next;
  }
}

// Steps 3 to 5; deadline 0 is step 3 alone. False: tasks are still unfinished.
template <class Sys>
bool shut_down(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation, bool cancel, std::int64_t deadline) {
  if (!close_pool(world, pool, generation, cancel)) return true;
  if (deadline == 0) return pool.room.counts().unfinished == 0;
  const auto alive = [&pool, generation] { return pool.generation.load() == generation; };
  for (;;) {
    // In slices: tasks may have cost the pool its last thread when the system gave no other.
    const std::int64_t slice = std::min(deadline, Sys::after(Sys::drain_slice));
    if (pool.room.wait_drained(slice, alive)) break;
    if (slice == deadline) return false;
    if (!pool.is_staffed()) (void)grow(world, pool);
  }
  stop_workers(world, pool, generation);
  return true;
}

// Step 6. False: somebody else did. Requires: stopped. `trace` gets the trace that ran, if one did: the caller's now.
// (What others give back meanwhile is theirs to see to.)
inline constexpr int most_trims = 1'000;

template <class Sys>
bool end_pool(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation, Trace<Sys>** trace = nullptr) {
  {
    const std::lock_guard joining(pool.joining);
    const std::lock_guard lock(pool.growth);
    std::uint32_t expected = generation;
    if (!pool.generation.compare_exchange_strong(expected, generation + 1)) return false;
  }
  for (std::uint32_t count = pool.reporters.load(); count != 0; count = pool.reporters.load()) {
    Sys::wait(pool.reporters, count);
  }
  // From here on none can be started.
  if (trace != nullptr) *trace = end_trace(pool, generation);
  const std::uint32_t index = pool.index.load();
  Sys::heavy_barrier();  // pairs with the store in TicketQueue::open()
  for (std::uint32_t i = 0, end = world.groups.high_water(); i < end; ++i) {
    group::Group<Sys>& group = world.groups[i];
    const std::uint32_t life = group.queue.generation();
    if ((life & 1U) == 0 || group.pool.load() != index || group.pool_generation.load() != generation) continue;
    // It may be ended by its owner at this moment: then this fails.
    end_group(world, group, life);
  }
  // A slot whose generations are used up is retired.
  if (generation + 1 < Sys::last_generation) world.pools.give(index);
  for (int i = 0; i < most_trims && world.trim_some(); ++i) {
  }
  return true;
}

// Step 2, with `prestart`. False: the system gave not all threads, and none is left; the pool is gone.
template <class Sys>
bool prestart_pool(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation) {
  {
    const std::lock_guard lock(pool.growth);
    if (!pool.prestart || fill_staff(world, pool, pool.bounds().min())) return true;
  }
  (void)close_pool(world, pool, generation, true);
  stop_workers(world, pool, generation);
  (void)end_pool(world, pool, generation);
  return false;
}

}  // namespace pool::sched
