// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The worker's loop: search, run, park, leave. The protocol is "Search", "Park", "Retire", "Shrink" and
// "Blocking sections" in park/README.md.
#pragma once

#include <cxxabi.h>

#include <algorithm>
#include <new>

#include "sched/run.hpp"
#include "sched/search.hpp"

namespace pool::sched {

template <class Sys>
class WorkerLoop {
  using Claimed = typename Search<Sys>::Claimed;
  using Look = typename Search<Sys>::Look;
  using Parker = park::Parker<Sys>;
  using Retired = typename park::IdleSet<Sys>::Retired;

 public:
  WorkerLoop(World<Sys>& world, Pool<Sys>& pool, Worker<Sys>& worker) : world_(world), pool_(pool), worker_(worker) {}

  // Runs until the pool stops (false), or the worker has decided to leave (true). `searching`: whether the thread was
  // created as a searching one.
  bool operator()(bool searching) {
    std::int64_t patience = 0;
    if (searching) shrink_if_needed(pool_);  // the section that it came for may be over by now
    for (;;) {
      Parked next = Parked::awake;
      const Claimed found = search_.find(look_);
      if (found == Claimed::task) {
        if (searching) {
          searching = false;
          pool_.idle.end_search();
          // The other one that searches is no reason not to wake anybody, if he has no processor.
          const bool is_alone = std::exchange(other_, Other::none) == Other::stalled;
          if (search_.more() || search_.any_besides()) wake_one(world_, pool_, is_alone);
        } else if (search_.more()) {
          wake_one(world_, pool_);
        }
        patience = 0;
        look_ = Look::quick;
        reluctant_ = false;
        search_.run();
        if (!pool_.bounds().is_shrinking()) continue;
        next = shrink();
      } else {
        if (found == Claimed::not_ready) {
          Sys::yield();
          continue;
        }
        if (pool_.stopping.load() != 0) break;
        if (!searching) searching = pool_.idle.try_search();
        if (searching && keep_searching(patience)) continue;
        if (look_ != Look::in_earnest) {  // once more
          look_ = Look::in_earnest;
          continue;
        }
        next = park(searching);
      }
      if (next == Parked::leaves) return true;
      searching = next == Parked::searches;
      patience = 0;
      look_ = Look::in_earnest;
    }
    if (searching) pool_.idle.end_search();
    return false;
  }

 private:
  // How a worker comes back: with the searching role or without it, or not at all.
  enum class Parked { searches, awake, leaves };
  enum class Other { none, looks, stalled };

  bool keep_searching(std::int64_t& patience) {
    if (Sys::search_spin == 0) return false;
    const std::int64_t now = Sys::now();
    if (patience == 0) {
      patience = now + Sys::search_spin;
      last_patience_ = now + Sys::busy_search_spin;
    }
    // Others are busy with tasks of their own: to be woken by each of them would cost them more than that somebody is
    // awake. Or somebody is only said to be.
    const bool are_busy = search_.has_seen_moves();
    other_ = look_at_other();
    const bool is_needed = other_ == Other::stalled || (are_busy && other_ == Other::none);
    if (is_needed && patience < last_patience_) patience = now + Sys::search_spin;
    if (now >= patience) return false;
    look_ = Look::lingering;
    are_busy ? Sys::linger_long() : Sys::linger();
    return true;
  }

  // Whether somebody else searches. Stalled: he has not looked since we did. He has no processor, most probably, and
  // stands behind a submitter that takes him for awake. (Or he is between two looks: to wait until he would be back
  // from there was slower.)
  Other look_at_other() {
    const std::uint32_t looks = pool_.looks.fetch_add(1, std::memory_order_relaxed);
    const bool was_last = looks == last_looks_ + 1;
    last_looks_ = looks;
    if (pool_.idle.state().searching() <= 1) return Other::none;
    return was_last ? Other::stalled : Other::looks;
  }

  // Becomes a searching worker, unless there are enough.
  Parked search_again() { return pool_.idle.try_search() ? Parked::searches : Parked::awake; }

  Parked park(bool searching) {
    pool_.idle.enter(worker_.parker, searching);
    if (search_.any() || pool_.stopping.load() != 0) {
      // Submitters that saw us search rely on us: whatever we leave behind when we find a task is for another to find.
      if (pool_.idle.leave(worker_.parker)) return search_again();
    }
    if (!is_surplus()) pool_.withdraw_grant();
    return sleep();
  }

  // "Stand by".
  Parked stand_by() {
    if (!pool_.idle.enter_beyond(worker_.parker, pool_.running_bound())) return Parked::awake;
    search_.pause();
    // Who saw us run relies on us.
    if (search_.any()) wake_one(world_, pool_);
    if (pool_.stopping.load() != 0 && pool_.idle.leave(worker_.parker)) return Parked::awake;
    return sleep();
  }

  // One too many to be kept while it idles.
  bool is_surplus() const { return pool_.idle.state().active() > pool_.bounds().kept(); }

