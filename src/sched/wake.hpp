// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Getting a worker to look: waking one that idles, or creating one. The protocol is "Wake one" in park/README.md.
#pragma once

#include <mutex>

#include "sched/pool.hpp"

namespace pool::sched {

template <class Sys>
void* worker_main(void* worker);

// Creates a worker, unless by now somebody idles or searches, or the pool is at its bound. False: the system gave none.
template <class Sys>
bool grow(World<Sys>& world, Pool<Sys>& pool) {
  const std::lock_guard lock(pool.growth);
  // A late submit may be here after its task has run and the pool has gone.
  if ((pool.generation.load() & 1U) == 0 || pool.stopping.load() != 0) return true;
  for (;;) {
    const auto state = pool.idle.state();
    // A searching thread without threads is a late waker of the slot's last life.
    const bool somebody_looks = state.threads() > 0 && (state.searching() > 0 || state.idle() > 0);
    if (somebody_looks || state.threads() >= pool.max_workers.load()) return true;
    if (pool.idle.begin_thread(state)) break;
  }
  const std::uint32_t index = world.workers.take();
  Worker<Sys>* worker = world.workers.at(index);
  if (worker != nullptr) {
    worker->world = &world;
    worker->pool = &pool;
    worker->index = index;
    worker->number = pool.created;
    worker->replaces = false;
    worker->lost = false;
    if (Sys::start_thread(worker->thread, worker_main<Sys>, worker)) {
      ++pool.created;
      worker->next = pool.threads;
      pool.threads = worker;
      pool.staffed.store(1);
      const std::uint32_t threads = pool.idle.state().threads();
      if (threads > pool.peak) pool.peak = threads;
      return true;
    }
    world.workers.give(index);
  }
  pool.idle.undo_thread();
  return false;
}

// Makes sure that somebody will look at what the caller has just published, or restored.
template <class Sys>
void wake_one(World<Sys>& world, Pool<Sys>& pool) {
  for (;;) {
    const auto state = pool.idle.state();
    if (state.searching() > 0) return;
    if (state.idle() > 0) {
      if (!pool.idle.begin_search(state)) continue;
      if (pool.idle.wake_top(park::Parker<Sys>::search)) return;
      pool.idle.end_search();
      continue;
    }
    if (state.threads() < pool.max_workers.load(std::memory_order_relaxed) && !grow(world, pool)) {
      Sys::report("a worker thread could not be created; carrying on with those there are");
      // Others relied on the thread that was to come, while a worker may have parked.
      if (pool.idle.state().idle() > 0) continue;
    }
    return;
  }
}

// A group of this pool got its first task.
template <class Sys>
void announce(World<Sys>& world, Pool<Sys>& pool, std::uint32_t group) {
  pool.ready.set(group);
  wake_one(world, pool);
}

// Makes sure that the pool has a thread, before it accepts a task. False: it has none and the system gives none.
template <class Sys>
bool ensure_staff(World<Sys>& world, Pool<Sys>& pool) {
  if (pool.staffed.load() != 0) return true;
  (void)grow(world, pool);
  return pool.staffed.load() != 0;
}

}  // namespace pool::sched
