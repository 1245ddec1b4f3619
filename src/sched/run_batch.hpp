// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Running tasks of one group, one after the other in one frame: those of a window, which are counted together, or those
// of a queue that this thread owns, each of which is counted in the step that takes the next one. The protocols are
// "Batches" and "Owned groups" in group/README.md.
#pragma once

#include <type_traits>
#include <utility>

#include "base/sanitizer.hpp"
#include "sched/batch.hpp"

namespace pool::sched {

// The tasks come from the window of this thread, or from nowhere: there is one in its hands.
template <class Sys>
class FromWindow {
 public:
  FromWindow(World<Sys>& world, Pool<Sys>& its_pool, group::Group<Sys>& its_group, std::uint32_t its_life,
             Local<Sys>* local, bool by_the_clock)
      : pool(its_pool),
        group(its_group),
        life(its_life),
        world_(world),
        local_(local),
        filled_(local != nullptr ? local->window.filled.load(std::memory_order_relaxed) : 0),
        has_units_(local != nullptr && local->window.units.load(std::memory_order_relaxed) != 0),
        next_reading_(by_the_clock && local->window.size() > 1 ? 1 : 0),
        began_(next_reading_ != 0 ? Sys::ticks() : 0) {}

  Pool<Sys>& pool;
  group::Group<Sys>& group;
  const std::uint32_t life;
  using Ref = FromWindow&;
  // Whether the pool may be gone when there is no next one.
  static constexpr bool counts_each = false;

  // The first one; one after another that is over, or has gone on elsewhere. none: what is left, if anything, is for
  // others.
  [[gnu::always_inline]] Next first(queue::Work& work) { return next(work); }
  [[gnu::always_inline]] Next next_after(queue::Work& work) {
    note_over();
    return next(work);
  }
  Next next_without(queue::Work& work) { return next(work); }
  bool is_cancelled() const { return group.is_cancelled(life); }
  // Whether each has a unit of its group's limit.
  bool has_units() const { return has_units_; }
  // One is over, which those who count are told. (Counted at the end, which may come from inside a task.)
  void note_over() {
    ++run_;
    if (local_ != nullptr) local_->window.finished.store(run_, std::memory_order_relaxed);
  }

  // Counts. Says whether something is left.
  bool end() {
    const bool is_left = local_ != nullptr && local_->window.size() != 0;
    if (run_ == 0) return is_left;
    if (group.tombstones.load() != 0) pass_tombstones(world_, group, life);
    tally_finished(pool, run_, Frame<Sys>::inside_task());
    if (local_ != nullptr) local_->window.finished.store(0, std::memory_order_relaxed);
    complete(world_, pool, group, life, run_);
    return is_left;
  }

 private:
  [[gnu::always_inline]] Next next(queue::Work& work) {
    if (local_ == nullptr || is_over_time() ||
        !Credits<Sys>::take_from_window(pool, group, life, filled_, *local_, work)) {
      return Next::none;
    }
    return Task::is_bare(work) && !has_units_ ? Next::bare : Next::other;
  }
  // Looks at the clock after 1, 2, 4 and so on.
  bool is_over_time() {
    if (run_ != next_reading_ || run_ == 0) return is_over_;
    next_reading_ *= 2;
    if (is_over_ || Sys::ticks() - began_ <= 2 * Sys::quantum()) return is_over_;
    is_over_ = true;
    const std::uint32_t batch = group.batch.load(std::memory_order_relaxed);
    if (batch > 1) group.batch.store(batch / 2, std::memory_order_relaxed);
    return true;
  }

  World<Sys>& world_;
  Local<Sys>* const local_;
  const std::uint32_t filled_;
  const bool has_units_;
  std::uint32_t next_reading_;
  const std::int64_t began_;
  bool is_over_ = false;
  std::uint32_t run_ = 0;
};

// The queue of a group that this thread owns, where others can have them until they start. Each is counted in the step
// that takes the next one; when there is none, group and pool may be gone.
template <class Sys>
class FromOwnQueue {
 public:
  [[gnu::always_inline]] FromOwnQueue(Pool<Sys>& its_pool, group::Group<Sys>& its_group, std::uint32_t its_life,
                                      Local<Sys>& local)
      : pool(its_pool), group(its_group), life(its_life), local_(local) {}
  [[gnu::always_inline]] FromOwnQueue(const FromOwnQueue& other)
      : pool(other.pool), group(other.group), life(other.life), local_(other.local_) {}
  FromOwnQueue& operator=(const FromOwnQueue&) = delete;

