// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Statistics: what threads count for a pool without a line that others write. Each counts in its Local, of one pool at
// a time, and tells that pool when it turns to another one; who wants to know adds up what is told and what is not.
#pragma once

#include <cstdint>

#include "base/bits.hpp"
#include "sched/pool.hpp"

namespace pool::sched {

// The thread of this Local turns to another pool.
template <class Sys>
[[gnu::noinline, gnu::cold]] void tell_tally(Local<Sys>& local, Pool<Sys>& to) {
  constexpr auto relaxed = std::memory_order_relaxed;
  World<Sys>& world = *to.world;
  const std::uint64_t from = local.tallied.load(relaxed);
  // (Tells another life of the slot at worst, in the moment when that begins.)
  if (from != 0 && world.pools[base::low(from)].home.load() == from) {
    world.pools[base::low(from)].finished.fetch_add(local.finished.load(relaxed), relaxed);
    world.pools[base::low(from)].helped.fetch_add(local.helped.load(relaxed), relaxed);
  }
  local.finished.store(0, relaxed);
  local.helped.store(0, relaxed);
  local.tallied.store(to.home.load(relaxed), relaxed);
}

// The same of what it has run of its own groups: `home` is about to be another one. (Apart from the others: there
// `home` was looked at already, and a second look is what fan-out would feel.)
template <class Sys>
void tell_own_finished(World<Sys>& world, Local<Sys>& local) {
  constexpr auto relaxed = std::memory_order_relaxed;
  const std::uint64_t count = local.own_finished.load(relaxed);
  if (count == 0) return;
  Pool<Sys>& from = world.pools[base::low(local.home.load(relaxed))];
  if (from.home.load() == local.home.load(relaxed)) {
    from.finished.fetch_add(count, relaxed);
    from.helped.fetch_add(count, relaxed);
  }
  local.own_finished.store(0, relaxed);
}

// So many tasks are over; the Local that counts them, or null. (The pool is alive: they are not counted yet.)
template <class Sys>
[[gnu::always_inline]] inline Local<Sys>* tally_over(Pool<Sys>& pool, std::uint32_t count) {
  constexpr auto relaxed = std::memory_order_relaxed;
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (local == nullptr) [[unlikely]] {
    pool.finished.fetch_add(count, relaxed);
    return nullptr;
  }
  if (local->tallied.load(relaxed) != pool.home.load(relaxed)) [[unlikely]]
    tell_tally(*local, pool);
  local->finished.store(local->finished.load(relaxed) + count, relaxed);
  return local;
}

// The same of tasks that this thread has run.
template <class Sys>
[[gnu::always_inline]] inline void tally_finished(Pool<Sys>& pool, std::uint32_t count, bool is_nested) {
  constexpr auto relaxed = std::memory_order_relaxed;
  Local<Sys>* const local = tally_over(pool, count);
  if (local == nullptr) [[unlikely]]
    return;
  if (is_nested || Sys::worker_pool() != &pool) local->helped.store(local->helped.load(relaxed) + count, relaxed);
}

// When the next task that this thread submits to that group is submitted, if it is one that is timed; else 0.
template <class Sys>
std::int64_t stamp_next(World<Sys>& world, const group::Group<Sys>& group) {
  // (Of a group that ends now it may be some other pool: then one more or less is timed.)
  const std::uint32_t index = group.pool.load(std::memory_order_relaxed);
  const std::uint32_t every = index == base::nil ? 0 : world.pools[index].timed_every.load(std::memory_order_relaxed);
  if (every == 0) return 0;
  if (auto* const local = static_cast<Local<Sys>*>(Sys::local())) {
    const std::uint32_t untimed = local->untimed.load(std::memory_order_relaxed) + 1;
    local->untimed.store(untimed < every ? untimed : 0, std::memory_order_relaxed);
    if (untimed < every) return 0;
  }
  return Sys::now();
}

struct Tallied {
  std::uint64_t finished = 0, helped = 0;
};

template <class Sys>
Tallied tallied(World<Sys>& world, const Pool<Sys>& pool) {
  Tallied all{pool.finished.load(), pool.helped.load()};
  for (std::uint32_t i = 0, end = world.locals.high_water(); i < end; ++i) {
    const Local<Sys>& local = world.locals[i];
    if (local.tallied.load() == pool.home.load()) {
      all.finished += local.finished.load();
      all.helped += local.helped.load();
    }
    if (local.home.load() == pool.home.load()) {
      all.finished += local.own_finished.load();
      all.helped += local.own_finished.load();
    }
  }
  return all;
}

}  // namespace pool::sched
