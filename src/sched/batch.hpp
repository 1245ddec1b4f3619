// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Batches: claiming several tasks of one group in one step, and what is not started of them. The protocol is "Batches"
// in group/README.md.
#pragma once

#include <utility>

#include "sched/run.hpp"

namespace pool::sched {

// What a thread has claimed: the window of its Local, or one task in its hands.
template <class Sys>
struct Claim {
  group::Group<Sys>* group = nullptr;
  bool in_window = false;
  bool more = false;     // there is more to be started, in the window or behind it
  bool is_left = false;  // behind it, in the queue
  std::uint32_t count = 1;
  queue::Work work;  // if not in_window
};

// Claims the oldest task of a group into the caller's hands, see claim_task().
template <class Sys, class Mine>
typename group::Group<Sys>::Queue::Claimed claim_single(World<Sys>& world, group::Group<Sys>& group, Mine&& mine,
                                                        Claim<Sys>& claim) {
  using Claimed = typename group::Group<Sys>::Queue::Claimed;
  if (auto* const local = static_cast<Local<Sys>*>(Sys::local()); is_owned_by(group, local)) {
    queue::Work& work = claim.work;
    const auto store = [&work](std::uint32_t, std::uintptr_t fn, std::uintptr_t ctx) {
      work.fn = fn;
      work.ctx = ctx;
    };
    local->bias.enter();
    work.life = group.queue.generation();
    work.unit = false;
    const bool has_taken = is_owned_by(group, local) && mine(work.life) &&
                           group.queue.take_alone(world.segments, work.life, 1, store, work.ticket, claim.more) != 0;
    local->bias.leave();
    claim.is_left = claim.more;
    if (has_taken) return Claimed::task;
  }
  const auto claimed = claim_task(world, group, mine, claim.work, claim.more);
  claim.is_left = claim.more;
  return claimed;
}

// What was put into the own window, by hand: while it was there nobody saw it who looked before going to sleep.
template <class Sys>
void tell_of_window(World<Sys>& world, group::Group<Sys>& group) {
  Sys::fence_after_write();
  if (group.completion.load().has(group::Completion<Sys>::helper)) group.completion.wake_helpers();
  wake_ancestors(world, group);
  wake_one(world, world.pools[group.pool.load(std::memory_order_relaxed)]);
}

// Fills the window of `mine`, which is free: calls put(window), which puts the first `count` cells of that life, with
// tickets from `first` on.
template <class Sys, class Put>
void fill_window(Local<Sys>& mine, group::Group<Sys>& group, std::uint32_t life, std::uint32_t first,
                 std::uint32_t count, Put&& put) {
  Window<Sys>& window = mine.window;
  mine.bias.enter();
  put(window);
  window.group.store(&group, std::memory_order_relaxed);
  window.life.store(life, std::memory_order_relaxed);
  window.first.store(first, std::memory_order_relaxed);
  window.filled.store(window.filled.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  window.is_ours.store(1, std::memory_order_relaxed);
  window.range.store(base::pack(count, 0));
  mine.bias.leave();
}

// Claims up to `most` tasks that waited in timers. (With a limit, too: each timer knows its unit.) False: none may
// start.
template <class Sys, class Mine>
[[gnu::noinline]] bool claim_due_batch(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, Mine&& mine,
                                       std::uint32_t most, Claim<Sys>& claim) {
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (most <= 1 || local == nullptr || local->window.size() != 0) {
    if (!claim_one_due(world, group, mine, claim.work, claim.more)) return false;
    claim.is_left = claim.more;
    return true;
  }
  Timer<Sys>* due[Window<Sys>::most];
  std::uint32_t count = 0;
  const auto put = [&](Timer<Sys>& timer) { due[count++] = &timer; };
  if (claim_due(world, pool, group, mine, most, put, claim.more) == 0) return false;
  claim.more = claim.is_left = claim.more || !group.queue.empty();
  claim.count = count;
  claim.work = Task::of_timer(due[0]);
  claim.work.life = due[0]->life;
  claim.in_window = count > 1;
  if (count == 1) return true;
  fill_window(*local, group, due[0]->life, 0, count, [&](Window<Sys>& window) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const queue::Work work = Task::of_timer(due[i]);
      window.put(i, work.fn, work.ctx);
    }
  });
  claim.more = true;
  tell_of_window(world, group);
  return true;
}

