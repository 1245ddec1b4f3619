// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Running one task: the exception wall, the drop, and the count. Whatever the task does, its context is dropped once
// and its group counts it once, in this order.
#pragma once

#include <cxxabi.h>

#include <cstdint>
#include <exception>
#include <utility>

#include "base/probe.hpp"
#include "sched/blocking.hpp"
#include "sched/cancel.hpp"
#include "sched/complete.hpp"
#include "sched/frame.hpp"
#include "sched/nodes.hpp"
#include "sched/statistics.hpp"
#include "sched/task.hpp"
#include "sched/trace.hpp"

namespace pool::sched {

// Results that belong to the library: INT32_MIN to INT32_MIN + 255.
enum Reserved : std::int32_t {
  result_exception = INT32_MIN + 1,
  result_thread_exit = INT32_MIN + 2,
  result_again = INT32_MIN + 3,     // hands the task back
  result_not_again = INT32_MIN + 4  // it cannot be
};
inline constexpr std::int32_t last_reserved = INT32_MIN + 255;

// How a task comes to its end.
enum class Fate { runs, is_cancelled, is_discarded };

// Where it comes from: the queue in its turn; beside the queue, which has a tombstone for it; the queue before its
// turn. (Those of a batch are counted together.)
enum class Origin { queue, batch, in_place, early };

// A task that waited in a timer starts, or goes on: what it is. Its place is free, if it still had one.
template <class Sys>
queue::Work start_timer(Pool<Sys>& pool, group::Group<Sys>& group, Timer<Sys>& timer) {
  if (!std::exchange(timer.has_started, true)) leave_queue(pool, group, timer.life);
  return {timer.fn, timer.ctx, timer.life, group.units.are_limited(), timer.ticket};
}

// The task of this frame, which ends, goes on when its timer says so. Pool and group may be gone when this returns.
template <class Sys>
void suspend_task(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, Frame<Sys>& frame,
                  const queue::Work& work, bool has_unit) {
  auto& timer = *static_cast<Timer<Sys>*>(std::exchange(frame.timer, nullptr));
  timer.fn = work.fn;
  timer.ctx = work.ctx;
  timer.ticket = work.ticket;
  arm_timer(world, pool, group, timer, frame.due, has_unit);
}

// The task of this frame is over, or about to be dropped.
template <class Sys>
void drop_timer(World<Sys>& world, group::Group<Sys>& group, Frame<Sys>& frame) {
  free_timer(world, group, *static_cast<Timer<Sys>*>(std::exchange(frame.timer, nullptr)));
}

template <class Sys>
class Run {
  using JobType = Job<Sys>;

 public:
  Run(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, const queue::Work& work, Origin origin,
      Timer<Sys>* timer = nullptr)
      : world_(world),
        pool_(pool),
        group_(group),
        life_(work.life),
        has_unit_(work.unit),
        origin_(origin),
        job_(static_cast<JobType*>(Task::job_of(work))),
        work_(work),
        task_(work, world.callbacks),
        frame_(&pool, &group, life_, origin == Origin::in_place, reinterpret_cast<std::uintptr_t>(task_.fn)) {
    frame_.job = job_;
    frame_.timer = timer;
    if (job_ == nullptr) return;
    frame_.fn = reinterpret_cast<std::uintptr_t>(job_->calls.fn);
    task_.ctx = job_->calls.ctx;
    task_.drop = job_->calls.drop;
  }

  // The task and all that follows. A job has left its queued phase already. False: it has handed itself back, and is
  // not over; group and pool may be gone. Throws nothing but the forced unwinding of the calling thread, and Forked.
  POOL_CATCHES_UNWINDING bool operator()(Fate fate = Fate::runs) {
    if (fate == Fate::runs && (pool_.cancels(std::memory_order_relaxed) || group_.is_cancelled(life_))) {
      fate = Fate::is_cancelled;
    }
    if (fate != Fate::runs) return settle(fate), true;
    bool is_over = true;
    const std::int64_t began = time_start();
    POOL_PROBE(start, &group_, frame_.fn, task_.ctx);
    try {
      const std::int32_t result = call();
      is_over = result != result_again || frame_.failed || frame_.timer == nullptr || job_ != nullptr;
      if (is_over && result != 0 && !frame_.failed) frame_.fail(result, nullptr);
    } catch (const abi::__forced_unwind&) {
      // pthread_exit or a cancellation: must go on, but not before the books are right.
      frame_.fail(result_thread_exit, "the task ended its thread");
      settle(fate);
      throw;
    } catch (const std::exception& exception) {
      frame_.fail(result_exception, exception.what());
    } catch (...) {
      frame_.fail(result_exception, "an exception that is no std::exception");
    }
    if (frame_.is_inherited()) throw Forked();
    POOL_PROBE(end, &group_, frame_.fn, task_.ctx);
    if (began != 0) pool_.runs.add(Sys::now() - began);
    is_over ? settle(fate) : hand_back();
    return is_over;
  }

  // Drops a task that was accepted without a ticket.
  POOL_CATCHES_UNWINDING void drop_newcomer() {
    group_.tally.discard_newcomer(life_);
    origin_ = Origin::in_place;
    is_counted_ = false;
    has_unit_ = false;
    settle(Fate::is_discarded);
  }

