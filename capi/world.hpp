// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The one World of a process, and how a handle becomes a slot in it.
#pragma once

#include <pool/pool.h>

#include <atomic>
#include <new>

#include "base/handle.hpp"
#include "sched/lifecycle.hpp"
#include "sched/resize.hpp"
#include "sched/submit.hpp"
#include "sched/system.hpp"

namespace pool::capi {

using World = sched::World<System>;
using Pool = sched::Pool<System>;
using Group = group::Group<System>;
using Frame = sched::Frame<System>;

// Null until the first pool is made. Never destroyed: late touches of its slots stay harmless, even during exit.
extern std::atomic<World*> the_world;

// Makes the world unless it is there. Null: no memory.
World* make_world() noexcept;

// What a handle stands for; `slot` is null if it stands for nothing (any more). The slot may end its life at any time
// afterwards: whoever changes something does so by an operation that names the generation.
template <class Slot>
struct Resolved {
  World* world = nullptr;
  Slot* slot = nullptr;
  std::uint32_t generation = 0;
  explicit operator bool() const { return slot != nullptr; }
};

inline Resolved<Pool> resolve(pool_t handle) {
  using base::Handle;
  World* world = the_world.load(std::memory_order_acquire);
  if (world == nullptr || !Handle::is(base::Kind::pool, handle.id)) return {};
  Pool* pool = world->pools.at(Handle::index(handle.id));
  const std::uint32_t generation = Handle::generation(handle.id);
  if (pool == nullptr || pool->generation.load() != generation) return {};
  return {world, pool, generation};
}

inline Resolved<Group> resolve(pool_group_t handle) {
  using base::Handle;
  World* world = the_world.load(std::memory_order_acquire);
  if (world == nullptr || !Handle::is(base::Kind::group, handle.id)) return {};
  Group* group = world->groups.at(Handle::index(handle.id));
  const std::uint32_t generation = Handle::generation(handle.id);
  if (group == nullptr || group->queue.generation() != generation) return {};
  return {world, group, generation};
}

// The moment `timeout` from now; sums saturate.
std::int64_t deadline_after(std::int64_t timeout);

}  // namespace pool::capi