  // On the stack: until there may be work, or until it is time to leave.
  Parked sleep() {
    constexpr std::int64_t never = INT64_MAX;
    // One that had to stay, the last one of a pool with unfinished tasks, does not ask again at once.
    const std::int64_t patience = reluctant_ ? std::max(pool_.idle_timeout, Sys::drain_slice) : pool_.idle_timeout;
    const std::int64_t due = saturated_after<Sys>(patience);
    bool is_kept = false;
    reluctant_ = false;
    for (;;) {
      // At once. Whoever lowers the bounds makes us look.
      const bool surplus = is_surplus();
      const auto kept = [this, surplus] { return surplus ? pool_.bounds().kept() : pool_.bounds().min(); };
      POOL_PROBE(park, &pool_, worker_.number);
      switch (worker_.parker.sleep(surplus ? 0 : is_kept ? never : due)) {
        case Parker::search:
          shrink_if_needed(pool_);  // as a new one
          return Parked::searches;
        case Parker::stop:
          return Parked::awake;
        case Parker::look:
          is_kept = false;
          break;
        case Parker::none: {
          // (We are on the stack: whoever takes us from there relies on us.)
          while (!surplus && worker_.parker.token.load(std::memory_order_relaxed) == Parker::none &&
                 world_.trim_some()) {
          }
          const Retired retired = pool_.idle.retire(worker_.parker, kept);
          if (retired == Retired::leaving) return leave();
          is_kept = retired == Retired::stays && !surplus;
        }
      }
    }
  }

  // Steps 2 to 5 of "Retire".
  Parked leave() {
    switch (may_leave(world_, pool_)) {
      case MayLeave::no:
        reluctant_ = true;
        stay(pool_);
        return search_again();
      case MayLeave::unstaffed:
        break;
      case MayLeave::yes:
        if (!has_work(world_, pool_)) break;
        const auto state = pool_.idle.state();
        if (state.searching() == 0 && state.idle() == 0 && state.running() < pool_.running_bound()) {
          stay(pool_);
          return search_again();
        }
        wake_one(world_, pool_);
    }
    pool_.withdraw_grant();
    return Parked::leaves;
  }

  // "Shrink".
  Parked shrink() {
    const park::Bounds bounds = pool_.bounds();
    if (!pool_.idle.begin_leave(bounds.total())) {
      if (pool_.idle.state().running() > pool_.running_bound()) return stand_by();
      std::uint64_t expected = bounds.word;
      // Not if there was another resize meanwhile. One that stays after all may have come in between, or a section have
      // come to its end.
      if (pool_.bounds_word.compare_exchange_strong(expected, bounds.shrinking(false).word)) shrink_if_needed(pool_);
      return Parked::awake;
    }
    if (may_leave(world_, pool_) == MayLeave::no) {
      stay(pool_);
      return Parked::awake;
    }
    // Who saw us run relies on us.
    if (has_work(world_, pool_)) wake_one(world_, pool_);
    return Parked::leaves;
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  Worker<Sys>& worker_;
  Search<Sys> search_{world_, pool_, worker_};
  Look look_ = Look::quick;
  std::int64_t last_patience_ = 0;
  Other other_ = Other::none;  // at our last look
  std::uint32_t last_looks_ = 0;
  bool reluctant_ = false;
};

// Calls a hook. Throws nothing but the forced unwinding of the thread, and Forked.
template <class Sys>
void call_hook(const Pool<Sys>& pool, Hooks::Fn hook) {
  if (hook == nullptr) return;
  call_quietly<Sys>(pool.log, "a hook of a worker thread threw an exception; ignored", hook, pool.hooks.user);
}

// The innermost frame while a worker's hooks and thread-local destructors run: whatever would block gives an error.
template <class Sys>
Frame<Sys>* push_last_frame(Worker<Sys>& worker) {
  static_assert(sizeof(Frame<Sys>) <= Worker<Sys>::frame_size);
  auto* const frame = new (worker.last_frame) Frame<Sys>(nullptr, nullptr, 0, false);
  frame->begin_drop();
  return frame;
}

template <class Sys>
POOL_CATCHES_UNWINDING void* worker_main(void* argument) try {
  auto& worker = *static_cast<Worker<Sys>*>(argument);
  World<Sys>& world = *worker.world;
  Pool<Sys>& pool = *worker.pool;
  const std::int32_t id = Sys::settle_thread(pool.name, worker.number);
  Sys::worker_pool() = &pool;
  const std::uint32_t era = Sys::era();
  // What the thread kept to itself is the next one's, however it ends.
  struct Leaving {
    ~Leaving() { leave_local<Sys>(); }
  } const leaving;
  Credits<Sys>::attach(world, pool);
  if (auto* const local = static_cast<Local<Sys>*>(Sys::local())) local->worker.store(&worker);
  if (worker.replaces) Sys::join(worker.predecessor, worker.id);
  worker.id = id;
  try {
    Frame<Sys>* const frame = push_last_frame(worker);
    call_hook(pool, pool.hooks.start);
    frame->pop();
  } catch (const abi::__forced_unwind&) {
    if (era == Sys::era()) {
      if (worker.searches) pool.idle.end_search();
      end_by_force(world, pool, worker, Ending::by_hook);
    }
    throw;
  }
  bool has_left = false;
  try {
    has_left = WorkerLoop<Sys>(world, pool, worker)(worker.searches);
  } catch (const abi::__forced_unwind&) {
    if (era != Sys::era()) throw;
    push_last_frame(worker);
    call_hook(pool, pool.hooks.stop);
    end_by_force(world, pool, worker, Ending::by_task);
    throw;
  }
  if (has_left) worker.ending = Ending::left;
  push_last_frame(worker);
  try {
    call_hook(pool, pool.hooks.stop);
  } catch (const abi::__forced_unwind&) {
    if (has_left && era == Sys::era()) join_leavers(pool, worker);
    throw;
  }
  if (has_left) join_leavers(pool, worker);
  return nullptr;
} catch (const Forked&) {
  return nullptr;
}

}  // namespace pool::sched