// Claims tasks of a group: a single one, or up to `most` into the window of this thread, if that is free.
template <class Sys, class Mine>
typename group::Group<Sys>::Queue::Claimed claim_batch(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group,
                                                       Mine&& mine, std::uint32_t most, Claim<Sys>& claim) {
  using Claimed = typename group::Group<Sys>::Queue::Claimed;
  claim.group = &group;
  claim.in_window = false;
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (const std::uint32_t limit = pool.batch_limit.load(std::memory_order_relaxed); most > limit) most = limit;
  if (most > Window<Sys>::most) most = Window<Sys>::most;
  if (is_anothers(group)) {
    if (group.queue.empty()) return Claimed::empty;
    if (!mine(group.queue.generation())) return Claimed::foreign;
    share(group);  // not inside our own bias
  }
  if (is_turn_of_due(group) && claim_due_batch(world, pool, group, mine, most, claim)) return Claimed::task;
  // (One is not worth a window.)
  if (most <= 1 || local == nullptr || group.queue.waiting() == 1 ||
      group.capacity.load(std::memory_order_relaxed) != 0 || local->window.size() != 0) {
    return claim_single(world, group, mine, claim);
  }
  Window<Sys>& window = local->window;
  std::uint32_t life = 0;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  Claimed claimed;
  local->bias.enter();
  // The window is seen to be full before the tasks leave the queue: whoever looks for work sees one or the other.
  window.group.store(&group, std::memory_order_relaxed);
  window.is_ours.store(0, std::memory_order_relaxed);
  const auto store = [&](std::uint32_t i, std::uintptr_t fn, std::uintptr_t ctx) {
    // The life, too: an old one may look like that of a suspended group. (The model checker found this one.)
    if (i == 0) window.life.store(life, std::memory_order_relaxed);
    window.put(i, fn, ctx);
    // Release: whoever counts sees that it is not ours yet. (The model checker found this one.)
    window.range.store(base::pack(i + 1, 0), std::memory_order_release);
  };
  // Asked again of the life that is claimed: tasks of a bounded group hold places of their own, which a window does not
  // give back.
  bool is_bounded = false;
  bool is_owned = false;
  const auto may = [&](std::uint32_t its_life) {
    is_bounded = group.capacity.load(std::memory_order_relaxed) != 0;
    is_owned = is_anothers(group);
    return !is_bounded && !is_owned && mine(its_life);
  };
  if (is_owned_by(group, local)) {
    life = group.queue.generation();
    if (mine(life)) count = group.queue.take_alone(world.segments, life, most, store, first, claim.more);
  }
  claimed = count != 0 ? Claimed::task
                       : group.queue.claim_many(world.segments, may, most, store, life, first, count, claim.more);
  window.first.store(first, std::memory_order_relaxed);
  window.filled.store(window.filled.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  window.range.store(base::pack(claimed == Claimed::task ? count : 0, 0), std::memory_order_relaxed);
  local->bias.leave();
  if (is_owned) return claim_batch(world, pool, group, mine, most, claim);
  if (claimed == Claimed::no_unit || is_bounded) return claim_single(world, group, mine, claim);
  if (claimed != Claimed::task) {
    const bool has_due = group.due_count.load() != 0 && claim_due_batch(world, pool, group, mine, most, claim);
    return has_due ? Claimed::task : claimed;
  }
  window.is_ours.store(1, std::memory_order_relaxed);
  Sys::fence_after_write();
  claim.in_window = true;
  claim.is_left = claim.more;
  claim.count = count;
  if (count > 1) {
    claim.more = true;
    // A helper that came to sleep meanwhile looked at the queue, or will see the window.
    if (group.completion.load().has(group::Completion<Sys>::helper)) group.completion.wake_helpers();
    wake_ancestors(world, group);
  }
  return claimed;
}

// Takes what another thread has claimed of a group that `wants`, and not started: half of it into the own window, if
// that is free and may be filled, else one. False: there is none.
template <class Sys, class Wants>
bool steal(World<Sys>& world, Wants&& wants, bool may_fill, Claim<Sys>& claim) {
  auto* const mine = static_cast<Local<Sys>*>(Sys::local());
  const bool has_window = may_fill && mine != nullptr && mine->window.size() == 0;
  return any_window(world, [&](Local<Sys>& victim, group::Group<Sys>& group) {
    if (!wants(victim, group) || is_held(group, victim.window.life.load())) return false;
    if (&victim == mine && may_fill) {
      // What a suspension has left to us: there may be nobody else to run it. (The model checker found this one.)
      claim = {};
      claim.group = &group;
      claim.in_window = true;
      claim.count = mine->window.size();
      claim.more = claim.count > 1;
      return true;
    }
    constexpr std::uint32_t most = Window<Sys>::most / 2 + 1;
    queue::Work loot[most];
    std::uint32_t count = 0;
    Window<Sys>& window = victim.window;
    victim.bias.revoke();
    if (window.group.load() == &group && wants(victim, group) &&
        !is_held(group, window.life.load(std::memory_order_relaxed))) {
      const std::uint64_t range = window.range.load(std::memory_order_relaxed);
      const std::uint32_t to = base::high(range);
      count = has_window ? (window.size() + 1) / 2 : window.size() != 0 ? 1 : 0;
      if (count != 0) share_under_bias(group, victim);
      for (std::uint32_t i = 0; i < count; ++i) window.get(to - count + i, loot[i]);
      window.range.store(base::pack(to - count, base::low(range)), std::memory_order_relaxed);
    }
    victim.bias.restore();
    if (count == 0) return false;
    claim.group = &group;
    claim.in_window = has_window;
    claim.more = count > 1;
    claim.count = has_window ? count : 1;
    claim.work = loot[0];
    if (has_window) {
      fill_window(*mine, group, loot[0].life, loot[0].ticket, count, [&](Window<Sys>& own) {
        for (std::uint32_t i = 0; i < count; ++i) own.put(i, loot[i].fn, loot[i].ctx);
      });
    }
    world.pools[group.pool.load(std::memory_order_relaxed)].steals.fetch_add(count, std::memory_order_relaxed);
    if (count > 1) tell_of_window(world, group);
    return true;
  });
}

// Where the tasks of a batch come from: the window of this thread, or nowhere, there is one in its hands; or the queue
// of a group that it owns, where they stay for others until they start.
enum class Source { window, own_queue };

// Runs tasks of one group one after the other, and counts what was run in one step.
template <class Sys, Source source = Source::window>
class Batch {
  static constexpr bool is_own = source == Source::own_queue;

 public:
  // Of the window of `local`. `by_the_clock`: what takes too long is left there, so that others have their turn.
  Batch(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, Local<Sys>& local,
        bool by_the_clock) requires(!is_own)
      : world_(world),
        pool_(pool),
        group_(group),
        local_(&local),
        next_reading_(by_the_clock && local.window.size() > 1 ? 1 : 0),
        began_(next_reading_ != 0 ? Sys::ticks() : 0),
        life_(local.window.life.load(std::memory_order_relaxed)),
        filled_(local.window.filled.load(std::memory_order_relaxed)) {}
  // Without a window.
  Batch(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life) requires(!is_own)
      : world_(world), pool_(pool), group_(group), local_(nullptr), life_(life) {}
  // Of a group that `local` owns.
  Batch(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life,
        Local<Sys>& local) requires is_own : world_(world),
                                             pool_(pool),
                                             group_(group),
                                             local_(&local),
                                             life_(life) {
    if (!may_tell_) return;
    told_ = {local.window.group.load(std::memory_order_relaxed), local.window.life.load(std::memory_order_relaxed),
             local.window.finished.load(std::memory_order_relaxed)};
    tell_of(&group, life, 0);
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  // A task may end the thread: what is left in the window is for others then.
  ~Batch() noexcept(false) {  // NOLINT(bugprone-exception-escape)
    if (era_ != Sys::era()) return;
    const bool is_left = is_own ? !group_.queue.empty() : local_ != nullptr && local_->window.size() != 0;
    count();
    if constexpr (is_own) {
      // (Unless a wait in one of ours has left something in the window.)
      if (may_tell_ && local_->window.size() == 0) tell_of(told_.group, told_.life, told_.finished);
    }
    if (is_left) wake_one(world_, pool_);
  }

  // Runs a bare one that has left the queue, if it may start; its place is still to be given back. False: it may not,
  // and nothing has happened.
  bool run_one(queue::Work work) {
    if (!may_start()) return false;
    Credits<Sys>::start(pool_);
    (void)run_bare(work);
    return true;
  }

  void run() {
    queue::Work work;
    while (take(work)) {
      if (Task::is_bare(work) && may_start()) {
        if (!run_bare(work)) return;
      } else if (!run_unusual(work)) {
        return;
      }
    }
  }

 private:
  // Whether a bare task may start, while a trace runs or while none does.
  template <bool traced = false>
  bool may_start() const {
    constexpr std::uint32_t looked_at = Pool<Sys>::is_cancelling | Pool<Sys>::is_traced;
    constexpr std::uint32_t wanted = traced ? Pool<Sys>::is_traced : 0;
    return (pool_.unusual.load(std::memory_order_relaxed) & looked_at) == wanted && !group_.is_cancelled(life_);
  }

  // `may_count`: all that has run is told, so that it may be counted in the same step.
  [[gnu::always_inline]] bool take(queue::Work& work, bool may_count = true) {
    if constexpr (is_own) {
      std::uint32_t none = 0;
      std::uint32_t& run = may_count ? run_ : none;
      return Credits<Sys>::take_from_own(world_, pool_, group_, life_, *local_, work, run, may_tell_);
    }
    return local_ != nullptr && !is_over_time() &&
           Credits<Sys>::take_from_window(pool_, group_, life_, filled_, *local_, work);
  }
  // Looks at the clock after 1, 2, 4 and so on.
  bool is_over_time() {
    if (run_ != next_reading_ || run_ == 0) return is_over_;
    next_reading_ *= 2;
    if (is_over_ || Sys::ticks() - began_ <= 2 * Sys::quantum()) return is_over_;
    is_over_ = true;
    const std::uint32_t batch = group_.batch.load(std::memory_order_relaxed);
    if (batch > 1) group_.batch.store(batch / 2, std::memory_order_relaxed);
    return true;
  }
  // For statistics, what of this thread's batch is over and not counted.
  void tell_of(void* group, std::uint32_t life, std::uint32_t finished) {
    Window<Sys>& window = local_->window;
    window.finished.store(0, std::memory_order_relaxed);
    window.group.store(group, std::memory_order_relaxed);
    window.life.store(life, std::memory_order_relaxed);
    window.finished.store(finished, std::memory_order_relaxed);
  }
  void tell(std::uint32_t over) {
    if (may_tell_) local_->window.finished.store(over, std::memory_order_relaxed);
  }

  template <bool traced>
  [[gnu::always_inline]] std::int32_t call(const queue::Work& work, std::int64_t& last_end) {
    if constexpr (traced) return call_traced(pool_, group_, work, last_end);
    return reinterpret_cast<TaskFn>(work.fn)(reinterpret_cast<void*>(work.ctx));
  }

  // Tasks that are a function and a context, one after the other in one frame, for as long as they succeed.
  // False: there are no more.
  template <bool traced = false>
  POOL_CATCHES_UNWINDING bool run_bare(queue::Work& work) {
    Frame<Sys> frame(&pool_, &group_, false);
    frame.life = life_;
    [[maybe_unused]] std::int64_t last_end = 0;
    do {
      note_started();
      frame.fn = work.fn;
      POOL_PROBE(start, &group_, work.fn, work.ctx);
      try {
        const std::int32_t result = call<traced>(work, last_end);
        if (result != 0 && !frame.failed) [[unlikely]] {
          if (result == result_again && frame.timer != nullptr) {
            hand_back(frame, work);
          } else {
            frame.fail(result, nullptr);
          }
        }
      } catch (const abi::__forced_unwind&) {
        // pthread_exit or a cancellation: must go on, but not before the books are right.
        frame.fail(result_thread_exit, "the task ended its thread");
        settle_bare(frame);
        throw;
      } catch (const std::exception& exception) {
        frame.fail(result_exception, exception.what());
      } catch (...) {
        frame.fail(result_exception, "an exception that is no std::exception");
      }
      if (frame.is_inherited()) throw Forked();
      POOL_PROBE(end, &group_, work.fn, work.ctx);
      tell(run_);
      if (frame.is_unsettled()) break;
      if (!take(work, frame.place < 0)) {
        settle_bare(frame);
        return false;
      }
    } while (Task::is_bare(work) && may_start<traced>());
    const bool has_next = !frame.is_unsettled();
    settle_bare(frame);
    if (has_next) run_other(work);
    return true;
  }

  // The task goes on later, elsewhere: it is not over. (If it was the only one of this batch, group and pool may be
  // gone when this returns.)
  [[gnu::noinline]] void hand_back(Frame<Sys>& frame, const queue::Work& work) {
    --run_;
    if (frame.place >= 0) pool_.numbers.give(std::exchange(frame.place, -1));
    end_sections(frame);
    suspend_task(world_, pool_, group_, frame, work, false);
  }

  // Ends the frame.
  [[gnu::always_inline]] void settle_bare(Frame<Sys>& frame) {
    if (frame.is_inherited()) return;
    if (frame.timer != nullptr) drop_timer(world_, group_, frame);
    end_sections(frame);
    if (frame.failed) {
      pool_.failed.fetch_add(1, std::memory_order_relaxed);
      group_.tally.failure.record(frame.code, frame.text);
      if (group_.is(group::Group<Sys>::fails_fast)) cancel_group(world_, group_, life_);
    }
    if (frame.place >= 0) pool_.numbers.give(frame.place);
    frame.pop();
  }

  // False: as run_bare. Out of line, where it costs the others nothing.
  [[gnu::noinline]] bool run_unusual(queue::Work& work) {
    if (Task::is_bare(work) && may_start<true>()) return run_bare<true>(work);
    run_other(work);
    return true;
  }

  void run_other(const queue::Work& work) {
    Fate fate = Fate::runs;
    if (auto* const timer = static_cast<Timer<Sys>*>(Task::timer_of(work))) {
      const queue::Work its = start_timer(pool_, group_, *timer);
      note_started();
      if (!Run<Sys>(world_, pool_, group_, its, Origin::batch, timer)()) --run_;
      return tell(run_);
    }
    if (!Task::is_plain(work)) {
      if (!begin_claimed(world_, pool_, group_, work, fate)) return;
      if (Task::job_of(work) != nullptr) Credits<Sys>::start(pool_);
    }
    note_started();
    if (!Run<Sys>(world_, pool_, group_, work, Origin::batch)(fate)) --run_;
    tell(run_);
  }

  // From here on it is counted, however it ends.
  void note_started() {
    pool_.note_start();
    ++run_;
  }

  void count() {
    if (run_ == 0) return;
    if (group_.tombstones.load() != 0) pass_tombstones(world_, group_, life_);
    const std::uint32_t over = run_;
    run_ = 0;
    tally_finished(pool_, over, Frame<Sys>::inside_task());
    tell(0);
    if constexpr (is_own) {
      if (complete_own(world_, pool_, group_, life_, over)) [[likely]]
        return;
    }
    complete(world_, pool_, group_, life_, over);
  }

  World<Sys>& world_;
  Pool<Sys>& pool_;
  group::Group<Sys>& group_;
  Local<Sys>* const local_;
  // An own queue has no window: another group may be in there, whose batch is around ours.
  const bool may_tell_ = local_ != nullptr && (!is_own || local_->window.size() == 0);
  std::uint32_t next_reading_ = 0;
  bool is_over_ = false;
  const std::int64_t began_ = 0;
  const std::uint32_t life_;
  const std::uint32_t filled_ = 0;
  const std::uint32_t era_ = Sys::era();
  std::uint32_t run_ = 0;
  // What an outer batch has told, which goes on when ours is over.
  struct Told {
    void* group = nullptr;
    std::uint32_t life = 0;
    std::uint32_t finished = 0;
  };
  Told told_;
};

// Runs what was claimed.
template <class Sys>
void run_claim(World<Sys>& world, Pool<Sys>& pool, const Claim<Sys>& claim, bool by_the_clock = false) {
  if (!claim.in_window) {
    if (claim.work.unit || !Task::is_bare(claim.work) || claim.group->capacity.load(std::memory_order_relaxed) != 0) {
      return run_claimed(world, pool, *claim.group, claim.work);
    }
    if (Batch<Sys>(world, pool, *claim.group, claim.work.life).run_one(claim.work)) return;
    return run_claimed(world, pool, *claim.group, claim.work);
  }
  Batch<Sys>(world, pool, *claim.group, *static_cast<Local<Sys>*>(Sys::local()), by_the_clock).run();
}

}  // namespace pool::sched
