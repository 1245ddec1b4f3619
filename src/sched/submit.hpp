// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Submitting one task: a place in the group's queue, if that is bounded, a place in the pool's room, a ticket of the
// group's queue, the cell, the announcement. Everything that can refuse comes before the ticket. At a bound the
// overflow policy decides (group/README.md, "At a bound").
#pragma once

#include "base/handle.hpp"
#include "sched/run.hpp"
#include "sched/submit_fast.hpp"

namespace pool::sched {

enum class Overflow : std::uint32_t {
  inherit = 0,
  block = 1,
  reject = 2,
  caller_runs = 3,
  discard_oldest = 4,
  discard_newest = 5
};
enum class Submitted { ok, stale, no_memory, no_thread, full, closed, timed_out, cancelled };

// What a submit says about a bound: 0 in either is what the group says, a negative time is none.
struct SubmitTerms {
  Overflow overflow = Overflow::inherit;
  std::int64_t timeout = 0;
  bool is_offer = false;           // the library's own, which may as well be refused: not counted as rejected
  bool is_delayed = false;         // it waits in a timer until
  std::int64_t start_at = 0;       // this time
  std::uint64_t* timer = nullptr;  // where to write the handle of that timer, before it may be over
};

template <class Sys>
class Submit {
  using GroupType = group::Group<Sys>;
  using Room = park::Room<Sys>;
  using Queue = typename GroupType::Queue;

 public:
  Submit(World<Sys>& world, GroupType& group, std::uint32_t generation, SubmitTerms terms = {})
      : world_(world), group_(group), generation_(generation), terms_(terms) {}

  // On anything but ok nothing has happened, and `work` is still the caller's.
  Submitted operator()(const queue::Work& work) {
    if (group_.queue.generation() != generation_) return Submitted::stale;
    // What happens beside the queue may be done by others.
    if (Task::job_of(work) != nullptr) share(group_);
    share_if_anothers(group_);
    // Slots are never unmapped: if the group ends now we look at some pool's slot, and the ticket is refused below.
    // (Looked at once: the slot may come to another pool, and what is taken of the one must not go back to the other.)
    home_ = group_.home.load(std::memory_order_relaxed);
    Pool<Sys>& pool = world_.pools[base::low(home_)];
    inside_ = Frame<Sys>::inside_pool(&pool);
    // What we hold goes back, also if a drop that we call ends the thread; not in a child of the process.
    struct Holding {
      Submit& submit;
      Pool<Sys>& pool;
      const std::uint32_t era = Sys::era();
      ~Holding() {
        if (era == Sys::era()) submit.let_go(pool);
      }
    } holding{*this, pool};
    const TracedSubmit<Sys> traced(pool, group_, generation_);
    const Submitted result = get_in(pool, work);
    if (result == Submitted::ok && has_ticket_) traced.accepted(taken_.ticket.number);
    is_consumed_ = result == Submitted::ok;
    if (result == Submitted::full && !terms_.is_offer) pool.rejected.fetch_add(1, std::memory_order_relaxed);
    return result;
  }

 private:
  static constexpr std::uint32_t in_place_max = 64;

  enum class Bound { group, pool };
  enum class Next { again, over };  // again: there may be room now; over: result_ says

  // Gives back places that no task came to use.
  void let_go(Pool<Sys>& pool) {
    if (has_place_) Credits<Sys>::give_back(pool);
    if (has_group_place_) group_.give_place(generation_);
    if (has_grant_) group_.line.done(generation_, [this] { return group_.free_places(); });
    has_place_ = has_group_place_ = has_grant_ = false;
  }

