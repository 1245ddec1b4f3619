// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Running one task: the exception wall, the drop, and the count. Whatever the task does, its context is dropped once
// and its group counts it once, in this order.
#pragma once

#include <cxxabi.h>

#include <cstdint>
#include <exception>

#include "sched/frame.hpp"
#include "sched/pool.hpp"
#include "sched/task.hpp"

// g++ binds the reference of `catch (abi::__forced_unwind&)` to null; nobody reads it, but UBSan would stop there.
#define POOL_CATCHES_UNWINDING __attribute__((no_sanitize("null")))

namespace pool::sched {

// Results that belong to the library: INT32_MIN to INT32_MIN + 255.
enum Reserved : std::int32_t { result_exception = INT32_MIN + 1, result_thread_exit = INT32_MIN + 2 };
inline constexpr std::int32_t last_reserved = INT32_MIN + 255;

// After a finish that saw somebody waiting, or no handle any more.
template <class Sys>
void complete_noticed(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life,
                      typename group::Completion<Sys>::Seen seen) {
  // Without a handle the tail is final and its generation one higher; any other one is that of a later life.
  const bool is_detached = seen.has(group::Completion<Sys>::detached);
  const std::uint64_t empty = base::pack(is_detached ? life + 1 : life, seen.count());
  if (group.queue.sub() != empty) return;
  if (is_detached) return free_group(world, group, group.index.load(std::memory_order_relaxed));
  // A later moment is not ours: whoever took the ticket that ended this one announces it. (Nor may an announcement that
  // comes very late set the numbers back.)
  group.completion.announce_empty(seen, [&group, empty] { return group.queue.sub() == empty; });
}

// Counts one finish. Group and pool may be gone when this returns.
template <class Sys>
void complete(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life) {
  using Done = group::Completion<Sys>;
  const typename Done::Seen seen = group.completion.add();
  if (seen.has(Done::waiter | Done::detached)) complete_noticed(world, group, life, seen);
  pool.room.finished();
}

template <class Sys>
class Run {
 public:
  Run(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, const queue::Work& work, bool in_place)
      : world_(world), pool_(pool), group_(group), life_(work.life), task_(work), frame_(&pool, &group, in_place) {}

  // The task and all that follows. Throws nothing but the forced unwinding of the calling thread.
  POOL_CATCHES_UNWINDING void operator()() {
    if (pool_.cancelling.load(std::memory_order_relaxed) != 0) {
      group_.cancelled.fetch_add(1, std::memory_order_relaxed);
      return settle();
    }
    try {
      const std::int32_t result = task_.fn(task_.ctx);
      if (result != 0 && !frame_.failed) frame_.fail(result, nullptr);
    } catch (const abi::__forced_unwind&) {
      // pthread_exit or a cancellation: must go on, but not before the books are right.
      frame_.fail(result_thread_exit, "the task ended its thread");
      settle();
      throw;
    } catch (const std::exception& exception) {
      frame_.fail(result_exception, exception.what());
    } catch (...) {
      frame_.fail(result_exception, "an exception that is no std::exception");
    }
    settle();
  }

 private:
  POOL_CATCHES_UNWINDING void settle() {
    if (frame_.failed) group_.failure.record(frame_.code, frame_.text);
    if (task_.drop != nullptr) {
      frame_.dropping = true;
      try {
        task_.drop(task_.ctx);
      } catch (const abi::__forced_unwind&) {
        finish();
        throw;
      } catch (...) {
        Sys::report("a drop callback threw an exception; ignored");
      }
    }
    finish();
  }

  void finish() {
    task_.free();
    frame_.pop();
    complete(world_, pool_, group_, life_);
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  group::Group<Sys>& group_;
  const std::uint32_t life_;
  Task task_;
  Frame<Sys> frame_;
};

// Runs what was claimed from a group.
template <class Sys>
void run_claimed(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, const queue::Work& work) {
  if (Task::is_tombstone(work)) {
    group.tombstones.fetch_sub(1, std::memory_order_relaxed);
    pool.tombstones.fetch_sub(1, std::memory_order_relaxed);
    complete(world, pool, group, work.life);
    return;
  }
  pool.room.started();
  pool.note_start();
  Run<Sys>(world, pool, group, work, false)();
}

}  // namespace pool::sched
