// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// A parallel loop: a few tasks of the group that take turns from a common counter. The caller runs tasks of the group
// until all turns are over; tasks that come too late find nothing left and go.
#pragma once

#include <cstring>
#include <utility>

#include "sched/jobs.hpp"

namespace pool::sched {

// How many threads may run tasks of this group at once, its waiters apart.
template <class Sys>
std::uint32_t most_threads(World<Sys>& world, const group::Group<Sys>& group) {
  const park::Bounds bounds = world.pools[group.pool.load(std::memory_order_relaxed)].bounds();
  return bounds.max() + bounds.burst();
}

using TurnFn = std::int32_t (*)(void*, std::uint64_t);

template <class Sys>
class Loop {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;
  using GroupType = group::Group<Sys>;

 public:
  // How it ended. Several may be true.
  struct Result {
    Submitted submitted;  // not ok: no turn was made
    bool failed;
    bool cancelled;
  };

  POOL_CATCHES_UNWINDING static Result run(World<Sys>& world, GroupType& group, std::uint32_t life, std::uint64_t count,
                                           std::uint64_t grain, std::uint32_t threads, TurnFn fn, void* ctx) {
    void* const memory = Sys::allocate(sizeof(Loop));
    if (memory == nullptr) return {Submitted::no_memory, false, false};
    if (grain == 0) grain = count / (8 * std::uint64_t{threads} + 8) + 1;
    auto* const loop = new (memory) Loop(world, group, life, count, grain, fn, ctx);
    const std::uint64_t shares = (count - 1) / grain + 1;
    const std::uint64_t wanted = shares < threads + 1 ? shares : threads + 1;
    if (Frame<Sys>::inside_group(&group) && group.units.are_limited()) {
      // The units may all be taken by tasks that wait for their loops, as ours does: its own has to do.
      const OwnOutcome own(*Frame<Sys>::top());
      try {
        loop->take_turns();
      } catch (const abi::__forced_unwind&) {
        loop->let_go();
        throw;
      }
      return loop->end();
    }
    Submitted submitted = Submitted::ok;
    std::uint64_t accepted = 0;
    const std::uint32_t era = Sys::era();
    // A task's node, if it has one, belongs to the queue once it is accepted.
    for (; accepted < wanted; ++accepted) {  // NOLINT(clang-analyzer-unix.Malloc)
      loop->holders_.fetch_add(1);
      loop->tasks_.fetch_add(1);
      queue::Work work;
      const bool is_packed = Task::pack(TaskNodes<Sys>(world), &Loop::work, loop, &Loop::drop, 0, work);
      submitted = is_packed ? Submitted::ok : Submitted::no_memory;
      if (submitted != Submitted::ok) {
        loop->forgo();
        break;
      }
      // Those after the first are a help: nobody waits for a place for them.
      const SubmitTerms terms = accepted == 0 ? SubmitTerms{} : SubmitTerms{Overflow::reject, 0, true};
      submitted = Submit<Sys>(world, group, life, terms)(work);
      if (submitted != Submitted::ok) {
        // (In a child that a log callback made the node is of another world.)
        if (era == Sys::era()) Task::discard(TaskNodes<Sys>(world), work);
        loop->forgo();  // NOLINT(clang-analyzer-unix.Malloc): the node is discarded, or the queue's
        break;
      }
    }
    if (accepted == 0) {
      loop->let_go();
      return {submitted, false, false};
    }
    try {
      loop->wait(life);
    } catch (const abi::__forced_unwind&) {
      // The context may be on this thread's stack, which goes: the others must have left it.
      loop->abandon();
      throw;
    }
    return loop->end();
  }

 private:
  Loop(World<Sys>& world, GroupType& group, std::uint32_t life, std::uint64_t count, std::uint64_t grain, TurnFn fn,
       void* ctx)
      : world_(world), group_(group), life_(life), count_(count), grain_(grain), fn_(fn), ctx_(ctx) {}

  Result end() {
    const bool was_cancelled = cancelled_.load() != 0 || next_.load() < count_;
    const Result result = {Submitted::ok, failed_.load() != 0, was_cancelled};
    let_go();
    return result;
  }

  // All turns are made and the tasks that made them are settled, or no task is left to make any.
  bool is_over() const {
    return tasks_.load() == 0 || (inside_.load() == 0 && (made_.load() == count_ || is_abandoned_.load() != 0));
  }

  // No further turns; waits for those that are being made, and runs nothing.
  void abandon() {
    is_abandoned_.store(1);
    next_.store(count_);
    (void)wait_beside<Sys>(
        group_, INT64_MAX, [this] { return is_over(); }, [] { return false; }, [] { return false; });
    let_go();
  }

  void wait(std::uint32_t life) {
    (void)wait_beside<Sys>(
        group_, INT64_MAX, [this] { return is_over(); }, [&] { return help_once(world_, group_, life); },
        [&] { return has_work_to_help(world_, group_); });
  }