  Submitted get_in(Pool<Sys>& pool, const queue::Work& work) {
    const std::uint32_t capacity = group_.capacity.load(std::memory_order_relaxed);
    for (;;) {
      if (group_.is_cancelled(generation_)) return Submitted::cancelled;
      // The group's place first: nobody stands in its line with a place of the pool, for which others may wait who have
      // the group's.
      if (capacity != 0 && !has_group_place_) {
        if (has_grant_ || !group_.line.busy()) has_group_place_ = group_.take_place(generation_);
        if (!has_group_place_) {
          if (group_.queue.generation() != generation_) return gone();
          if (pool.room.is_closed() && !inside_) return gone();
          // Somebody else may have been faster at the place that we were granted.
          if (has_grant_) group_.line.done(generation_, [this] { return group_.free_places(); });
          has_grant_ = false;
          if (at_bound(pool, work, Bound::group) == Next::over) return result_;
          continue;
        }
        if (has_grant_) group_.line.done(generation_, [this] { return group_.free_places(); });
        has_grant_ = false;
      }
      if (!has_place_) {
        switch (Credits<Sys>::take(world_, pool, home_, inside_)) {
          case Room::Taken::ok:
            has_place_ = true;
            break;
          case Room::Taken::full:
            if (at_bound(pool, work, Bound::pool) == Next::over) return result_;
            continue;
          default:
            return gone();
        }
      }
      // From here on the place keeps the pool alive, if the group still is its group.
      return enqueue(pool, work);
    }
  }

  Next over(Submitted result) {
    result_ = result;
    return Next::over;
  }

  // Why there is no getting in any more.
  Submitted gone() const {
    // Before the look at the generation: while that is ours, so is the pool.
    const bool is_closed = world_.pools[group_.pool.load(std::memory_order_relaxed)].room.is_closed();
    if (group_.queue.generation() != generation_) return has_stood_ ? Submitted::closed : Submitted::stale;
    if (group_.is_cancelled(generation_)) return Submitted::cancelled;
    // A pool stays closed; else we were sent out of the line by a cancel, and the group was reset since.
    return is_closed ? Submitted::closed : Submitted::cancelled;
  }

  Overflow policy(const Pool<Sys>& pool) const {
    if (Frame<Sys>::inside_drop()) return Overflow::reject;
    Overflow overflow = terms_.overflow;
    if (overflow == Overflow::inherit)
      overflow = static_cast<Overflow>(group_.overflow.load(std::memory_order_relaxed));
    if (overflow == Overflow::inherit) overflow = static_cast<Overflow>(pool.overflow.load(std::memory_order_relaxed));
    // To wait for a place inside a task of this very pool could be to wait for oneself.
    return overflow == Overflow::block && inside_ ? Overflow::caller_runs : overflow;
  }

  // For the operator: the first time, and then once in a while.
  void tell_full(Pool<Sys>& pool, Bound bound) const {
    constexpr std::int64_t interval = 10'000'000'000;
    const std::int64_t told = pool.full_told.load(std::memory_order_relaxed);
    if (told == INT64_MAX) return;
    const std::int64_t now = Sys::now();
    if (told != 0 && now - told < interval) return;
    // The end of the pool, and so of its log, waits for us; or we see that it has come.
    pool.reporters.fetch_add(1);
    std::int64_t expected = told;
    if (pool.generation.load() == base::high(home_) && pool.full_told.compare_exchange_strong(expected, now)) {
      Sys::inform(pool.log, bound == Bound::group ? "the queue of a group is full" : "the queue of the pool is full");
    }
    if (pool.reporters.fetch_sub(1) == 1) Sys::wake(pool.reporters, INT32_MAX);
  }

  Next at_bound(Pool<Sys>& pool, const queue::Work& work, Bound bound) {
    tell_full(pool, bound);
    switch (policy(pool)) {
      case Overflow::reject:
        return over(Submitted::full);
      case Overflow::caller_runs:
        return over(terms_.is_delayed ? full_or_gone() : run_in_place(pool, work));
      case Overflow::discard_newest:
        if (group_.queue.generation() != generation_) return over(gone());
        // Here, where it is the group's pool: nothing keeps it alive while a drop runs.
        pool.discarded.fetch_add(1, std::memory_order_relaxed);
        pool.finished.fetch_add(1, std::memory_order_relaxed);
        is_consumed_ = true;
        Run<Sys>(world_, pool, group_, {work.fn, work.ctx, generation_}, Origin::in_place).drop_newcomer();
        return over(Submitted::ok);
      case Overflow::discard_oldest:
        return discard_oldest(pool, bound);
      default:
        return stand_in_line(pool, bound);
    }
  }

