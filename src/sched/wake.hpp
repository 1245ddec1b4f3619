// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Getting a worker to look: waking one that idles, or creating one. The protocol is "Wake one" in park/README.md.
#pragma once

#include <mutex>

#include "base/probe.hpp"
#include "sched/staff.hpp"

namespace pool::sched {

// Creates a worker, unless by now somebody idles or searches, or the pool is at its bound. False: the system gave none.
template <class Sys>
bool grow(World<Sys>& world, Pool<Sys>& pool) {
  std::unique_lock lock(pool.growth, std::defer_lock);
  const auto somebody_looks = [&pool](typename park::IdleSet<Sys>::State state) {
    // (A searching thread without threads is a late waker of the slot's last life.)
    return state.threads() > 0 && ((state.searching() > 0 && !pool.is_eager()) || state.idle() > 0);
  };
  // Somebody creates one, most probably, and has raised searching: not to be waited for, which could be with a task in
  // our hands that then waits for a processor.
  if (!lock.try_lock()) {
    if (somebody_looks(pool.idle.state())) return true;
    lock.lock();
  }
  // A late submit may be here after its task has run and the pool has gone.
  if ((pool.generation.load() & 1U) == 0 || pool.stopping.load() != 0) return true;
  for (;;) {
    const park::Bounds bounds = pool.bounds();
    const auto state = pool.idle.state();
    if (somebody_looks(state) || state.running() >= pool.running_bound() || state.threads() >= bounds.total()) {
      return true;
    }
    if (pool.idle.begin_thread(state, true)) break;
  }
  if (start_worker(world, pool, true)) return true;
  pool.idle.undo_thread(true);
  // Told without a lock: it may be the user's callback. A late submit has nothing else that keeps the pool, and with it
  // what the callback needs, alive: the end of the pool waits for us.
  pool.reporters.fetch_add(1);
  lock.unlock();
  Sys::report(pool.log, "a worker thread could not be created; carrying on with those there are");
  if (pool.reporters.fetch_sub(1) == 1) Sys::wake(pool.reporters, INT32_MAX);
  return false;
}

// Everybody is busy: makes sure that the housekeeper looks whether they get on.
template <class Sys>
void arm(Pool<Sys>& pool) {
  if (pool.armed.load() != 0 || pool.armed.exchange(1) != 0) return;
  {
    const std::lock_guard lock(pool.growth);
    if (!ensure_keeper(pool)) {
      pool.armed.store(0);
      return;
    }
  }
  call_keeper(pool);
}

// Makes sure that somebody will look at what the caller has just published, or restored. `beside_one`: a single one
// that searches does not do.
template <class Sys>
void wake_one(World<Sys>& world, Pool<Sys>& pool, bool beside_one) {
  for (;;) {
    const auto state = pool.idle.state();
    if (state.searching() > (beside_one ? 1U : 0U) && !pool.is_eager()) return;
    if (!pool.has_reserve(state)) return;
    if (state.running() >= pool.running_bound()) return pool.bounds().burst() != 0 ? arm(pool) : void();
    if (state.idle() > 0) {
      if (!pool.idle.begin_search(state)) continue;
      if (pool.idle.wake_top(park::Parker<Sys>::search)) {
        pool.wakes.fetch_add(1, std::memory_order_relaxed);
        POOL_PROBE(wake, &pool);
        return;
      }
      pool.idle.end_search();
      continue;
    }
    if (grow(world, pool)) return;
    // Nobody is left: the last one left since the task was accepted, and its housekeeper goes on trying.
    if (pool.idle.state().threads() == 0) call_keeper(pool);
    // Others relied on the thread that was to come, while a worker may have parked.
    if (pool.idle.state().idle() == 0) return;
  }
}

// A group of this pool got its first task.
template <class Sys>
void announce(World<Sys>& world, Pool<Sys>& pool, std::uint32_t group) {
  pool.ready.set(group);
  wake_one(world, pool);
}

// A group got a further task: whoever was woken for the first one sees to it, unless everybody is to be woken.
template <class Sys>
void announce_further(World<Sys>& world, Pool<Sys>& pool) {
  if (pool.is_eager()) wake_one(world, pool);
}

// Makes sure that the pool has a thread, before it accepts a task. False: it has none and the system gives none.
template <class Sys>
bool ensure_staff(World<Sys>& world, Pool<Sys>& pool) {
  while (!pool.is_staffed()) {
    const bool is_refused = !grow(world, pool);
    // The last thread may be leaving, and its place not be free yet: the housekeeper joins it, then looks. (Without the
    // mutex it could be one that somebody else has counted, and the system does not give.)
    const bool is_staffed = [&pool] {
      const std::lock_guard lock(pool.growth);
      return pool.is_staffed() || pool.idle.state().threads() != 0;
    }();
    if (is_staffed) return true;
    if (is_refused || (pool.generation.load() & 1U) == 0 || pool.stopping.load() != 0) return false;
    // It was joined in between: there is place now.
  }
  return true;
}

}  // namespace pool::sched