  Pool<Sys>& pool;
  group::Group<Sys>& group;
  const std::uint32_t life;

  using Ref = FromOwnQueue;
  static constexpr bool counts_each = true;

  [[gnu::always_inline]] Next first(queue::Work& work) const { return step<0>(work); }
  [[gnu::always_inline]] Next next_after(queue::Work& work) const { return step<1>(work); }
  [[gnu::always_inline]] Next next_without(queue::Work& work) const { return next_slowly(0, work); }
  // (A cancel makes the group everybody's, which the next step sees; what was taken before that has begun.)
  static constexpr bool is_cancelled() { return false; }
  static constexpr bool has_units() { return false; }
  [[gnu::always_inline]] void note_over() const {
    tally_finished(pool, 1, Frame<Sys>::inside_task());
    complete(*pool.world, pool, group, life);
  }

  [[gnu::always_inline]] bool end() const { return !group.queue.empty(); }

 private:
  template <std::uint32_t over>
  [[gnu::always_inline]] Next step(queue::Work& work) const {
    const Next next = Credits<Sys>::template step<over>(pool, group, life, local_, work);
    return next != Next::not_simple ? next : next_slowly(over, work);
  }
  // What is called out of line gets a copy, so that this and the task can stay in registers.
  [[gnu::always_inline]] Next next_slowly(std::uint32_t over, queue::Work& work) const {
    queue::Work taken;
    const Next next = next_slowly(pool, group, life, local_, over, taken);
    work = taken;
    return next;
  }
  [[gnu::noinline]] static Next next_slowly(Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life,
                                            Local<Sys>& local, std::uint32_t over, queue::Work& work) {
    if (over != 0) FromOwnQueue(pool, group, life, local).note_over();
    if (!Credits<Sys>::take_from_own(pool, group, life, local, work)) return Next::none;
    return Task::is_bare(work) ? Next::bare : Next::other;
  }

  Local<Sys>& local_;
};

// Runs tasks that come from a source. (Nothing of it is an object: what goes on from task to task is to be in
// registers. What is called out of line gets a Source::Ref, which for one without state is a copy. And not by 16 bytes
// at once: a load of these waits for the two stores of 8 that were just made, which costs more than a task.)
template <class Sys, class Source>
class Batch {
  using Ref = typename Source::Ref;

 public:
  // Runs a bare one that has left the queue, if it may start; its place is still to be given back. False: it may not,
  // and nothing has happened.
  static bool run_one(Source& source, queue::Work work) {
    if (!starts(source)) return false;
    const Ending ending{source};
    Credits<Sys>::start(source.pool);
    (void)run_bare(source, work);
    return true;
  }

  // Runs all. Says how that ended: none, empty or successes; not_simple: there was none in the first place.
  [[gnu::always_inline]] static Next run(Source& source) {
    Ending ending{source};
    Next next = run_some(source);
    if (next == Next::successes) [[likely]] {
      ending.is_clean = true;
      return next;
    }
    if (next == Next::not_simple) return next;
    if (next == Next::bare || next == Next::other) [[unlikely]]
      next = run_further(source);
    ending.is_clean = next != Next::none;
    return next;
  }

 private:
  // A task may end the thread: what is left is for others then.
  struct Ending {
    Ref source;
    const std::uint32_t era = Sys::era();
    // Nothing is left, or to be counted.
    bool is_clean = false;
    [[gnu::always_inline]] ~Ending() noexcept(false) {  // NOLINT(bugprone-exception-escape)
      if (is_clean || era != Sys::era()) return;
      if (source.end()) wake_one(*source.pool.world, source.pool);
    }
  };

  [[gnu::noinline]] static Next run_further(Ref source) {
    Next next = Next::other;
    while (next == Next::bare || next == Next::other) next = run_some(source);
    return next == Next::not_simple ? Next::none : next;
  }