  Next stand_in_line(Pool<Sys>& pool, Bound bound) {
    if (bound == Bound::pool && pool.room.chunk() == 0 && may_get_in_soon(pool)) return Next::again;
    if (!has_stood_) {
      pool.blocked.fetch_add(1, std::memory_order_relaxed);
      deadline_ = deadline(pool);
      has_stood_ = true;
    }
    if (bound == Bound::group) {
      using Stood = typename park::Line<Sys>::Stood;
      const auto free = [this] { return group_.free_places(); };
      const auto shut = [&] {
        return group_.queue.generation() != generation_ || group_.is_cancelled(generation_) || pool.room.is_closed();
      };
      switch (group_.line.stand(generation_, deadline_, free, shut)) {
        case Stood::granted:
          has_grant_ = true;
          return Next::again;
        case Stood::timed_out:
          return over(Submitted::timed_out);
        default:
          return over(gone());
      }
    }
    const auto is_over = [this] {
      return group_.queue.generation() != generation_ || group_.is_cancelled(generation_);
    };
    const auto joined = [this, &pool] { Credits<Sys>::sweep(world_, pool); };
    switch (pool.room.take(deadline_, {&group_, generation_}, is_over, joined)) {
      case Room::Taken::ok:
        has_place_ = true;
        return Next::again;
      case Room::Taken::timed_out:
        return over(Submitted::timed_out);
      default:
        return over(gone());
    }
  }

  // Workers that are getting on make room all the time: to stand in line costs more than to let them.
  bool may_get_in_soon(Pool<Sys>& pool) {
    for (int i = 0; i < Sys::block_yields; ++i) {
      Sys::yield();
      if (!pool.room.may_keep()) return false;
      if (pool.room.try_take(false) != Room::Taken::ok) continue;
      has_place_ = true;
      return true;
    }
    return false;
  }

  std::int64_t deadline(const Pool<Sys>& pool) const {
    std::int64_t timeout = terms_.timeout;
    if (timeout == 0) timeout = group_.overflow_timeout.load(std::memory_order_relaxed);
    if (timeout == 0) timeout = pool.overflow_timeout.load(std::memory_order_relaxed);
    return timeout == INT64_MAX ? INT64_MAX : Sys::after(timeout > 0 ? timeout : 0);
  }

  Submitted enqueue(Pool<Sys>& pool, const queue::Work& work) {
    if (!pool.is_staffed()) {
      if (group_.queue.generation() != generation_) return gone();
      if (!ensure_staff(world_, pool)) return Submitted::no_thread;
    }
    if (terms_.is_delayed) return delay(pool, work);
    const Submitted reserved = reserve();
    if (reserved == Submitted::ok) {
      // The task's from now on.
      has_place_ = has_group_place_ = false;
      keep(static_cast<Job<Sys>*>(Task::job_of(work)));
      taken_.publish(world_, pool, group_, work);
    }
    return reserved;
  }