  static std::int32_t work(void* self) { return static_cast<Loop*>(self)->take_turns(); }

  std::int32_t take_turns() {
    std::int32_t outcome = 0;
    Frame<Sys>* const frame = Frame<Sys>::top();
    inside_.fetch_add(1);
    frame->took_turns = true;
    for (;;) {
      if (group_.is_cancelled(life_)) return outcome;
      std::uint64_t from = next_.load();
      do {
        if (from >= count_) return outcome;
      } while (!next_.compare_exchange_weak(from, from + share(from)));
      const Share mine(*this, share(from));
      for (std::uint64_t i = from; i < from + mine.size; ++i) {
        if (group_.is_cancelled(life_)) {
          cancelled_.store(1);
          return outcome;
        }
        const std::int32_t code = turn(i);
        if (code != 0 && outcome == 0) outcome = code;
      }
    }
  }

  // A turn that throws is a failed one, with its text; those after it are still made.
  POOL_CATCHES_UNWINDING std::int32_t turn(std::uint64_t i) {
    std::int32_t code = result_exception;
    Frame<Sys>* const frame = Frame<Sys>::top();
    const bool had_failed = frame->failed;
    struct InTurn {
      bool& flag;
      const bool before = std::exchange(flag, true);
      ~InTurn() { flag = before; }
    };
    try {
      const InTurn in_turn{frame->in_turn};  // a turn is no task: it cannot hand itself back
      code = fn_(ctx_, i);
    } catch (const abi::__forced_unwind&) {
      failed_.store(1);
      throw;
    } catch (const std::exception& exception) {
      if (!frame->failed) frame->fail(code, exception.what());
    } catch (...) {
      if (!frame->failed) frame->fail(code, "an exception that is no std::exception");
    }
    if (frame->is_inherited()) throw Forked();
    if (code != 0 || frame->failed != had_failed) {
      failed_.store(1);
      // Now, and not when the task that takes the turns is over: that may be long.
      if (group_.is(group::Group<Sys>::fails_fast)) cancel_group(world_, group_, life_);
    }
    return code;
  }

  std::uint64_t share(std::uint64_t from) const { return count_ - from < grain_ ? count_ - from : grain_; }

  // Turns that were taken count as made however they end.
  struct Share {
    Loop& loop;
    const std::uint64_t size;
    Share(Loop& the_loop, std::uint64_t the_size) : loop(the_loop), size(the_size) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { loop.made_.fetch_add(size); }
  };

  // Keeps how the task around a loop that runs in it does until now: turns that fail are the loop's to tell, and what
  // becomes of the task is for the task to say.
  struct OwnOutcome {
    Frame<Sys>& frame;
    const bool failed;
    std::int32_t code = 0;
    char text[group::failure_text_size];
    explicit OwnOutcome(Frame<Sys>& the_frame) : frame(the_frame), failed(the_frame.failed) {
      if (!failed) return;
      code = frame.code;
      std::memcpy(text, frame.text, sizeof text);
      frame.failed = false;
    }
    OwnOutcome(const OwnOutcome&) = delete;
    OwnOutcome& operator=(const OwnOutcome&) = delete;
    ~OwnOutcome() {
      frame.failed = failed;
      if (!failed) return;
      frame.code = code;
      std::memcpy(frame.text, text, sizeof text);
    }
  };

  // A task is settled: it has run, or never will.
  static void drop(void* self) {
    auto* const loop = static_cast<Loop*>(self);
    const Frame<Sys>* const frame = Frame<Sys>::top();
    if (frame->took_turns) {
      loop->inside_.fetch_sub(1);
    } else if (!loop->group_.is_cancelled(loop->life_)) {
      loop->failed_.store(1);  // discarded at a bound, or with its pool
    }
    loop->tasks_.fetch_sub(1);
    if (loop->is_over()) loop->group_.completion.wake_helpers();
    loop->let_go();
  }
  void forgo() {
    tasks_.fetch_sub(1);
    holders_.fetch_sub(1);
  }
  void let_go() {
    if (holders_.fetch_sub(1) != 1) return;
    this->~Loop();
    Sys::deallocate(this);
  }

  World<Sys>& world_;
  GroupType& group_;
  const std::uint32_t life_;
  const std::uint64_t count_;
  const std::uint64_t grain_;
  const TurnFn fn_;
  void* const ctx_;
  Atomic<std::uint64_t> next_{0};  // the first turn that nobody has taken
  Atomic<std::uint64_t> made_{0};
  Atomic<std::uint32_t> tasks_{0};    // accepted and not over
  Atomic<std::uint32_t> inside_{0};   // of these, those that have begun
  Atomic<std::uint32_t> holders_{1};  // tasks, and the caller
  Atomic<std::uint32_t> failed_{0};
  Atomic<std::uint32_t> cancelled_{0};
  Atomic<std::uint32_t> is_abandoned_{0};
};

}  // namespace pool::sched
