// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Credits: places and tokens of a pool's room that a thread has in its Local. A task takes one of each when it is
// submitted, gives the place back when it starts, and the token when it is over; each to the Local of the thread that
// does it, if that works for this pool. The protocol is "Local credits" in park/README.md.
#pragma once

#include <bit>

#include "sched/statistics.hpp"
#include "sched/task.hpp"
#include "sched/window.hpp"

namespace pool::sched {

// What a thread runs next of a group: a task that is nothing but a function and a context, another one, or none, of
// which others may have some; empty: none, and all that there ever were are over; `successes`: and that is all they
// were. not_simple: nothing has happened.
enum class Next { bare, other, none, empty, successes, not_simple };

template <class Sys>
class Credits {
  using Room = park::Room<Sys>;
  using Taken = typename Room::Taken;
  using LocalType = Local<Sys>;
  static constexpr auto relaxed = std::memory_order_relaxed;

 public:
  // Takes a place and a token, as Room::try_take. `home` is the pool, as the caller's group names it.
  static Taken take(World<Sys>& world, Pool<Sys>& pool, std::uint64_t home, bool inside) {
    LocalType* const local = local_of<Sys>(world);
    if (local == nullptr) return take_exactly(world, pool, inside);
    return take_own(*local, home) ? Taken::ok : take_slowly(world, pool, home, inside, *local);
  }

  // The same of what this thread keeps. False: it has none of that pool.
  [[gnu::always_inline]] static bool take_own(LocalType& local, std::uint64_t home) {
    local.bias.enter();
    const bool has_taken = take_if(local, home, [] { return true; });
    local.bias.leave();
    return has_taken;
  }
  // The same under the bias, if use() says so.
  template <class Use>
  [[gnu::always_inline]] static bool take_if(LocalType& local, std::uint64_t home, Use&& use) {
    // (None of them goes below 0 without a bit of too_many; who keeps none has 0.)
    const std::uint64_t left = local.credits.load(relaxed) - one_place - one_token;
    if (local.home.load(relaxed) != home || (left & local.too_many.load(relaxed)) != 0 || !use()) [[unlikely]]
      return false;
    local.credits.store(left, relaxed);
    return true;
  }

  // A task has left the queue.
  static void start(Pool<Sys>& pool) {
    if (LocalType* const local = mine()) {
      local->bias.enter();
      const bool is_kept = keep(*local, pool, one_place);
      local->bias.leave();
      if (!is_kept) give_place(*local, pool);
      return;
    }
    pool.room.give(1, 0);
  }

  // The next task of this thread's window, if it still is that batch: it starts now. False: there is none.
  static bool take_from_window(Pool<Sys>& pool, const group::Group<Sys>& group, std::uint32_t life,
                               std::uint32_t filled, LocalType& local, queue::Work& work) {
    Window<Sys>& window = local.window;
    local.bias.enter();
    const std::uint64_t range = window.range.load(relaxed);
    const std::uint32_t from = base::low(range);
    // Not relaxed: what came before a resume happens before what starts after it, and a suspension that has not seen
    // our window is seen by us. (The model checker found this one.)
    if (from == base::high(range) || window.filled.load(relaxed) != filled || group.suspended.load() == life) {
      local.bias.leave();
      return false;
    }
    window.get(from, work);
    window.range.store(range + 1, relaxed);
    const bool is_settled = !Task::is_plain(work) || keep(local, pool, one_place);
    local.bias.leave();
    if (!is_settled) give_place(local, pool);
    return true;
  }

  // Counts so many tasks of a group that this thread owns as over, and takes the next one, where all of that is simple.
  template <std::uint32_t over>
  [[gnu::always_inline]] static Next step(Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life,
                                          LocalType& local, queue::Work& work) {
    using Done = group::Completion<Sys>;
    if (!local.bias.try_enter()) [[unlikely]]
      return Next::not_simple;
    auto seen = group.completion.load();
    if (!is_owned_by(group, &local) || seen.has(Done::waiter | Done::detached) ||
        local.home.load(relaxed) != group.home.load(relaxed)) [[unlikely]] {
      local.bias.leave_tried();
      return Next::not_simple;
    }
    std::uint64_t credits = local.credits.load(relaxed) + over * one_token;
    if constexpr (over != 0) {
      seen = group.completion.add_alone(seen, over);
      local.own_finished.store(local.own_finished.load(relaxed) + over, relaxed);
    }
    using Queue = typename group::Group<Sys>::Queue;
    std::uint32_t number = 0;
    Next next = Next::none;
    const auto taken = group.queue.take_one_alone(segments_of(pool), life, work, number);
    if (taken == Queue::Taken::task) [[likely]] {
      if (Task::is_bare(work)) [[likely]] {
        next = Next::bare;
        credits += one_place;
      } else {
        next = Next::other;
        if (Task::is_plain(work)) credits += one_place;
      }
    } else if (taken == Queue::Taken::empty && seen.count() == number) {
      next = group.tally.is_touched() ? Next::empty : Next::successes;
    }
    local.credits.store(credits, relaxed);
    const bool is_surplus = (credits & local.too_many.load(relaxed)) != 0;
    local.bias.leave_tried();
    // (There may be a line: not under the bias. What is unfinished keeps the pool until it is given.)
    if (is_surplus) [[unlikely]]
      bring_surplus(local, pool);
    return next;
  }