  // The ticket has a tombstone, and the timer what the task holds.
  Submitted delay(Pool<Sys>& pool, const queue::Work& work) {
    share(group_);
    if (const CanWait can = ensure_timers(pool); can != CanWait::yes) {
      return can == CanWait::no_memory ? Submitted::no_memory : Submitted::no_thread;
    }
    Timer<Sys>* const timer = open_timer(world_, group_, generation_);
    if (timer == nullptr) return Submitted::no_memory;
    timer->fn = work.fn;
    timer->ctx = work.ctx;
    const Submitted reserved = reserve();
    if (reserved != Submitted::ok) {
      free_timer(world_, group_, *timer);
      return reserved;
    }
    timer->ticket = taken_.ticket.number;
    has_place_ = has_group_place_ = false;
    is_consumed_ = true;
    if (terms_.timer != nullptr) {
      const std::uint32_t life = name_timer(group_, *timer, true);
      *terms_.timer = base::Handle::make(base::Kind::timer, timer->index, life, Sys::era());
    }
    group_.delayed.fetch_add(1);
    pool.room.enter_unqueued();
    // However we get out of here: another job's result may be dropped on the way, and that end the thread.
    struct Arming {
      Submit& submit;
      Pool<Sys>& pool;
      Timer<Sys>& timer;
      const std::uint32_t era = Sys::era();
      ~Arming() {
        if (era == Sys::era()) arm_timer(submit.world_, pool, submit.group_, timer, submit.terms_.start_at);
      }
    } const arming{*this, pool, *timer};
    lay_tombstone(pool, nullptr);
    return Submitted::ok;
  }

  Submitted reserve() {
    switch (taken_(world_, group_, generation_)) {
      case Queue::Reserved::stale:
        return gone();
      case Queue::Reserved::no_memory:
        return Submitted::no_memory;
      default:
        has_ticket_ = true;
        return Submitted::ok;
    }
  }

  void keep(Job<Sys>* job) {
    if (job != nullptr) job->ticket = taken_.ticket.number;
    if (job == nullptr || !group_.is(group::Group<Sys>::keeps_jobs)) return;
    keep_job(world_, group_, *job, taken_.ticket.number);
  }

  // On the caller's thread, now. A tombstone in the queue holds the group open and is passed by whoever claims it.
  Submitted run_in_place(Pool<Sys>& pool, const queue::Work& work) {
    const Frame<Sys>* const top = Frame<Sys>::top();
    if (top != nullptr && top->in_place >= in_place_max) return Submitted::full;
    if (group_.queue.is_suspended()) return Submitted::full;
    const bool is_limited = group_.units.are_limited();
    if (is_limited && !group_.units.take(generation_)) return full_or_gone();
    // A serial queue keeps its order: nobody overtakes. (We have its only unit: nothing starts meanwhile.)
    if (group_.units.is_serial() && !group_.queue.empty()) {
      give_unit(world_, group_, generation_);
      return full_or_gone();
    }
    auto* const job = static_cast<Job<Sys>*>(Task::job_of(work));
    if (job != nullptr) job->start();
    if (!enter_beside(pool, job)) {
      if (is_limited) give_unit(world_, group_, generation_);
      return result_;
    }
    pool.caller_runs.fetch_add(1, std::memory_order_relaxed);
    pool.note_start();
    is_consumed_ = true;
    const queue::Work its = {work.fn, work.ctx, generation_, is_limited, taken_.ticket.number};
    Run<Sys>(world_, pool, group_, its, Origin::in_place)();
    return Submitted::ok;
  }

  Submitted full_or_gone() const { return group_.queue.generation() == generation_ ? Submitted::full : gone(); }

  // Takes a ticket for what happens beside the queue (a job, if it is one). False: result_ says why not.
  bool enter_beside(Pool<Sys>& pool, Job<Sys>* job) {
    share(group_);
    // One for the task, one for its tombstone.
    if (!pool.room.try_enter(inside_, 2)) return fail(gone());
    if (!ensure_staff(world_, pool)) {
      pool.room.give(0, 2);
      return fail(Submitted::no_thread);
    }
    const Submitted reserved = reserve();
    if (reserved != Submitted::ok) {
      pool.room.give(0, 2);
      return fail(reserved);
    }
    lay_tombstone(pool, job);
    return true;
  }

