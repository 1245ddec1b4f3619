// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Staff: how the threads of a pool come and go. The protocol is "Workers" in park/README.md: here are the creation of a
// thread, its decision to leave, and its end; housekeeper.hpp has what follows it.
#pragma once

#include <algorithm>
#include <mutex>

#include "sched/credits.hpp"

namespace pool::sched {

template <class Sys>
void* worker_main(void* worker);
template <class Sys>
void* keeper_main(void* pool);
template <class Sys>
void wake_one(World<Sys>& world, Pool<Sys>& pool, bool beside_one = false);

// The moment `duration` from now; sums saturate.
template <class Sys>
std::int64_t saturated_after(std::int64_t duration) {
  if (duration == INT64_MAX) return INT64_MAX;
  const std::int64_t now = Sys::now();
  return duration > INT64_MAX - now ? INT64_MAX : now + duration;
}

// Under `growth`: starts a thread that is counted already. False: the system gave none, or there is no slot for it; it
// is still counted.
template <class Sys>
bool start_worker(World<Sys>& world, Pool<Sys>& pool, bool searches) {
  const std::uint32_t index = world.workers.take();
  Worker<Sys>* worker = world.workers.at(index);
  if (worker == nullptr) return false;
  worker->world = &world;
  worker->pool = &pool;
  worker->index = index;
  worker->number = pool.created;
  worker->searches = searches;
  worker->replaces = false;
  worker->ending = Ending::none;
  if (!Sys::start_thread(worker->thread, worker_main<Sys>, worker, pool.stack_size)) {
    world.workers.give(index);
    return false;
  }
  ++pool.created;
  worker->previous = nullptr;
  worker->next = pool.threads;
  if (pool.threads != nullptr) pool.threads->previous = worker;
  pool.threads = worker;
  pool.staff();
  pool.peak = std::max(pool.peak, pool.idle.state().threads());
  return true;
}

// Under `growth`: as many threads as are active get `wanted`, if there is place for them, whether or not somebody
// idles. False: the system gave none.
template <class Sys>
bool fill_staff(World<Sys>& world, Pool<Sys>& pool, std::uint32_t wanted) {
  for (;;) {
    const auto state = pool.idle.state();
    if (state.active() >= wanted || state.threads() >= pool.bounds().total()) return true;
    if (!pool.idle.begin_thread(state, false)) continue;
    if (start_worker(world, pool, false)) continue;
    pool.idle.undo_thread(false);
    return false;
  }
}

// Under `growth`: makes sure that there is a housekeeper. False: the system gave no thread, or the pool stops.
template <class Sys>
bool ensure_keeper(Pool<Sys>& pool) {
  if ((pool.generation.load() & 1U) == 0 || pool.stopping.load() != 0) return false;
  if (pool.has_keeper) return true;
  pool.keeper_stop.store(0);
  pool.has_keeper = Sys::start_thread(pool.keeper, keeper_main<Sys>, &pool, 0);
  return pool.has_keeper;
}

// After the reason for the call is visible.
template <class Sys>
void call_keeper(Pool<Sys>& pool) {
  pool.keeper_calls.fetch_add(1);
  Sys::wake(pool.keeper_calls, 1);
}

// Sets `shrinking` if there are too many, or too many run.
template <class Sys>
void shrink_if_needed(Pool<Sys>& pool) {
  const auto state = pool.idle.state();
  if (state.active() > pool.bounds().total() || state.running() > pool.running_bound()) {
    pool.bounds_word.fetch_or(park::Bounds{}.shrinking(true).word);
  }
}

// Steps 2 and 3 of "Retire", for a worker that has raised leaving.
enum class MayLeave { no, yes, unstaffed };
template <class Sys>
MayLeave may_leave(World<Sys>& world, Pool<Sys>& pool) {
  const std::lock_guard lock(pool.growth);
  if (!ensure_keeper(pool)) return MayLeave::no;
  if (pool.idle.state().active() != 0) return MayLeave::yes;
  pool.unstaff();
  // Whoever took a place in the room before our store may have seen that there is a thread.
  Credits<Sys>::sweep(world, pool);
  if (pool.room.counts().unfinished == 0) return MayLeave::unstaffed;
  pool.staff();
  return MayLeave::no;
}

// A worker that has raised leaving is active again.
template <class Sys>
void stay(Pool<Sys>& pool) {
  const std::lock_guard lock(pool.growth);
  pool.idle.undo_leave();
  pool.staff();
  shrink_if_needed(pool);
}

// The last thing that a thread does, but for its thread-local destructors: it is there to be joined.
template <class Sys>
void join_leavers(Pool<Sys>& pool, Worker<Sys>& worker) {
  {
    const std::lock_guard lock(pool.growth);
    if (pool.stopping.load() != 0) return;  // whoever stops the pool joins all that are left
    worker.next_leaver = pool.leavers;
    pool.leavers = &worker;
  }
  call_keeper(pool);
}

// Under `growth`, before a thread is counted out: whoever sees that there is none any more sees that there is no staff.
template <class Sys>
void unstaff_if_last(Pool<Sys>& pool) {
  if (pool.idle.state().threads() == 1) pool.unstaff();
}

// Under `growth`: a thread is joined, and its place is free.
template <class Sys>
void count_out(Pool<Sys>& pool, const Worker<Sys>& worker) {
  if (worker.ending == Ending::given_up) return;  // has been
  unstaff_if_last(pool);
  switch (worker.ending) {
    case Ending::none:
      return pool.idle.end_thread();
    case Ending::left:
      ++pool.left;
      break;
    default:
      break;
  }
  pool.idle.end_leave();
}

// Under `growth`, without a housekeeper: the thread's place goes to a new one, which joins it. False: it is given up.
template <class Sys>
bool replace_at_once(Pool<Sys>& pool, Worker<Sys>& worker, Ending ending) {
  const typename Sys::Thread self = worker.thread;
  if (ending == Ending::by_task) {
    worker.predecessor = self;
    worker.replaces = true;
    worker.searches = false;
    if (Sys::start_thread(worker.thread, worker_main<Sys>, &worker, pool.stack_size)) {
      ++pool.created;
      return true;
    }
  }
  worker.thread = self;
  worker.ending = Ending::given_up;
  unstaff_if_last(pool);
  pool.idle.end_thread();
  return false;
}

// A task, or the start hook, has ended this thread. Requires: it is neither idle nor searching.
template <class Sys>
void end_by_force(World<Sys>& world, Pool<Sys>& pool, Worker<Sys>& worker, Ending ending) {
  {
    const std::lock_guard lock(pool.growth);
    if (pool.stopping.load() != 0) return;  // whoever stops the pool joins this thread
    if (ensure_keeper(pool)) {
      worker.ending = ending;
      pool.idle.must_leave();
      worker.next_leaver = pool.leavers;
      pool.leavers = &worker;
    } else if (replace_at_once(pool, worker, ending)) {
      return;
    }
  }
  if (worker.ending != Ending::given_up) return call_keeper(pool);
  Sys::report(pool.log, "a task ended its worker thread, and no other could be created");
  // It counted as one that will look.
  if (has_work(world, pool) && pool.idle.state().idle() > 0) wake_one(world, pool);
}

}  // namespace pool::sched