  // The next task of a group that this thread owns. False: there is none, or the group is another's by now.
  static bool take_from_own(Pool<Sys>& pool, group::Group<Sys>& group, std::uint32_t life, LocalType& local,
                            queue::Work& work) {
    using Queue = typename group::Group<Sys>::Queue;
    std::uint32_t number = 0;
    local.bias.enter();
    if (!is_owned_by(group, &local) ||
        group.queue.take_one_alone(segments_of(pool), life, work, number) != Queue::Taken::task) {
      local.bias.leave();
      return false;
    }
    const bool is_settled = !Task::is_plain(work) || keep(local, pool, one_place);
    local.bias.leave();
    if (!is_settled) give_place(local, pool);
    return true;
  }

  // `count` tasks are over. The pool may be gone when this returns.
  static void finish(Pool<Sys>& pool, std::uint32_t count) {
    if (LocalType* const local = mine()) {
      local->bias.enter();
      const bool is_kept = keep(*local, pool, count * one_token);
      local->bias.leave();
      if (is_kept) return;
    }
    pool.room.give(0, count);
  }

  // Under the bias: the same, if they are kept here. False: nothing has happened.
  [[gnu::always_inline]] static bool finish_here(LocalType& local, Pool<Sys>& pool, std::uint32_t count) {
    return keep(local, pool, count * one_token);
  }

  // A place and a token that no task came to use.
  static void give_back(Pool<Sys>& pool) { pool.room.give(1, 1); }

  // Makes a thread that will run tasks of this pool keep its credits, and no other pool's.
  static void attach(World<Sys>& world, Pool<Sys>& pool) {
    LocalType* const local = local_of<Sys>(world);
    const std::uint64_t home = pool.home.load(relaxed);
    if (local == nullptr || pool.room.chunk() == 0 || local->home.load(relaxed) == home) return;
    local->bias.enter();
    settle(world, *local, home);
    local->bias.leave();
  }

  // Brings all credits home; afterwards the room's counts are exact, until somebody keeps some again: not while others
  // stand in line for them, nor once the pool is closed.
  static void sweep(World<Sys>& world, Pool<Sys>& pool) {
    if (pool.room.chunk() == 0) return;
    const std::lock_guard lock(pool.sweep_mutex);
    // Before we look: who keeps credits from now on says so again.
    if (pool.hoards.load() == Pool<Sys>::no_hoards) return;
    pool.hoards.store(Pool<Sys>::sweeping);
    const std::uint32_t end = world.locals.high_water();
    for (std::uint32_t from = 0; from < end;) from = sweep_some(world, pool, from, end);
    std::uint32_t expected = Pool<Sys>::sweeping;
    pool.hoards.compare_exchange_strong(expected, Pool<Sys>::no_hoards);
  }

  // Takes a place and a token of the room itself; before it says full, what others keep is brought home.
  static Taken take_exactly(World<Sys>& world, Pool<Sys>& pool, bool inside) {
    const Taken taken = pool.room.try_take(inside);
    if (taken != Taken::full || pool.hoards.load() == Pool<Sys>::no_hoards) return taken;
    sweep(world, pool);
    return pool.room.try_take(inside);
  }

  // The room's counts without what threads keep, and without what has run and is not counted yet: exact while nothing
  // moves.
  static typename Room::Counts counts(World<Sys>& world, Pool<Sys>& pool) {
    typename Room::Counts all = pool.room.counts();
    const auto lower = [](std::uint32_t& count, std::uint32_t by) { count -= by < count ? by : count; };
    for (std::uint32_t i = 0, end = world.locals.high_water(); i < end; ++i) {
      const LocalType& local = world.locals[i];
      if (base::low(local.home.load()) == pool.index.load(relaxed)) {
        const std::uint64_t credits = local.credits.load();
        lower(all.queued, base::low(credits));
        lower(all.unfinished, base::high(credits));
      }
      lower(all.unfinished, uncounted(local, pool));
    }
    if (all.unfinished < all.queued) all.unfinished = all.queued;
    return all;
  }

