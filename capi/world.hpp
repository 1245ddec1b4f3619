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
using Timer = sched::Timer<System>;
using Local = sched::Local<System>;

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
[[gnu::noinline, gnu::cold]] inline pool_status_t refusal(base::Kind kind, std::uint64_t id) {
  return base::Handle::is_inherited(kind, id, os::era()) ? POOL_EFORKED : POOL_EBADHANDLE;
}

// The handle of an object of this process.
inline std::uint64_t handle_of(base::Kind kind, std::uint32_t index, std::uint32_t generation) {
  return base::Handle::make(kind, index, generation, os::era());
}

inline Pool* slot_at(World& world, std::uint32_t index, Pool*) { return world.pools.at(index); }
inline Group* slot_at(World& world, std::uint32_t index, Group*) { return world.groups.at(index); }
inline Job* slot_at(World& world, std::uint32_t index, Job*) { return world.jobs.at(index); }
inline Timer* slot_at(World& world, std::uint32_t index, Timer*) { return world.timers.at(index); }

// One way through, and one result, so that it stays in registers: by way of the stack it would cost more than the look.
// `is_live(slot, generation)` says whether the slot is in that life.
template <class Slot, class IsLive>
[[gnu::always_inline]] inline Resolved<Slot> resolve_in(base::Kind kind, std::uint64_t id, IsLive&& is_live) {
  using base::Handle;
  World* world = nullptr;
  Slot* slot = nullptr;
  const std::uint32_t generation = Handle::generation(id);
  pool_status_t why = POOL_EBADHANDLE;
  if (Handle::is(kind, id, os::era())) [[likely]] {
    world = the_world.load(std::memory_order_acquire);
    if (world != nullptr) slot = slot_at(*world, Handle::index(id), static_cast<Slot*>(nullptr));
    if (slot != nullptr && !is_live(*slot, generation)) slot = nullptr;
  } else {
    why = refusal(kind, id);
  }
  return {world, slot, generation, why};
}

[[gnu::always_inline]] inline Resolved<Pool> resolve(pool_t handle) {
  return resolve_in<Pool>(base::Kind::pool, handle.id, [](const Pool& pool, std::uint32_t generation) {
    return pool.generation.load() == generation;
  });
}

// The slot of a group, whether or not the handle is over.
[[gnu::always_inline]] inline Resolved<Group> resolve_slot(pool_group_t handle) {
  return resolve_in<Group>(base::Kind::group, handle.id, [](const Group&, std::uint32_t) { return true; });
}

[[gnu::always_inline]] inline Resolved<Group> resolve(pool_group_t handle) {
  return resolve_in<Group>(base::Kind::group, handle.id, [](const Group& group, std::uint32_t generation) {
    return group.queue.generation() == generation;
  });
}

[[gnu::always_inline]] inline Resolved<Job> resolve(pool_job_t handle) {
  return resolve_in<Job>(base::Kind::job, handle.id, [](const Job& job, std::uint32_t generation) {
    return base::high(job.word.load()) == generation;
  });
}

[[gnu::always_inline]] inline Resolved<Timer> resolve(pool_timer_t handle) {
  return resolve_in<Timer>(base::Kind::timer, handle.id, [](const Timer& timer, std::uint32_t generation) {
    return timer.generation.load() == generation;
  });
}

// What this thread keeps; null: nothing yet.
inline Local* local() { return static_cast<Local*>(System::local()); }

// A pool that is mostly the one that the calling thread named before.
[[gnu::noinline]] inline Resolved<Pool> resolve_anew(pool_t handle) {
  const auto found = resolve(handle);
  if (auto* const mine = local(); mine != nullptr && found) {
    mine->known_pool_id.store(handle.id, std::memory_order_relaxed);
    mine->known_pool.store(found.slot, std::memory_order_relaxed);
  }
  return found;
}
[[gnu::always_inline]] inline Resolved<Pool> resolve_again(pool_t handle, const Local* mine) {
  if (mine == nullptr || mine->known_pool_id.load(std::memory_order_relaxed) != handle.id || handle.id == 0)
      [[unlikely]]
    return resolve_anew(handle);
  auto* const slot = static_cast<Pool*>(mine->known_pool.load(std::memory_order_relaxed));
  const std::uint32_t generation = base::Handle::generation(handle.id);
  return {slot->world, slot->generation.load() == generation ? slot : nullptr, generation, POOL_EBADHANDLE};
}

// A group that the calling thread owned when it last looked, without a look at the slot: that may be in another life by
// now. Null: who knows, it has to be resolved.
struct Known {
  Local* local = nullptr;
  Group* slot = nullptr;
  std::uint32_t generation = 0;
};
[[gnu::always_inline]] inline Known known(pool_group_t handle) {
  auto* const local = capi::local();
  if (local == nullptr) [[unlikely]]
    return {};
  return {local, static_cast<Group*>(local->find_group(handle.id)), base::Handle::generation(handle.id)};
}
// From now on it is known.
inline void get_to_know(const Resolved<Group>& found, pool_group_t handle) {
  if (auto* const mine = local()) mine->know_group(handle.id, found.slot);
}

// Follows the function-try-block of whatever may run the user's code: that may have forked, and this be the child.
#define POOL_OR_FORKED           \
  catch (const sched::Forked&) { \
    return POOL_EFORKED;         \
  }

// For functions that take a few ns and have no array on their stack: to look after the canary was 6 % of that.
#define POOL_NO_CANARY __attribute__((no_stack_protector))

// The moment `timeout` from now; sums saturate.
std::int64_t deadline_after(std::int64_t timeout);

// When what starts after `delay` is due.
inline std::int64_t due_after(std::int64_t delay) { return delay > 0 ? deadline_after(delay) : 0; }

}  // namespace pool::capi
