// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Housekeeper: the thread of a pool that joins those that leave, replaces those that a task has ended, and adds some
// for a while when the others get nowhere. The protocol is in park/README.md.
//
// Guarantees: sleeps without a time-out unless a burst is being timed, a timer is armed, or the pool lost its last
// thread and the system gives none. Runs no task.
#pragma once

#include <algorithm>
#include <mutex>
#include <utility>

#include "sched/timers.hpp"

namespace pool::sched {

template <class Sys>
class Housekeeper {
 public:
  explicit Housekeeper(Pool<Sys>& pool) : world_(*pool.world), pool_(pool) {}

  // Until the pool stops.
  void operator()() {
    for (;;) {
      const std::uint32_t seen = pool_.keeper_calls.load();
      if (pool_.keeper_stop.load() != 0) return;
      if (Worker<Sys>* leaver = take_leaver()) {
        Sys::join(leaver->thread, leaver->id);
        bury(*leaver);
        continue;
      }
      const std::int64_t deadline = std::min({watch(), retry(), expire_timers(world_, pool_)});
      if (Sys::wait_until(pool_.keeper_calls, seen, deadline)) continue;
      if (window_end_ <= deadline) window_end_ = over;
    }
  }

 private:
  static constexpr std::int64_t never = INT64_MAX;
  static constexpr std::int64_t over = INT64_MIN;

  Worker<Sys>* take_leaver() {
    const std::lock_guard lock(pool_.growth);
    Worker<Sys>* const leaver = pool_.leavers;
    if (leaver != nullptr) pool_.leavers = leaver->next_leaver;
    return leaver;
  }

  // Steps 2 and 3. Requires: joined.
  void bury(Worker<Sys>& worker) {
    const Ending ending = worker.ending;
    bool is_missed = false;
    {
      const std::lock_guard lock(pool_.growth);
      const bool is_wanted = ending == Ending::by_task && wants_replacement();
      if (is_wanted && replace(worker)) return;
      is_missed = is_wanted;
      unlink(worker);
      count_out(pool_, worker);
      world_.workers.give(worker.index);
      // Some are kept: the time when there was no place for them is over.
      if (pool_.prestart && ending != Ending::by_hook) (void)fill_staff(world_, pool_, pool_.bounds().min());
    }
    if (is_missed) Sys::report(pool_.log, "a task ended its worker thread, and no other could be created");
    if (!has_work(world_, pool_)) return;
    // A start hook that ends every thread must not be given one after the other for the same task.
    if (ending != Ending::by_hook || pool_.idle.state().idle() > 0) wake_one(world_, pool_);
  }

  bool wants_replacement() const {
    return pool_.stopping.load() == 0 && pool_.idle.state().active() < pool_.bounds().total();
  }

  // Under `growth`: the place of a thread that a task has ended goes to a new one. False: the system gives none.
  bool replace(Worker<Sys>& worker) {
    worker.number = pool_.created;
    worker.searches = false;
    worker.ending = Ending::none;
    // Until it looks it counts as a busy worker, as the one before did: work published meanwhile waits for it.
    pool_.idle.undo_leave();
    if (Sys::start_thread(worker.thread, worker_main<Sys>, &worker, pool_.stack_size)) {
      ++pool_.created;
      pool_.staff();
      return true;
    }
    worker.ending = Ending::by_task;
    pool_.idle.must_leave();
    return false;
  }

  void unlink(Worker<Sys>& worker) {
    (worker.previous != nullptr ? worker.previous->next : pool_.threads) = worker.next;
    if (worker.next != nullptr) worker.next->previous = worker.previous;
  }

  // "Burst". Says when to look again.
  std::int64_t watch() {
    if (pool_.armed.load() == 0) return window_end_ = never;
    if (window_end_ == never) return open_window(1);
    if (window_end_ != over && Sys::now() < window_end_) return window_end_;
    if (!has_reason()) {
      pool_.armed.store(0);
      if (!has_reason() || pool_.armed.exchange(1) != 0) {
        // Armed again by somebody else: his call makes us look again.
        if (std::exchange(is_burst_, false)) Sys::inform(pool_.log, "the burst is over: all that waited is being run");
        return window_end_ = never;
      }
      return open_window(1);
    }
    if (pool_.starts.load(std::memory_order_relaxed) != seen_starts_) return open_window(1);
    const Added added = add();
    if (added == Added::failed) {
      Sys::report(pool_.log, "a burst thread could not be created; carrying on with those there are");
    }
    if (added == Added::some && !std::exchange(is_burst_, true)) {
      Sys::inform(pool_.log, "a burst has begun: tasks wait, and none has been started for burst_delay");
    }
    return open_window(added == Added::some ? next_ * 2 : next_);
  }

  enum class Added { none, some, failed };
  Added add() {
    const std::uint32_t wanted = std::min(next_, Credits<Sys>::counts(world_, pool_).queued);
    for (std::uint32_t i = 0; i < wanted; ++i) {
      const auto state = pool_.idle.state();
      if (state.running() < pool_.running_bound()) return i != 0 ? Added::some : Added::none;  // somebody is to come
      if (!pool_.has_reserve(state)) break;
      pool_.granted.fetch_add(1);
      if (state.idle() != 0) {
        wake_one(world_, pool_);
      } else if (!hire(state.active() + 1)) {
        pool_.withdraw_grant();
        return Added::failed;
      }
    }
    return Added::some;
  }
  bool hire(std::uint32_t active) {
    const std::lock_guard lock(pool_.growth);
    return fill_staff(world_, pool_, active);
  }

  // Work, and somebody beside those that run.
  bool has_reason() const {
    return has_work(world_, pool_) && pool_.bounds().burst() != 0 && pool_.has_reserve(pool_.idle.state());
  }

  std::int64_t open_window(std::uint32_t next) {
    next_ = std::min(next, park::Bounds::most);
    seen_starts_ = pool_.starts.load(std::memory_order_relaxed);
    return window_end_ = saturated_after<Sys>(pool_.burst_delay);
  }

  // Nobody is left to run what was accepted. Says when to try again.
  std::int64_t retry() {
    if (pool_.idle.state().threads() != 0 || Credits<Sys>::counts(world_, pool_).unfinished == 0 ||
        !has_work(world_, pool_)) {
      return retry_at_ = never;
    }
    // Somebody has just tried, or the start hook ends all threads: not at once.
    if (retry_at_ != never) {
      if (Sys::now() < retry_at_) return retry_at_;
      (void)grow(world_, pool_);
    }
    return retry_at_ = saturated_after<Sys>(Sys::drain_slice);
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  // The delay that is being timed: when it ends, what had been started when it began, how many threads come then.
  std::int64_t window_end_ = never;
  std::uint64_t seen_starts_ = 0;
  std::uint32_t next_ = 1;
  bool is_burst_ = false;  // and it was told
  std::int64_t retry_at_ = never;
};

template <class Sys>
void* keeper_main(void* argument) {
  Pool<Sys>& pool = *static_cast<Pool<Sys>*>(argument);
  pool.keeper_id = Sys::settle_keeper(pool.name);
  Sys::worker_pool() = &pool;
  Housekeeper<Sys>{pool}();
  return nullptr;
}

}  // namespace pool::sched