  // What of that are tasks: those that wait, and those that have started and are not over.
  struct Tasks {
    std::uint32_t queued;
    std::uint32_t running;
  };
  static Tasks tasks(World<Sys>& world, Pool<Sys>& pool) {
    const std::uint32_t tombstones = pool.tombstones.load();
    const typename Room::Counts all = counts(world, pool);
    const std::uint32_t others = all.unfinished - all.queued;
    return {all.queued, others > tombstones ? others - tombstones : 0};
  }

 private:
  static constexpr std::uint64_t one_place = 1;
  static constexpr std::uint64_t one_token = std::uint64_t{1} << 32;

  // What a thread has run of its batch.
  static std::uint32_t uncounted(const LocalType& local, const Pool<Sys>& pool) {
    const std::uint32_t over = local.window.finished.load();
    if (over == 0) return 0;
    const auto* const group = static_cast<const group::Group<Sys>*>(local.window.group.load());
    return group != nullptr && group->pool.load(relaxed) == pool.index.load(relaxed) ? over : 0;
  }

  static LocalType* mine() { return static_cast<LocalType*>(Sys::local()); }

  // Under the bias, what is here being of the right pool.
  static bool take_here(LocalType& local) {
    return take_if(local, local.home.load(relaxed), [] { return true; });
  }

  // Under the bias: keeps some of them, if this thread works for the pool and may. (A task that is not over keeps the
  // pool in this life.)
  [[gnu::always_inline]] static bool keep(LocalType& local, Pool<Sys>& pool, std::uint64_t more) {
    if (!may_keep(local, pool)) return false;
    keep_all(local, pool, local.credits.load(relaxed) + more);
    return true;
  }
  [[gnu::always_inline]] static bool may_keep(const LocalType& local, const Pool<Sys>& pool) {
    return works_for(local, pool) && keeps_some(local);
  }
  [[gnu::always_inline]] static bool works_for(const LocalType& local, const Pool<Sys>& pool) {
    return local.home.load(relaxed) == pool.home.load(relaxed);
  }
  static bool keeps_some(const LocalType& local) { return local.too_many.load(relaxed) != LocalType::keeps_none; }
  // So many from now on, or as many as may be.
  [[gnu::always_inline]] static void keep_all(LocalType& local, Pool<Sys>& pool, std::uint64_t credits) {
    local.credits.store(credits, relaxed);
    if ((credits & local.too_many.load(relaxed)) != 0) [[unlikely]]
      give_surplus(local, pool, credits);
  }
  __attribute__((noinline)) static void give_surplus(LocalType& local, Pool<Sys>& pool, std::uint64_t credits) {
    const auto [places, tokens] = take_surplus(local, credits, pool.room.chunk());
    pool.room.give(places, tokens);
  }
  // All but so many of each: they are the caller's now.
  struct Surplus {
    std::uint32_t places;
    std::uint32_t tokens;
  };
  static Surplus take_surplus(LocalType& local, std::uint64_t credits, std::uint32_t kept) {
    const std::uint32_t places = base::low(credits) > kept ? base::low(credits) - kept : 0;
    const std::uint32_t tokens = base::high(credits) > kept ? base::high(credits) - kept : 0;
    local.credits.store(credits - places * one_place - tokens * one_token, relaxed);
    return {places, tokens};
  }
  // The same outside the bias, and for one that keeps none, which looks whether it may again.
  [[gnu::noinline]] static void bring_surplus(LocalType& local, Pool<Sys>& pool) {
    Surplus surplus{};
    local.bias.enter();
    // (A sweep may have come in between, and the pool have ended.)
    if (const std::uint64_t credits = local.credits.load(relaxed); credits != 0) {
      if (!keeps_some(local) && may_relax(local, pool)) relax_here(local, pool);
      surplus = take_surplus(local, credits, keeps_some(local) ? pool.room.chunk() : 0);
    }
    local.bias.leave();
    if (surplus.places != 0 || surplus.tokens != 0) pool.room.give(surplus.places, surplus.tokens);
  }

  __attribute__((noinline)) static Taken take_slowly(World<Sys>& world, Pool<Sys>& pool, std::uint64_t home,
                                                     bool inside, LocalType& local) {
    if (pool.room.chunk() != 0) {
      local.bias.enter();
      const bool has_taken = refill(world, pool, home, local);
      local.bias.leave();
      if (has_taken) return Taken::ok;
    }
    return take_exactly(world, pool, inside);
  }