  // In the cell of the ticket that was just taken: what it stands for is still to be counted.
  void lay_tombstone(Pool<Sys>& pool, Job<Sys>* job) {
    group_.completion.lower();
    group_.tombstones.fetch_add(1);
    pool.tombstones.fetch_add(1);
    keep(job);
    // Before our look at the head: whoever brings it here meanwhile looks at our cell after that.
    group_.queue.publish(world_.segments, taken_.ticket, Task::tombstone(), std::memory_order_seq_cst);
    // The count that we have lowered holds the group open.
    pass_tombstones(world_, group_, generation_);
    if (taken_.is_first) announce_startable(world_, group_);
  }

  bool fail(Submitted why) {
    result_ = why;
    return false;
  }

  // Drops the oldest task of this group and takes its places.
  Next discard_oldest(Pool<Sys>& pool, Bound bound) {
    const auto mine = [this](std::uint32_t life) { return life == generation_; };
    for (;;) {
      queue::Work work;
      bool more = false;
      // What was claimed and has not started is older than what was not claimed.
      const auto claimed = take_oldest_claimed(world_, group_, generation_, work)
                               ? Queue::Claimed::task
                               : group_.queue.claim(world_.segments, mine, work, more, {.discards = true});
      switch (claimed) {
        case Queue::Claimed::task:
          break;
        case Queue::Claimed::not_ready:
          Sys::yield();
          continue;
        default:
          return over(full_or_gone());
      }
      Fate fate = Fate::is_discarded;
      if (!begin_claimed(world_, pool, group_, work, fate)) continue;
      // Its place in the room is ours now; it is still to be finished, and we have not begun.
      pool.room.enter_unqueued();
      has_place_ = true;
      if (bound == Bound::group) {
        has_group_place_ = true;
      } else if (has_group_place_) {
        group_.give_place(generation_);
      }
      if (fate == Fate::is_discarded) pool.discarded.fetch_add(1, std::memory_order_relaxed);
      Run<Sys>(world_, pool, group_, work, Origin::queue)(fate);
      return Next::again;
    }
  }

 public:
  // Whether the work is not the caller's any more; to be asked when the call was left by force.
  bool is_consumed() const { return is_consumed_; }

  // Counts a task of the group that is done elsewhere.
  Submitted enter() {
    if (group_.queue.generation() != generation_) return Submitted::stale;
    if (group_.is_cancelled(generation_)) return Submitted::cancelled;
    Pool<Sys>& pool = world_.pools[group_.pool.load(std::memory_order_relaxed)];
    inside_ = Frame<Sys>::inside_pool(&pool);
    if (!enter_beside(pool, nullptr)) return result_;
    group_.tally.enter(generation_);
    return Submitted::ok;
  }

 private:
  World<Sys>& world_;
  GroupType& group_;
  const std::uint32_t generation_;
  const SubmitTerms terms_;
  std::uint64_t home_ = 0;  // the pool: life 63..32 | slot 31..0
  Taken<Sys> taken_;
  bool has_ticket_ = false;
  Submitted result_ = Submitted::ok;
  std::int64_t deadline_ = INT64_MAX;
  bool inside_ = false;           // of a task of this pool
  bool is_consumed_ = false;      // the work is not the caller's any more
  bool has_group_place_ = false;  // of the group's own queue
  bool has_place_ = false;        // of the pool's room
  bool has_grant_ = false;        // of the group's line
  bool has_stood_ = false;        // in either line
};

// Counts the end of a task that is done elsewhere. False: there is none.
template <class Sys>
bool leave_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, std::int32_t outcome) {
  if (!group.tally.leave(life)) return false;
  // What was entered holds the group open until it is counted, and the pool.
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  if (outcome != 0) {
    const char none[group::failure_text_size] = {};
    group.tally.fail(outcome, none);
    pool.failed.fetch_add(1, std::memory_order_relaxed);
    if (group.is(group::Group<Sys>::fails_fast)) cancel_group(world, group, life);
  }
  tally_over(pool, 1);
  complete(world, pool, group, life);
  return true;
}

}  // namespace pool::sched
