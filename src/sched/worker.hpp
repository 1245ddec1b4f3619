// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The worker's loop: search, run, park. The protocol is "Search" and "Park" in park/README.md.
#pragma once

#include <cxxabi.h>

#include "sched/run.hpp"
#include "sched/wake.hpp"

namespace pool::sched {

template <class Sys>
class WorkerLoop {
  using GroupType = group::Group<Sys>;
  using Claimed = typename GroupType::Queue::Claimed;

 public:
  WorkerLoop(World<Sys>& world, Pool<Sys>& pool, Worker<Sys>& worker) : world_(world), pool_(pool), worker_(worker) {}

  // Runs until the pool stops. `searching`: whether the thread was created as the searching one.
  void operator()(bool searching) {
    std::int64_t patience = 0;
    for (;;) {
      const Claimed found = find();
      if (found == Claimed::task) {
        if (searching) {
          searching = false;
          pool_.idle.end_search();
          if (more_ || pool_.ready.any()) wake_one(world_, pool_);
        } else if (more_) {
          wake_one(world_, pool_);
        }
        patience = 0;
        lingering_ = false;
        run_claimed(world_, pool_, *group_, work_);
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
  // A worker takes that many tasks in a row from one group before it looks at the next.
  static constexpr std::uint32_t streak_max = 16;

  // Claims a task of any group of this pool, beginning where the last search ended.
  Claimed find() {
    bool not_ready = false;
    std::uint32_t end = base::nil;  // first up to the last slot, then from the first one to the cursor
    std::uint32_t from = worker_.cursor;
    const std::uint32_t start = from;
    for (;;) {
      const std::uint32_t index = pool_.ready.next(from);
      if (index == base::nil || index >= end) {
        if (end != base::nil || start == 0) break;
        end = start;
        from = 0;
        continue;
      }
      const Claimed claimed = claim_from(index);
      if (claimed == Claimed::task) return claimed;
      not_ready = not_ready || claimed == Claimed::not_ready;
      from = index + 1;
    }
    return not_ready ? Claimed::not_ready : Claimed::empty;
  }

  Claimed claim_from(std::uint32_t index) {
    group_ = world_.groups.at(index);
    if (lingering_) {
      // Whoever has just submitted is probably about to wait, and faster at its own tasks than we: look twice. And
      // leave the bit, which is probably set again in a moment.
      if (group_->queue.empty()) return Claimed::empty;
      Sys::linger();
      if (group_->queue.empty()) return Claimed::empty;
    }
    const Claimed claimed = group_->queue.claim(
        world_.segments, [this](std::uint32_t) { return is_ours(*group_); }, work_, more_);
    if (claimed == Claimed::task) {
      const bool again = more_ && (worker_.cursor == index ? ++worker_.streak : (worker_.streak = 1)) < streak_max;
      worker_.cursor = again ? index : index + 1;
      if (!more_) clear(index, *group_);
    } else if (claimed != Claimed::not_ready) {
      clear(index, *group_);
    }
    return claimed;
  }

  // The slot's owner does not change within a life, and the claim names the life.
  bool is_ours(const GroupType& group) const {
    return group.pool.load(std::memory_order_relaxed) == pool_.index.load(std::memory_order_relaxed);
  }

  // Nothing to find there any more: clears its bit, unless there is something after all.
  void clear(std::uint32_t index, const GroupType& group) {
    bool restored = pool_.ready.clear(index);
    // In this order: the slot may just have come to us, and its generation, which empty() loads, tells.
    if (!group.queue.empty() && is_ours(group)) {
      pool_.ready.set(index);
      restored = true;
    }
    // Another worker may have looked while the bit was missing.
    if (restored) wake_one(world_, pool_);
  }

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
    if (pool_.ready.any() || pool_.stopping.load() != 0) {
      // Submitters that saw us search rely on us: whatever we leave behind when we find a task is for another to find.
      if (pool_.idle.leave(worker_.parker)) return pool_.idle.try_search();
    }
    return worker_.parker.sleep() == park::Parker<Sys>::search;
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  Worker<Sys>& worker_;
  // Searching for a while already, without having parked: there is time for a second look.
  bool lingering_ = false;
  // What the last claim found.
  GroupType* group_ = nullptr;
  queue::Work work_;
  bool more_ = false;
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
POOL_CATCHES_UNWINDING void* worker_main(void* argument) {
  auto& worker = *static_cast<Worker<Sys>*>(argument);
  Pool<Sys>& pool = *worker.pool;
  Sys::settle_thread(pool.name, worker.number);
  Sys::worker_pool() = &pool;
  if (worker.replaces) Sys::join(worker.predecessor);
  try {
    // A thread that takes the place of another one comes without the searching role.
    WorkerLoop<Sys>(*worker.world, pool, worker)(!worker.replaces);
  } catch (const abi::__forced_unwind&) {
    replace_thread(pool, worker);
    throw;
  }
  return nullptr;
}

}  // namespace pool::sched