  // Runs some; says what comes next; not_simple: there was none to run.
  [[gnu::always_inline]] static Next run_some(Source& source) {
    queue::Work work;
    const Next first = source.first(work);
    if (first == Next::bare && starts(source)) [[likely]]
      return run_bare(source, work);
    if (first == Next::bare && starts<true>(source)) return run_traced(source, whole(source, work));
    if (first == Next::bare || first == Next::other) {
      run_other(source, whole(source, work));
      return Next::other;
    }
    return first == Next::none ? Next::not_simple : first;
  }

  // Whether a bare task may start, while a trace runs or while none does: it does now.
  template <bool traced = false>
  [[gnu::always_inline]] static bool starts(const Source& source) {
    constexpr std::uint32_t looked_at = Pool<Sys>::is_cancelling | Pool<Sys>::is_traced;
    constexpr std::uint32_t wanted = traced ? Pool<Sys>::is_traced : 0;
    const std::uint32_t unusual = source.pool.unusual.load(std::memory_order_relaxed);
    if ((unusual & (looked_at | Pool<Sys>::counts_starts)) != wanted) [[unlikely]] {
      if ((unusual & looked_at) != wanted || source.is_cancelled()) return false;
      source.pool.count_start();
      return true;
    }
    return !source.is_cancelled();
  }

  // What is called out of line gets a copy, with the life, which has not gone from task to task.
  static queue::Work whole(const Source& source, const queue::Work& work) {
    return {work.fn, work.ctx, source.life, source.has_units(), work.ticket};
  }

  // What a row of tasks is to those who look on: nothing, while no trace runs.
  struct Unseen {
    Unseen(const Pool<Sys>&, const group::Group<Sys>&, std::uint32_t) {}
    static void begin(std::uint32_t, std::uint64_t) {}
    static void end() {}
    static void flush() {}
    static void close() {}
  };

  // Tasks that are a function and a context.
  template <bool traced = false>
  POOL_IN_LINE POOL_CATCHES_UNWINDING static Next run_bare(Source& source, queue::Work& work) {
    Frame<Sys> frame(&source.pool, &source.group, source.life, false, work.fn);
    std::conditional_t<traced, TracedRow<Sys>, Unseen> row(source.pool, source.group, source.life);
    Next next = Next::none;
    for (;;) {
      POOL_PROBE(start, &source.group, work.fn, work.ctx);
      bool is_over = true;
      try {
        row.begin(work.ticket, work.fn);
        const std::int32_t result = reinterpret_cast<TaskFn>(work.fn)(reinterpret_cast<void*>(work.ctx));
        row.end();
        if (result != 0) [[unlikely]]
          is_over = note_result(source, frame, whole(source, work), result);
      } catch (const abi::__forced_unwind&) {
        // pthread_exit or a cancellation: must go on, but not before the books are right.
        frame.fail(result_thread_exit, "the task ended its thread");
        if (frame.is_inherited()) throw;
        row.close();
        settle(source, frame);
        give_number(source.pool, frame);
        frame.pop_here();
        source.note_over();
        throw;
      } catch (const std::exception& exception) {
        frame.fail(result_exception, exception.what());
      } catch (...) {
        frame.fail(result_exception, "an exception that is no std::exception");
      }
      row.end();
      POOL_PROBE(end, &source.group, work.fn, work.ctx);
      if constexpr (Source::counts_each) row.flush();
      if (!frame.is_touched) [[likely]] {
        next = source.next_after(work);
      } else {
        if (frame.is_inherited()) throw Forked();
        row.close();
        settle(source, frame);
        next = is_over ? source.next_after(work) : source.next_without(work);
      }
      if (next != Next::bare || !starts<traced>(source)) break;
      frame.fn = work.fn;
    }
    row.close();
    // (A number lasts as long as the pool is sure to.)
    if constexpr (!Source::counts_each) give_number(source.pool, frame);
    frame.pop_here();
    if (next == Next::bare || next == Next::other) [[unlikely]]
      run_other(source, whole(source, work));
    return next;
  }

