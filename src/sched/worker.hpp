// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The worker's loop: search, run, park. The protocol is "Search" and "Park" in park/README.md.
#pragma once

#include <cxxabi.h>

#include "sched/run.hpp"
#include "sched/search.hpp"

namespace pool::sched {

template <class Sys>
class WorkerLoop {
  using Claimed = typename Search<Sys>::Claimed;

 public:
  WorkerLoop(World<Sys>& world, Pool<Sys>& pool, Worker<Sys>& worker) : world_(world), pool_(pool), worker_(worker) {}

  // Runs until the pool stops. `searching`: whether the thread was created as the searching one.
  void operator()(bool searching) {
    std::int64_t patience = 0;
    for (;;) {
      const Claimed found = search_.find(lingering_);
      if (found == Claimed::task) {
        if (searching) {
          searching = false;
          pool_.idle.end_search();
          if (search_.more() || search_.any()) wake_one(world_, pool_);
        } else if (search_.more()) {
          wake_one(world_, pool_);
        }
        patience = 0;
        lingering_ = false;
        search_.run();
        continue;
      }
      if (found == Claimed::not_ready) {
        Sys::yield();
        continue;
      }
      if (pool_.stopping.load() != 0) break;
      if (!searching) searching = pool_.idle.try_search();
      if (searching && keep_searching(patience)) continue;
      if (lingering_) {  // once more, in earnest
        lingering_ = false;
        continue;
      }
      searching = park(searching);
      patience = 0;
    }
    if (searching) pool_.idle.end_search();
  }

 private:
  bool keep_searching(std::int64_t& patience) {
    if (Sys::search_spin == 0) return false;
    const std::int64_t now = Sys::now();
    if (patience == 0) patience = now + Sys::search_spin;
    if (now >= patience) return false;
    lingering_ = true;
    Sys::linger();
    return true;
  }

  // Sleeps until there may be work. Says whether we come back as the searching worker.
  bool park(bool searching) {
    pool_.idle.enter(worker_.parker, searching);
    if (search_.any() || pool_.stopping.load() != 0) {
      // Submitters that saw us search rely on us: whatever we leave behind when we find a task is for another to find.
      if (pool_.idle.leave(worker_.parker)) return pool_.idle.try_search();
    }
    return worker_.parker.sleep() == park::Parker<Sys>::search;
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  Worker<Sys>& worker_;
  Search<Sys> search_{world_, pool_, worker_};
  // Searching for a while already, without having parked: there is time for a second look.
  bool lingering_ = false;
};

// A task ended this thread. Its place goes to a new one, which joins it.
template <class Sys>
void replace_thread(Pool<Sys>& pool, Worker<Sys>& worker) {
  const std::lock_guard lock(pool.growth);
  if (pool.stopping.load() != 0) return;  // whoever stops the pool joins this thread
  const typename Sys::Thread self = worker.thread;
  worker.predecessor = self;
  worker.replaces = true;
  // Until it looks it counts as a running worker, which this one was: work published meanwhile waits for it.
  if (Sys::start_thread(worker.thread, worker_main<Sys>, &worker)) return;
  worker.thread = self;
  worker.lost = true;
  Sys::report("a task ended its worker thread, and no other could be created");
  pool.idle.end_thread();
  if (pool.idle.state().threads() == 0) pool.staffed.store(0);
}

template <class Sys>
POOL_CATCHES_UNWINDING void* worker_main(void* argument) try {
  auto& worker = *static_cast<Worker<Sys>*>(argument);
  Pool<Sys>& pool = *worker.pool;
  Sys::settle_thread(pool.name, worker.number);
  Sys::worker_pool() = &pool;
  const std::uint32_t era = Sys::era();
  if (worker.replaces) Sys::join(worker.predecessor);
  try {
    // A thread that takes the place of another one comes without the searching role.
    WorkerLoop<Sys>(*worker.world, pool, worker)(!worker.replaces);
  } catch (const abi::__forced_unwind&) {
    if (era == Sys::era()) replace_thread(pool, worker);
    throw;
  }
  return nullptr;
} catch (const Forked&) {
  return nullptr;
}

}  // namespace pool::sched
