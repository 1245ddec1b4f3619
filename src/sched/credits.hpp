// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Credits: places and tokens of a pool's room that a thread has in its Local. A task takes one of each when it is
// submitted, gives the place back when it starts, and the token when it is over; each to the Local of the thread that
// does it, if that works for this pool. The protocol is "Local credits" in park/README.md.
#pragma once

#include "sched/task.hpp"
#include "sched/window.hpp"

namespace pool::sched {

template <class Sys>
class Credits {
  using Room = park::Room<Sys>;
  using Taken = typename Room::Taken;
  using LocalType = Local<Sys>;
  static constexpr auto relaxed = std::memory_order_relaxed;

 public:
  // Takes a place and a token, as Room::try_take. `life` is that of the pool, as far as the caller knows.
  static Taken take(World<Sys>& world, Pool<Sys>& pool, std::uint32_t life, bool inside) {
    LocalType* const local = local_of<Sys>(world);
    if (local != nullptr) [[likely]] {
      const std::uint64_t home = base::pack(life, pool.index.load(relaxed));
      if (take_own(*local, home)) return Taken::ok;
      return take_slowly(world, pool, life, inside, *local, home);
    }
    return take_exactly(world, pool, inside);
  }

  // The same of what this thread keeps. False: it has none of that pool.
  static bool take_own(LocalType& local, std::uint64_t home) {
    local.bias.enter();
    const bool has_taken = local.pool.load(relaxed) == home && take_here(local);
    local.bias.leave();
    return has_taken;
  }

  // `count` tasks have left the queue.
  static void start(Pool<Sys>& pool, std::uint32_t count) {
    if (LocalType* const local = mine()) {
      local->bias.enter();
      const bool is_cached = is_attached(*local, pool) && local->exact.load(relaxed) == 0;
      std::uint32_t surplus = 0;
      if (is_cached) surplus = put(local->places, count, pool.room.chunk());
      if (surplus != 0) pool.room.give(surplus, 0);
      local->bias.leave();
      if (is_cached) return;
      pool.room.give(count, 0);
      return relax(*local, pool);
    }
    pool.room.give(count, 0);
  }

  // The next task of this thread's window, if it still is one of that group: it starts now. False: there is none.
  static bool take_from_window(Pool<Sys>& pool, const group::Group<Sys>& group, std::uint32_t life, LocalType& local,
                               queue::Work& work) {
    Window<Sys>& window = local.window;
    local.bias.enter();
    const std::uint32_t from = window.from.load(relaxed);
    if (from >= window.to.load(relaxed) || window.group.load(relaxed) != &group || window.life.load(relaxed) != life ||
        is_held(group, life)) {
      local.bias.leave();
      return false;
    }
    window.get(from, work);
    window.from.store(from + 1, relaxed);
    const bool is_cached = is_attached(local, pool) && local.exact.load(relaxed) == 0;
    std::uint32_t surplus = 0;
    if (is_cached && Task::is_plain(work)) surplus = put(local.places, 1, pool.room.chunk());
    if (surplus != 0) pool.room.give(surplus, 0);
    local.bias.leave();
    if (!is_cached && Task::is_plain(work)) {
      pool.room.give(1, 0);
      relax(local, pool);
    }
    return true;
  }

  // `count` tasks are over. The pool may be gone when this returns.
  static void finish(Pool<Sys>& pool, std::uint32_t count) {
    if (LocalType* const local = mine()) {
      local->bias.enter();
      const bool is_cached = is_attached(*local, pool) && local->exact.load(relaxed) == 0;
      std::uint32_t surplus = 0;
      if (is_cached) surplus = put(local->tokens, count, pool.room.chunk());
      if (surplus != 0) pool.room.give(0, surplus);
      local->bias.leave();
      if (is_cached) return;
    }
    pool.room.give(0, count);
  }

  // A place and a token that no task came to use.
  static void give_back(Pool<Sys>& pool) { pool.room.give(1, 1); }

  // Makes a thread that will run tasks of this pool keep its credits, and no other pool's.
  static void attach(World<Sys>& world, Pool<Sys>& pool, std::uint32_t life) {
    LocalType* const local = local_of<Sys>(world);
    const std::uint64_t home = base::pack(life, pool.index.load(relaxed));
    if (local == nullptr || pool.room.chunk() == 0 || local->pool.load(relaxed) == home) return;
    local->bias.enter();
    settle(world, *local, home);
    local->bias.leave();
  }