  // What a task has returned that is not 0. False: it is not over, it goes on later, elsewhere. (If it was the only one
  // of this batch, group and pool may be gone then.)
  [[gnu::noinline]] static bool note_result(Ref source, Frame<Sys>& frame, const queue::Work& work,
                                            std::int32_t result) {
    if (frame.failed || frame.is_inherited()) return true;
    if (result != result_again || frame.timer == nullptr) {
      frame.fail(result, nullptr);
      return true;
    }
    give_number(source.pool, frame);
    end_sections(frame);
    suspend_task(*source.pool.world, source.pool, source.group, frame, work, false);
    return false;
  }

  // What a task leaves is seen to before the next one runs in its frame.
  [[gnu::noinline]] static void settle(Ref source, Frame<Sys>& frame) {
    World<Sys>& world = *source.pool.world;
    if (frame.timer != nullptr) drop_timer(world, source.group, frame);
    end_sections(frame);
    if (frame.failed) {
      source.pool.failed.fetch_add(1, std::memory_order_relaxed);
      source.group.tally.fail(frame.code, frame.text);
      if (source.group.is(group::Group<Sys>::fails_fast)) cancel_group(world, source.group, source.life);
    }
    if constexpr (Source::counts_each) give_number(source.pool, frame);
    frame.failed = false;
    frame.is_touched = false;
  }
  static void give_number(Pool<Sys>& pool, Frame<Sys>& frame) {
    if (frame.place >= 0) pool.numbers.give(std::exchange(frame.place, -1));
  }

  // Out of line, where it costs the others nothing.
  [[gnu::noinline]] static Next run_traced(Ref source, queue::Work work) { return run_bare<true>(source, work); }

  [[gnu::noinline]] static void run_other(Ref source, const queue::Work& work) {
    Pool<Sys>& pool = source.pool;
    Fate fate = Fate::runs;
    if (auto* const timer = static_cast<Timer<Sys>*>(Task::timer_of(work))) {
      return run_one_of(source, start_timer(pool, source.group, *timer), fate, timer);
    }
    if (!Task::is_plain(work)) {
      if (!begin_claimed(*pool.world, pool, source.group, work, fate)) return;
      if (Task::job_of(work) != nullptr) Credits<Sys>::start(pool);
    }
    run_one_of(source, work, fate, nullptr);
  }
  [[gnu::always_inline]] static void run_one_of(Source& source, const queue::Work& work, Fate fate, Timer<Sys>* timer) {
    Pool<Sys>& pool = source.pool;
    pool.note_start();
    // However it ends.
    struct Over {
      Source& source;
      const std::uint32_t era = Sys::era();
      bool is_over = true;
      ~Over() noexcept(false) {  // NOLINT(bugprone-exception-escape)
        if (is_over && era == Sys::era()) source.note_over();
      }
    } over{source};
    over.is_over = Run<Sys>(*pool.world, pool, source.group, work, Origin::batch, timer)(fate);
  }
};

// Runs what this thread has queued in a group that it owns. Says how that ended: none, empty or successes; not_simple:
// there was none in the first place.
template <class Sys>
[[gnu::always_inline]] inline Next run_own(Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life,
                                           Local<Sys>& local) {
  using Source = FromOwnQueue<Sys>;
  Source source(pool, group, life, local);
  return Batch<Sys, Source>::run(source);
}

// Runs what was claimed.
template <class Sys>
void run_claim(World<Sys>& world, Pool<Sys>& pool, const Claim<Sys>& claim, bool by_the_clock = false) {
  using Source = FromWindow<Sys>;
  group::Group<Sys>& group = *claim.group;
  if (claim.in_window) {
    auto* const local = static_cast<Local<Sys>*>(Sys::local());
    Source source(world, pool, group, local->window.life.load(std::memory_order_relaxed), local, by_the_clock);
    (void)Batch<Sys, Source>::run(source);
    return;
  }
  const bool is_simple =
      !claim.work.unit && Task::is_bare(claim.work) && group.capacity.load(std::memory_order_relaxed) == 0;
  if (is_simple) {
    Source source(world, pool, group, claim.work.life, nullptr, false);
    if (Batch<Sys, Source>::run_one(source, claim.work)) return;
  }
  run_claimed(world, pool, group, claim.work);
}

}  // namespace pool::sched