 private:
  std::int32_t call() { return is_traced(pool_) ? call_traced() : call_it(); }
  [[gnu::noinline]] std::int32_t call_traced() {
    const TracedSlice<Sys> traced(pool_, group_, life_, TraceKind::task, work_.ticket, frame_.fn);
    return call_it();
  }
  std::int32_t call_it() {
    if (job_ == nullptr) return task_.fn(task_.ctx);
    // Kept however the job ends: what it left goes to somebody.
    struct Result {
      JobType& job;
      void* left;
      ~Result() { job.result.store(left); }
    } result{*job_, nullptr};
    return job_->calls.fn(task_.ctx, &result.left);
  }

  // When it starts, if it is timed; else 0.
  std::int64_t time_start() {
    const std::int64_t submitted = job_ != nullptr ? job_->submitted : task_.submitted;
    if (submitted == 0) return 0;
    task_.note_started();
    return sched::time_start<Sys>(pool_, group_, submitted);
  }

  // Last of all the timer is armed: the task may run elsewhere at once.
  void hand_back() {
    const bool keeps = has_unit_ && group_.is(group::Group<Sys>::keeps_units);
    if (has_unit_ && !keeps) give_unit(world_, group_, life_);
    if (frame_.place >= 0) pool_.numbers.give(frame_.place);
    end_sections(frame_);
    frame_.pop();
    suspend_task(world_, pool_, group_, frame_, work_, keeps);
  }

  POOL_CATCHES_UNWINDING void settle(Fate fate) {
    if (frame_.is_inherited()) return;
    if (frame_.timer != nullptr) drop_timer(world_, group_, frame_);
    end_sections(frame_);
    if (fate == Fate::is_cancelled) {
      group_.tally.cancel_one();
      pool_.cancelled.fetch_add(1, std::memory_order_relaxed);
    }
    if (fate == Fate::is_discarded && is_counted_) group_.tally.discard_one();
    if (frame_.failed) {
      pool_.failed.fetch_add(1, std::memory_order_relaxed);
      group_.tally.fail(frame_.code, frame_.text);
      if (group_.is(group::Group<Sys>::fails_fast)) cancel_group(world_, group_, life_);
    }
    frame_.begin_drop();
    try {
      if (task_.drop != nullptr) {
        call_quietly<Sys>(pool_.log, "a drop callback threw an exception; ignored", task_.drop, task_.ctx);
      }
    } catch (const abi::__forced_unwind&) {
      finish(fate);
      throw;
    }
    finish(fate);
  }

  void finish(Fate fate) {
    if (frame_.is_inherited()) return;
    if (job_ != nullptr) finish_job(fate);
    if (has_unit_) give_unit(world_, group_, life_);
    task_.free(TaskNodes<Sys>(world_));  // NOLINT(clang-analyzer-unix.Malloc): a timed copy is malloc's
    if (frame_.place >= 0) pool_.numbers.give(frame_.place);
    frame_.pop();
    if (!is_counted_ || origin_ == Origin::batch) {
      if (job_ != nullptr) release_job(world_, *job_);
      return;
    }
    tally_finished(pool_, 1, Frame<Sys>::inside_task());
    if (origin_ == Origin::early) {
      // Before the look at who is first: afterwards the slot may be another group's.
      group_.early.fetch_sub(1);
      pool_.tombstones.fetch_add(1);
      // Its cell is still in the queue: whoever claims that counts it.
      if (job_->parts.fetch_sub(1) == 2) return pass_tombstones(world_, group_, life_);
      group_.early.fetch_add(1);
      pool_.tombstones.fetch_sub(1);
    }
    const Completing<Sys> completing(world_, pool_, group_, life_);
    if (group_.tombstones.load() != 0) pass_tombstones(world_, group_, life_);
    if (job_ != nullptr) release_job(world_, *job_);
  }

  void finish_job(Fate fate) {
    using Phase = typename JobType::Phase;
    Phase phase = frame_.failed ? Phase::failed : Phase::succeeded;
    if (fate == Fate::is_cancelled) phase = Phase::cancelled;
    if (fate == Fate::is_discarded) phase = Phase::discarded;
    job_->code.store(static_cast<std::uint32_t>(frame_.failed ? frame_.code : 0));
    if (job_->finish(phase)) group_.completion.wake_helpers();
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  group::Group<Sys>& group_;
  const std::uint32_t life_;
  bool has_unit_;
  bool is_counted_ = true;
  Origin origin_;
  JobType* const job_;
  const queue::Work work_;
  Task task_;
  Frame<Sys> frame_;
};

// What to do with a claimed cell. False: nothing is left to do, it was a tombstone. A job is taken out of its queued
// phase.
template <class Sys>
bool begin_claimed(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, const queue::Work& work, Fate& fate) {
  using JobType = Job<Sys>;
  if (Task::is_tombstone(work)) {
    pass_tombstone(world, pool, group, work);
    return false;
  }
  auto* const job = static_cast<JobType*>(Task::job_of(work));
  if (job == nullptr || job->start()) return true;
  if (job->is_early()) {
    pass_tombstone(world, pool, group, work);
    return false;
  }
  fate = Fate::is_cancelled;
  return true;
}

// Runs what was claimed from a group.
template <class Sys>
void run_claimed(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, const queue::Work& work) {
  Fate fate = Fate::runs;
  auto* const timer = static_cast<Timer<Sys>*>(Task::timer_of(work));
  if (timer == nullptr && !begin_claimed(world, pool, group, work, fate)) return;
  if (timer == nullptr) leave_queue(pool, group, work.life);
  const queue::Work its = timer != nullptr ? start_timer(pool, group, *timer) : work;
  pool.note_start();
  Run<Sys>(world, pool, group, its, Origin::queue, timer)(fate);
}

}  // namespace pool::sched
