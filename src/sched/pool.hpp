// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Pool and Worker: the type-stable slots of pools and of their threads; World: all slots of a process.
#pragma once

#include <cstdint>
#include <mutex>

#include "group/group.hpp"
#include "park/idle_set.hpp"
#include "park/room.hpp"
#include "queue/ready_set.hpp"

namespace pool::sched {

template <class Sys>
struct Pool;
template <class Sys>
struct World;

template <class Sys>
struct alignas(base::cache_line) Worker {
  park::Parker<Sys> parker;
  // The worker's own: where it looks next, and how many tasks in a row it took from the group there.
  std::uint32_t cursor = 0;
  std::uint32_t streak = 0;

  // Written before the thread starts and under the pool's growth mutex.
  World<Sys>* world = nullptr;
  Pool<Sys>* pool = nullptr;
  std::uint32_t index = 0;   // of this slot
  std::uint32_t number = 0;  // N of the thread's name
  Worker* next = nullptr;    // of the pool's workers
  typename Sys::Thread thread{};
  typename Sys::Thread predecessor{};  // ended its thread in a task; joined by this one
  bool replaces = false;               // has a predecessor
  bool lost = false;                   // ended, not replaced, and counted out already
};

template <class Sys>
struct alignas(base::cache_line) Pool {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

  static constexpr std::uint32_t max_max_workers = 32'767;
  static constexpr std::size_t name_size = 16;

  // Odd while the pool has a handle. Late touches of a pool that is gone find it even, or another one.
  Atomic<std::uint32_t> generation{0};
  Atomic<std::uint32_t> index{0};
  Atomic<std::uint32_t> max_workers{1};
  Atomic<std::uint32_t> overflow{0};
  // A thread has really been created: only then a task may be accepted.
  Atomic<std::uint32_t> staffed{0};
  // Unfinished ones that are no tasks: the counts of the room less these are tasks.
  Atomic<std::uint32_t> tombstones{0};
  // Tasks that have not started are dropped.
  Atomic<std::uint32_t> cancelling{0};
  // Workers that find nothing end. Set once the pool is closed and drained.
  Atomic<std::uint32_t> stopping{0};

  alignas(base::cache_line) park::Room<Sys> room;
  alignas(base::cache_line) park::IdleSet<Sys> idle;
  alignas(base::cache_line) queue::ReadySet<Sys> ready;
  bool has_ready = false;  // the ready set has its memory; kept by the slot for good

  typename Sys::Mutex growth;   // threads, peak, created, name
  typename Sys::Mutex joining;  // held while threads are joined; no worker takes it
  Worker<Sys>* threads = nullptr;
  std::uint32_t peak = 0;
  std::uint32_t created = 0;
  char name[name_size] = {};
};

template <class Sys>
struct World {
  typename Sys::template Slab<Pool<Sys>, 4, 256> pools;
  typename Sys::template Slab<group::Group<Sys>, 256, Sys::group_slots / 256> groups;
  typename Sys::template Slab<Worker<Sys>, 64, 1024> workers;
  typename Sys::Segments segments;
};

// Gives the slot of a group back for another life. Requires: its generation is ended, and it is the caller's alone.
template <class Sys>
void free_group(World<Sys>& world, group::Group<Sys>& group, std::uint32_t index) {
  group.queue.release(world.segments);
  group.completion.end();
  // A slot whose generations are used up is retired.
  if (group.queue.generation() < Sys::last_generation) world.groups.give(index);
}

}  // namespace pool::sched
