// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The one World of a process, and how a handle becomes a slot in it.
#pragma once

#include <pool/pool.h>

#include <atomic>
#include <new>

#include "base/handle.hpp"
#include "os/fork.hpp"
#include "sched/lifecycle.hpp"
#include "sched/resize.hpp"
#include "sched/submit.hpp"
#include "sched/system.hpp"

namespace pool::capi {

using World = sched::World<System>;
using Pool = sched::Pool<System>;
using Group = group::Group<System>;
using Frame = sched::Frame<System>;
using Job = sched::Job<System>;

// Null until the first pool is made. Never destroyed: late touches of its slots stay harmless, even during exit. In a
// child of fork() null again, until it makes its own; the parent's stays where it is, and nobody looks at it.
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
  pool_status_t why = POOL_EBADHANDLE;
  explicit operator bool() const { return slot != nullptr; }
  // POOL_OK, or what to tell whoever gave the handle.
  pool_status_t status() const { return slot != nullptr ? POOL_OK : why; }
};

// For what is no handle of this process: POOL_EFORKED for one that its parent has made, else POOL_EBADHANDLE.
inline pool_status_t refusal(base::Kind kind, std::uint64_t id) {
  return base::Handle::is_inherited(kind, id, os::era()) ? POOL_EFORKED : POOL_EBADHANDLE;
}

// The handle of an object of this process.
inline std::uint64_t handle_of(base::Kind kind, std::uint32_t index, std::uint32_t generation) {
  return base::Handle::make(kind, index, generation, os::era());
}

[[gnu::always_inline]] inline Resolved<Pool> resolve(pool_t handle) {
  using base::Handle;
  if (!Handle::is(base::Kind::pool, handle.id, os::era()))
    return {nullptr, nullptr, 0, refusal(base::Kind::pool, handle.id)};
  World* world = the_world.load(std::memory_order_acquire);
  if (world == nullptr) return {};
  Pool* pool = world->pools.at(Handle::index(handle.id));
  const std::uint32_t generation = Handle::generation(handle.id);
  if (pool == nullptr || pool->generation.load() != generation) return {};
  return {world, pool, generation};
}

// (Inlined, all of them: by way of the stack the result would cost more than the look.)
// The slot of a group, whether or not the handle is over.
[[gnu::always_inline]] inline Resolved<Group> resolve_slot(pool_group_t handle) {
  using base::Handle;
  if (!Handle::is(base::Kind::group, handle.id, os::era()))
    return {nullptr, nullptr, 0, refusal(base::Kind::group, handle.id)};
  World* world = the_world.load(std::memory_order_acquire);
  if (world == nullptr) return {};
  Group* group = world->groups.at(Handle::index(handle.id));
  if (group == nullptr) return {};
  return {world, group, Handle::generation(handle.id)};
}

[[gnu::always_inline]] inline Resolved<Group> resolve(pool_group_t handle) {
  const auto found = resolve_slot(handle);
  return found && found.slot->queue.generation() != found.generation ? Resolved<Group>{} : found;
}

[[gnu::always_inline]] inline Resolved<Job> resolve(pool_job_t handle) {
  using base::Handle;
  if (!Handle::is(base::Kind::job, handle.id, os::era()))
    return {nullptr, nullptr, 0, refusal(base::Kind::job, handle.id)};
  World* world = the_world.load(std::memory_order_acquire);
  if (world == nullptr) return {};
  Job* job = world->jobs.at(Handle::index(handle.id));
  const std::uint32_t generation = Handle::generation(handle.id);
  if (job == nullptr || base::high(job->word.load()) != generation) return {};
  return {world, job, generation};
}

// Follows the function-try-block of whatever may run the user's code: that may have forked, and this be the child.
#define POOL_OR_FORKED           \
  catch (const sched::Forked&) { \
    return POOL_EFORKED;         \
  }

// The moment `timeout` from now; sums saturate.
std::int64_t deadline_after(std::int64_t timeout);

}  // namespace pool::capi
