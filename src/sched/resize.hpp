// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Resize: other bounds for a pool that runs. The protocol is "Resize" in park/README.md.
#pragma once

#include "sched/wake.hpp"

namespace pool::sched {

// Where lines about a pool go, asked from outside; the default if it is gone.
template <class Sys>
base::LogConfig log_of(Pool<Sys>& pool, std::uint32_t generation) {
  const std::lock_guard lock(pool.growth);
  return pool.generation.load() == generation ? pool.log : base::LogConfig{};
}

enum class Resized { ok, gone, closed, no_thread };

// Requires: min <= max, and max together with the pool's burst in range. On anything but ok the bounds are as before.
template <class Sys>
Resized resize_pool(World<Sys>& world, Pool<Sys>& pool, std::uint32_t generation, std::uint32_t min,
                    std::uint32_t max) {
  bool is_filled = true;
  {
    const std::lock_guard lock(pool.growth);
    if (pool.generation.load() != generation) return Resized::gone;
    if (pool.room.is_closed()) return Resized::closed;
    const park::Bounds before = pool.bounds();
    pool.bounds_word.store(before.resized(min, max).word);
    is_filled = !pool.prestart || fill_staff(world, pool, min);
    if (!is_filled) pool.bounds_word.store(before.word);
    shrink_if_needed(pool);
    // Late in a life, or early in the next one, this is at worst needless.
    pool.idle.look_all();
  }
  // There may be place for more, and those that would have looked may have left.
  if (has_work(world, pool)) wake_one(world, pool);
  return is_filled ? Resized::ok : Resized::no_thread;
}

}  // namespace pool::sched
