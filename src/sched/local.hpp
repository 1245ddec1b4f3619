// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Local: what one thread keeps to itself between its calls, so that most of them touch no line that others write:
// places and tokens of a pool's room (park/README.md, "Local credits"), and tasks that it has claimed together
// (group/README.md, "Batches").
//
// A Local is a type-stable slot. Its thread finds it by a thread-local pointer, others by going over all of them. It
// outlives the thread: there is no destructor that could run too late, the next thread takes over what it left.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/bits.hpp"
#include "base/sanitizer.hpp"
#include "park/bias.hpp"
#include "queue/cell.hpp"

namespace pool::sched {

// Window: the tasks of one group that a thread has claimed together and not started yet. It takes them from the low
// end; others, who come when it is stuck in one of them, from the high end. Under the bias of its Local, but for looks.
template <class Sys>
struct Window {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

  static constexpr std::uint32_t most = Sys::window_cells;

  Atomic<void*> group{nullptr};  // the slot; as it was last
  Atomic<std::uint32_t> life{0};
  Atomic<std::uint32_t> filled{0};  // how often it was filled: tells one batch from the next
  // What is there: end 63..32 | begin 31..0, in one word for those who look: two that were not there at once would
  // make tasks of an empty window.
  Atomic<std::uint64_t> range{0};
  Atomic<std::uint32_t> is_ours{0};   // not while they are still being claimed: for those who count
  Atomic<std::uint32_t> finished{0};  // of the batch, and not counted by the group yet
  Atomic<std::uint32_t> first{0};     // the ticket of the first cell; the others follow. (Timers have their own.)
  Atomic<std::uint32_t> units{0};     // whether each has a unit of its group's limit. (The same.)
  queue::Cell<Atomic> cells[most];

  std::uint32_t size() const {
    const std::uint64_t now = range.load();
    return base::high(now) - base::low(now);
  }
  void put(std::uint32_t i, std::uintptr_t fn, std::uintptr_t ctx) {
    cells[i].fn.store(fn, std::memory_order_relaxed);
    cells[i].ctx.store(ctx, std::memory_order_relaxed);
  }
  void get(std::uint32_t i, queue::Work& work) const {
    work.fn = cells[i].fn.load(std::memory_order_relaxed);
    work.ctx = cells[i].ctx.load(std::memory_order_relaxed);
    work.life = life.load(std::memory_order_relaxed);
    work.unit = units.load(std::memory_order_relaxed) != 0;
    work.ticket = first.load(std::memory_order_relaxed) + i;
  }
};

template <class Sys>
struct alignas(base::cache_line) Local {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

  // Protects what follows. The owner's accesses are a few instructions; others come for a sweep.
  park::Bias<Sys> bias;
  // Whose credits these are: life 63..32 | slot of the pool 31..0. (0 is no pool: lives are odd.)
  Atomic<std::uint64_t> home{0};
  Atomic<std::uint64_t> credits{0};  // tokens 63..32 | places 31..0
  // As soon as these have one of these bits some go to the room. All bits: none are kept, everything goes there.
  static constexpr std::uint64_t keeps_none = ~std::uint64_t{0};
  Atomic<std::uint64_t> too_many{keeps_none};
  Atomic<std::uint32_t> patience{0};  // its own: of a room that is nearly full it begins to keep some once in a while
  Window<Sys> window;

  // How many tasks of an unknown group this thread claims together in a wait, by how long its last ones took; and how
  // many such waits there were. Its own, without the bias.
  Atomic<std::uint32_t> help_batch{Sys::first_help};
  Atomic<std::uint32_t> helps{0};
  static bool helps_with_tiny(const Local* mine) {
    return mine != nullptr && mine->help_batch.load(std::memory_order_relaxed) == Sys::tiny_help;
  }

  // How many groups this thread makes shared from the start, after some of its own became so, and how many of these are
  // left (sched/owned.hpp). Others raise them under the bias.
  Atomic<std::uint32_t> caution{0};
  Atomic<std::uint32_t> to_be_shared{0};