  // Brings all credits home; afterwards the room's counts are exact, until somebody keeps some again: not
  // while others stand in line for them, nor once the pool is closed.
  static void sweep(World<Sys>& world, Pool<Sys>& pool) {
    if (pool.room.chunk() == 0) return;
    const std::lock_guard lock(pool.sweep_mutex);
    // Before we look: who keeps credits from now on says so again.
    if (pool.hoards.load() == Pool<Sys>::no_hoards) return;
    pool.hoards.store(Pool<Sys>::sweeping);
    const std::uint32_t end = world.locals.high_water();
    const std::uint32_t index = pool.index.load(relaxed);
    // One barrier for a few of them.
    constexpr std::uint32_t most = 64;
    for (std::uint32_t from = 0; from < end;) {
      LocalType* asked[most];
      std::uint32_t count = 0;
      for (; from < end && count < most; ++from) {
        LocalType& local = world.locals[from];
        if (base::low(local.pool.load()) != index) continue;
        local.bias.ask();
        asked[count++] = &local;
      }
      if (count == 0) continue;
      Sys::heavy_barrier();
      std::uint32_t places = 0;
      std::uint32_t tokens = 0;
      for (std::uint32_t i = 0; i < count; ++i) {
        LocalType& local = *asked[i];
        local.bias.await();
        if (base::low(local.pool.load(relaxed)) == index) {
          places += local.places.load(relaxed);
          tokens += local.tokens.load(relaxed);
          local.places.store(0, relaxed);
          local.tokens.store(0, relaxed);
          local.exact.store(1, relaxed);
        }
        local.bias.restore();
      }
      if (places != 0 || tokens != 0) pool.room.give(places, tokens);
    }
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

  // The room's counts without what threads keep: exact while nothing moves.
  static typename Room::Counts counts(World<Sys>& world, Pool<Sys>& pool) {
    typename Room::Counts all = pool.room.counts();
    const std::uint32_t index = pool.index.load(relaxed);
    for (std::uint32_t i = 0, end = world.locals.high_water(); i < end; ++i) {
      const LocalType& local = world.locals[i];
      if (base::low(local.pool.load()) == index) {
        const std::uint32_t places = local.places.load();
        const std::uint32_t tokens = local.tokens.load();
        all.queued -= places < all.queued ? places : all.queued;
        all.unfinished -= tokens < all.unfinished ? tokens : all.unfinished;
      }
      if (local.window.finished.load() != 0) all.unfinished -= uncounted(local, index, all.unfinished);
    }
    if (all.unfinished < all.queued) all.unfinished = all.queued;
    return all;
  }

 private:
  // What a thread has run of its batch and not counted yet.
  static std::uint32_t uncounted(const LocalType& local, std::uint32_t pool, std::uint32_t most) {
    const auto* const group = static_cast<const group::Group<Sys>*>(local.window.group.load());
    const std::uint32_t over = local.window.finished.load();
    if (group == nullptr || group->pool.load(relaxed) != pool) return 0;
    return over < most ? over : most;
  }

  static LocalType* mine() { return static_cast<LocalType*>(Sys::local()); }
  // Any life of the slot: a task that is not over keeps this one.
  static bool is_attached(const LocalType& local, const Pool<Sys>& pool) {
    const std::uint64_t home = local.pool.load(relaxed);
    return base::low(home) == pool.index.load(relaxed) && base::high(home) == pool.generation.load(relaxed);
  }

  // Under the bias.
  static bool take_here(LocalType& local) {
    if (local.exact.load(relaxed) != 0) return false;
    const std::uint32_t places = local.places.load(relaxed);
    const std::uint32_t tokens = local.tokens.load(relaxed);
    if (places == 0 || tokens == 0) [[unlikely]] return false;
    local.places.store(places - 1, relaxed);
    local.tokens.store(tokens - 1, relaxed);
    return true;
  }

  // Adds to a count, and takes what is too much from it.
  static std::uint32_t put(typename Sys::template Atomic<std::uint32_t>& count, std::uint32_t more, std::uint32_t chunk) {
    const std::uint32_t now = count.load(relaxed) + more;
    const std::uint32_t surplus = now > 2 * chunk ? now - chunk : 0;
    count.store(now - surplus, relaxed);
    return surplus;
  }

  __attribute__((noinline)) static Taken take_slowly(World<Sys>& world, Pool<Sys>& pool, std::uint32_t life,
                                                     bool inside, LocalType& local, std::uint64_t home) {
    const std::uint32_t chunk = pool.room.chunk();
    if (chunk != 0) {
      local.bias.enter();
      if (local.pool.load(relaxed) != home) settle(world, local, home);
      if (local.exact.load(relaxed) != 0) relax_here(local, pool);
      bool has_taken = false;
      if (local.exact.load(relaxed) == 0) {
        const std::uint32_t places = local.places.load(relaxed);
        const std::uint32_t tokens = local.tokens.load(relaxed);
        const std::uint32_t more_places = places < chunk ? chunk - places : 0;
        const std::uint32_t more_tokens = tokens < chunk ? chunk - tokens : 0;
        if (pool.room.refill(more_places, more_tokens)) {
          // What we have taken keeps the pool from ending, if it has not ended before: another life's is not ours.
          if (pool.generation.load() != life) {
            pool.room.give(more_places, more_tokens);
            local.exact.store(1, relaxed);
          } else {
            local.places.store(places + more_places - 1, relaxed);
            local.tokens.store(tokens + more_tokens - 1, relaxed);
            has_taken = true;
          }
        } else {
          // Too full for stores. What is left here is brought home by a sweep, or used up.
          has_taken = take_here(local);
        }
      }
      local.bias.leave();
      if (has_taken) return Taken::ok;
    }
    return take_exactly(world, pool, inside);
  }

  // Under the bias: turns to another pool. (What is here keeps the one before from ending.)
  static void settle(World<Sys>& world, LocalType& local, std::uint64_t home) {
    const std::uint32_t places = local.places.load(relaxed);
    const std::uint32_t tokens = local.tokens.load(relaxed);
    if (places != 0 || tokens != 0) {
      local.places.store(0, relaxed);
      local.tokens.store(0, relaxed);
      world.pools[base::low(local.pool.load(relaxed))].room.give(places, tokens);
    }
    local.exact.store(1, relaxed);
    local.pool.store(home);
  }

  // An exact one looks whether it may keep credits again.
  static void relax(LocalType& local, Pool<Sys>& pool) {
    if (pool.room.chunk() == 0 || !pool.room.may_keep()) return;
    local.bias.enter();
    if (is_attached(local, pool)) relax_here(local, pool);
    local.bias.leave();
  }
  // Under the bias. A sweep that sees no hoards has begun before; one that has begun comes to us after this.
  static void relax_here(LocalType& local, Pool<Sys>& pool) {
    pool.hoards.store(Pool<Sys>::some_hoards);
    if (pool.room.may_keep()) local.exact.store(0, relaxed);
  }
};

}  // namespace pool::sched