  // Under the bias: fetches a chunk, and takes one of it.
  static bool refill(World<Sys>& world, Pool<Sys>& pool, std::uint64_t home, LocalType& local) {
    if (local.home.load(relaxed) != home) settle(world, local, home);
    if (!keeps_some(local)) {
      if (!pool.room.is_roomy()) return false;
      relax_here(local, pool);
    }
    if (!keeps_some(local)) return false;
    const std::uint32_t chunk = pool.room.chunk();
    const std::uint64_t credits = local.credits.load(relaxed);
    const std::uint32_t places = base::low(credits) < chunk ? chunk - base::low(credits) : 0;
    const std::uint32_t tokens = base::high(credits) < chunk ? chunk - base::high(credits) : 0;
    // Too full for stores: what is left here is used up, or brought home by a sweep.
    if (!pool.room.refill(places, tokens)) return take_here(local);
    // What we have taken keeps the pool from ending, if it has not ended before: another life's is not ours.
    if (pool.generation.load() != base::high(home)) {
      pool.room.give(places, tokens);
      local.too_many.store(LocalType::keeps_none, relaxed);
      return false;
    }
    local.credits.store(credits + places * one_place + tokens * one_token, relaxed);
    return take_here(local);
  }

  // Under the bias: turns to another pool. (What is here keeps the one before from ending.)
  static void settle(World<Sys>& world, LocalType& local, std::uint64_t home) {
    const std::uint64_t credits = local.credits.load(relaxed);
    tell_own_finished(world, local);
    if (credits != 0) {
      local.credits.store(0, relaxed);
      world.pools[base::low(local.home.load(relaxed))].room.give(base::low(credits), base::high(credits));
    }
    local.too_many.store(LocalType::keeps_none, relaxed);
    local.home.store(home);
  }

  // A place that is not kept here.
  static void give_place(LocalType& local, Pool<Sys>& pool) {
    pool.room.give(1, 0);
    relax(local, pool);
  }
  // One that keeps none looks whether it may again.
  static bool may_relax(LocalType& local, const Pool<Sys>& pool) {
    if (pool.room.chunk() == 0 || !pool.room.may_keep()) return false;
    if (pool.room.is_roomy()) return true;
    const std::uint32_t looks = local.patience.load(relaxed) + 1;
    local.patience.store(looks, relaxed);
    return looks % Sys::exact_starts == 0;
  }
  static void relax(LocalType& local, Pool<Sys>& pool) {
    if (!may_relax(local, pool)) return;
    local.bias.enter();
    if (local.home.load(relaxed) == pool.home.load(relaxed)) relax_here(local, pool);
    local.bias.leave();
  }
  // Under the bias. A sweep that sees no hoards has begun before; one that has begun comes to us after this.
  static void relax_here(LocalType& local, Pool<Sys>& pool) {
    pool.hoards.store(Pool<Sys>::some_hoards);
    const std::uint32_t chunk = pool.room.chunk();
    if (chunk == 0 || !pool.room.may_keep()) return;
    // From two chunks on, which are a power of two (and anyhow more than one).
    const std::uint32_t most = ~(std::bit_floor(2 * chunk) - 1);
    local.too_many.store(base::pack(most, most), relaxed);
  }

  // A few of them, for one barrier; says where to go on.
  static std::uint32_t sweep_some(World<Sys>& world, Pool<Sys>& pool, std::uint32_t from, std::uint32_t end) {
    constexpr std::uint32_t most = 16;
    LocalType* asked[most];
    std::uint32_t count = 0;
    const std::uint32_t index = pool.index.load(relaxed);
    for (; from < end && count < most; ++from) {
      LocalType& local = world.locals[from];
      if (base::low(local.home.load()) != index) continue;
      local.bias.ask();
      asked[count++] = &local;
    }
    if (count == 0) return from;
    Sys::heavy_barrier();
    std::uint32_t places = 0;
    std::uint32_t tokens = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      LocalType& local = *asked[i];
      local.bias.await();
      if (base::low(local.home.load(relaxed)) == index) {
        places += base::low(local.credits.load(relaxed));
        tokens += base::high(local.credits.load(relaxed));
        local.credits.store(0, relaxed);
        local.too_many.store(LocalType::keeps_none, relaxed);
      }
      local.bias.restore();
    }
    if (places != 0 || tokens != 0) pool.room.give(places, tokens);
    return from;
  }
};

}  // namespace pool::sched