  // Under the bias: a group was taken from its owner. That costs both a barrier or an answer, so that it has to become
  // rare.
  void note_shared() {
    if (to_be_shared.load(std::memory_order_relaxed) == owns_none) return;
    const std::uint32_t more = 2 * caution.load(std::memory_order_relaxed) + 1;
    caution.store(more < Sys::most_caution ? more : Sys::most_caution, std::memory_order_relaxed);
    const std::uint32_t further =
        to_be_shared.load(std::memory_order_relaxed) + caution.load(std::memory_order_relaxed);
    to_be_shared.store(further < Sys::most_shared ? further : Sys::most_shared, std::memory_order_relaxed);
  }
  // A group has ended, and its owner had it for himself to the end.
  void note_kept() {
    if (const std::uint32_t now = caution.load(std::memory_order_relaxed); now != 0) [[unlikely]]
      caution.store(now / 2, std::memory_order_relaxed);
  }
  // How many groups this thread has made: tells the older of two. Its own.
  Atomic<std::uint32_t> made{0};

  // Says whether the next group that this thread makes is its own.
  bool owns_next() {
    const std::uint32_t left = to_be_shared.load(std::memory_order_relaxed);
    if (left == 0) [[likely]]
      return true;
    if (left != owns_none) to_be_shared.store(left - 1, std::memory_order_relaxed);
    return false;
  }
  // Of a thread that never owns any.
  static constexpr std::uint32_t owns_none = UINT32_MAX;

  // What handles of groups that it owns stand for, by their slots' numbers: slots stay where they are, and the handle
  // has the generation in it, so that this is right for good. (Whether the life lasts is another question.) Its own;
  // atomic since the next thread that has this Local knows by the kernel alone that this one is gone.
  static constexpr std::uint32_t most_known = 32;
  struct Known {
    std::atomic<std::uint64_t> id = 0;
    std::atomic<void*> slot = nullptr;
  };
  Known known[most_known] = {{1}};  // by ids; that of none that belongs there: 0, but for the first one
  std::atomic<std::uint64_t> known_pool_id = 0;
  std::atomic<void*> known_pool = nullptr;

  // The slot of a group; null: to be looked up.
  void* find_group(std::uint64_t id) const {
    const Known& its = known[id % most_known];
    if (its.id.load(std::memory_order_relaxed) != id) return nullptr;
    void* const slot = its.slot.load(std::memory_order_relaxed);
    if (slot == nullptr) __builtin_unreachable();
    return slot;
  }
  void know_group(std::uint64_t id, void* slot) {
    known[id % most_known].slot.store(slot, std::memory_order_relaxed);
    known[id % most_known].id.store(id, std::memory_order_relaxed);
  }
  // Requires: find_group() has just found it.
  void forget_group(std::uint64_t id) {
    known[id % most_known].id.store(id % most_known == 0 ? 1 : 0, std::memory_order_relaxed);
  }

  // Free slots of groups, for the next ones that this thread makes: its own, without the bias.
  static constexpr std::uint32_t most_groups = Sys::kept_groups;
  Atomic<std::uint32_t> group_count{0};
  Atomic<void*> groups[most_groups + 1];

  bool put_group(void* slot) {
    const std::uint32_t count = group_count.load(std::memory_order_relaxed);
    if (count == most_groups) return false;
    groups[count].store(slot, std::memory_order_relaxed);
    group_count.store(count + 1, std::memory_order_relaxed);
    return true;
  }
  void* take_group() {
    const std::uint32_t count = group_count.load(std::memory_order_relaxed);
    if (count == 0) return nullptr;
    group_count.store(count - 1, std::memory_order_relaxed);
    return groups[count - 1].load(std::memory_order_relaxed);
  }

  // Free timers (sched/free_timers.hpp): two chains, of which the second one is full or empty. Its own.
  struct Chain {
    std::uint32_t first = base::nil;
    std::uint32_t count = 0;
  };
  Chain timers;
  Chain spare_timers;

  // Nodes of tasks (queue/nodes.hpp). Its own.
  typename Sys::Nodes::Cache nodes;

  // Under the bias: where what this thread does is recorded, and of which trace that is (sched/trace.hpp); 0: of none.
  std::uint64_t trace_number = 0;
  void* trace_buffer = nullptr;

  void record_to(std::uint64_t number, void* buffer) {
    bias.enter();
    trace_number = number;
    trace_buffer = buffer;
    bias.leave();
  }

  // How many tasks it has submitted since the last one that was timed (sched/timing.hpp). Its own.
  Atomic<std::uint32_t> untimed{0};

  // What it has done for the pool `tallied` (life 63..32 | slot 31..0) and not told that: for statistics. Its own.
  Atomic<std::uint64_t> tallied{0};
  Atomic<std::uint64_t> finished{0};
  Atomic<std::uint64_t> helped{0};
  // The same of what it ran of its own groups, for the pool of `home`: all of it help.
  Atomic<std::uint64_t> own_finished{0};

  // The thread that has it, as the kernel calls it; 0: nobody. Where the innermost frame of its stack stands, and which
  // worker it is, for who looks at a stuck thread (capi/dump.cpp).
  Atomic<std::uint32_t> owner{0};
  Atomic<void*> frames{nullptr};
  Atomic<void*> worker{nullptr};
};

template <class Sys>
void settle_in(Local<Sys>& local) {
  Sys::local() = &local;
  if constexpr (Sys::can_trace) local.record_to(0, nullptr);  // a track is one thread's
  if (!Sys::has_barrier()) local.to_be_shared.store(Local<Sys>::owns_none, std::memory_order_relaxed);
  local.worker.store(nullptr);
  local.frames.store(&Sys::top_frame());
}

// Takes one that no living thread has, or a fresh one.
template <class Sys, class World>
__attribute__((noinline)) Local<Sys>* adopt_local(World& world) {
  // A few of the others each time, and the more the more there are, since each costs a call of the system: so there
  // will be about half as many again as threads at once. (With four looks there were three times as many as 64 threads
  // after 10,000 had come and gone, and it went on.)
  const std::uint32_t self = Sys::thread_id();
  const std::uint32_t end = world.locals.high_water();
  const std::uint32_t looks = std::min(4 + end / 8, 64U);
  const std::uint32_t start = world.local_cursor.fetch_add(looks, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < looks && i < end; ++i) {
    Local<Sys>& local = world.locals[(start + i) % end];
    std::uint32_t owner = local.owner.load();
    if ((owner != 0 && Sys::is_thread(owner)) || local.window.size() != 0) continue;
    // Acquire: what its last owner did happens before what we do, if it has left; else the kernel has seen to that.
    if (!local.owner.compare_exchange_strong(owner, self)) continue;
    base::take_over(&local);
    settle_in<Sys>(local);
    return &local;
  }
  for (;;) {
    const std::uint32_t index = world.locals.take();
    if (index == base::nil) return nullptr;
    Local<Sys>& local = world.locals[index];
    // Somebody who goes over all of them may have been faster.
    std::uint32_t nobody = 0;
    if (!local.owner.compare_exchange_strong(nobody, self)) continue;
    settle_in<Sys>(local);
    return &local;
  }
}

// The calling thread's own; null: no memory, it goes without.
template <class Sys, class World>
Local<Sys>* local_of(World& world) {
  if (void* const mine = Sys::local()) [[likely]]
    return static_cast<Local<Sys>*>(mine);
  return adopt_local<Sys>(world);
}

// A thread of the library ends: somebody else may have its Local.
template <class Sys>
void leave_local() {
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  if (local == nullptr) return;
  Sys::local() = nullptr;
  local->worker.store(nullptr);
  local->owner.store(0);
}

}  // namespace pool::sched
