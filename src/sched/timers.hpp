// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Timers: arming one, and claiming, firing and flushing what is due. The protocol is "Timers" in group/README.md.
#pragma once

#include <mutex>
#include <utility>

#include "sched/announce.hpp"
#include "sched/free_timers.hpp"
#include "sched/task.hpp"

namespace pool::sched {

// The lists of a group; all under its mutex.
template <class Sys>
class TimerLists {
  using TimerType = Timer<Sys>;
  using GroupType = group::Group<Sys>;

 public:
  TimerLists(World<Sys>& world, GroupType& group) : timers_(world.timers), group_(group) {}

  void put_pending(TimerType& timer) {
    timer.flushes = group_.flushes & flushes_mask;
    append(group_.pending, timer);
    ++group_.pending_count;
    group_.pending_units += timer.has_unit;
  }
  // Those with a unit first: they can start whatever the limit says.
  void put_due(TimerType& timer) {
    timer.flushes = (group_.flushes - 1) & flushes_mask;
    timer.has_unit != 0 ? prepend(group_.due, timer) : append(group_.due, timer);
    group_.due_units.fetch_add(timer.has_unit);
    group_.due_count.fetch_add(1);
  }
  void take_out(TimerType& timer) {
    if (is_pending(timer)) {
      unlink(group_.pending, timer);
      --group_.pending_count;
      group_.pending_units -= timer.has_unit;
    } else {
      unlink(group_.due, timer);
      group_.due_units.fetch_sub(timer.has_unit);
      group_.due_count.fetch_sub(1);
    }
  }
  bool is_pending(const TimerType& timer) const {
    return timer.is_listed != 0 && timer.flushes == (group_.flushes & flushes_mask);
  }
  // All that are pending are due. Says whether there was any. At once for all, unless some hold a unit.
  bool flush() {
    if (group_.pending.first == base::nil) return false;
    for (std::uint32_t at = group_.pending.first; at != base::nil && group_.pending_units != 0;) {
      TimerType& timer = timers_[at];
      at = timer.next_listed;
      if (timer.has_unit == 0) continue;
      take_out(timer);
      put_due(timer);
    }
    const group::List all = group_.pending;
    if (all.first == base::nil) return true;
    group_.pending = {};
    (group_.due.last != base::nil ? timers_[group_.due.last].next_listed : group_.due.first) = all.first;
    timers_[all.first].previous_listed = group_.due.last;
    group_.due.last = all.last;
    group_.due_count.fetch_add(std::exchange(group_.pending_count, 0));
    ++group_.flushes;
    return true;
  }

 private:
  // Far more often than a group is flushed while one timer is in `due`: what is cancelled becomes due at once.
  static constexpr std::uint32_t flushes_mask = 15;

  void append(group::List& list, TimerType& timer) {
    timer.is_listed = 1;
    timer.next_listed = base::nil;
    timer.previous_listed = list.last;
    (list.last != base::nil ? timers_[list.last].next_listed : list.first) = timer.index;
    list.last = timer.index;
  }
  void prepend(group::List& list, TimerType& timer) {
    timer.is_listed = 1;
    timer.previous_listed = base::nil;
    timer.next_listed = list.first;
    (list.first != base::nil ? timers_[list.first].previous_listed : list.last) = timer.index;
    list.first = timer.index;
  }
  void unlink(group::List& list, TimerType& timer) {
    timer.is_listed = 0;
    (timer.previous_listed != base::nil ? timers_[timer.previous_listed].next_listed : list.first) = timer.next_listed;
    (timer.next_listed != base::nil ? timers_[timer.next_listed].previous_listed : list.last) = timer.previous_listed;
  }

  typename Timers<Sys>::Slots& timers_;
  GroupType& group_;
};

// Makes sure that the pool can have timers: memory for the wheel, and a housekeeper.
enum class CanWait { yes, no_memory, no_thread };
template <class Sys>
CanWait ensure_timers(Pool<Sys>& pool) {
  if (pool.timers.are_ready.load() != 0) return CanWait::yes;
  const std::lock_guard lock(pool.growth);
  if (!pool.timers.wheel.allocate()) return CanWait::no_memory;
  if (!ensure_keeper(pool)) return CanWait::no_thread;
  pool.timers.are_ready.store(1);
  return CanWait::yes;
}

// A timer for a task of this life. Null: no memory.
template <class Sys>
Timer<Sys>* open_timer(World<Sys>& world, const group::Group<Sys>& group, std::uint32_t life) {
  const std::uint32_t index = FreeTimers<Sys>(world).take();
  if (index == base::nil) return nullptr;
  Timer<Sys>& timer = world.timers[index];
  timer.index = index;
  timer.life = life;
  timer.has_started = false;
  timer.is_listed = timer.is_fired = timer.has_unit = 0;
  timer.group.store(group.index.load(std::memory_order_relaxed));
  return &timer;
}

// By its claimer: gives it a handle, or none, in place of the one that it may have. Returns the generation.
template <class Sys>
std::uint32_t name_timer(group::Group<Sys>& group, Timer<Sys>& timer, bool has_handle) {
  std::uint32_t generation = timer.generation.load(std::memory_order_relaxed);
  if (!has_handle && (generation & 1U) == 0) return generation;
  const std::lock_guard lock(group.mutex);
  timer.is_fired = 0;
  generation = has_handle ? (generation + 1) | 1U : generation + 1;
  timer.generation.store(generation);
  return generation;
}

// By its claimer: the handle is over, if there is one.
template <class Sys>
void free_timer(World<Sys>& world, group::Group<Sys>& group, Timer<Sys>& timer) {
  if (name_timer(group, timer, false) < Sys::last_generation) FreeTimers<Sys>(world).give(timer.index);
}

// Under `timers`: all that were armed so far are in their lists.
template <class Sys>
void empty_inboxes(World<Sys>& world, Pool<Sys>& pool) {
  std::int64_t now = 0;
  for (TimerInbox<Sys>& inbox : pool.timers.inboxes) {
    if (inbox.word.load() == 0) continue;
    if (now == 0) now = Sys::now();
    for (std::uint32_t at = base::low(inbox.word.exchange(0)); at != 0;) {
      // As many as are of one group in a row.
      group::Group<Sys>& group = world.groups[world.timers[at - 1].group.load()];
      const std::lock_guard lock(group.mutex);
      TimerLists<Sys> its(world, group);
      while (at != 0) {
        Timer<Sys>& timer = world.timers[at - 1];
        if (&world.groups[timer.group.load()] != &group) break;
        at = timer.next;
        its.put_pending(timer);
        pool.timers.wheel.put(world.timers, timer.index, now);
      }
    }
  }
}

// Before a timer is armed that is not due yet. It is in no wheel if it waits for ever.
template <class Sys>
void set_due(Timer<Sys>& timer, std::int64_t due, bool has_unit) {
  timer.due = due;
  timer.has_unit = has_unit ? 1 : 0;
  timer.is_expired = due == INT64_MAX ? 1 : 0;
}

// The housekeeper must not sleep beyond `due`.
template <class Sys>
void call_keeper_by(Pool<Sys>& pool, std::int64_t due) {
  std::int64_t planned = pool.timers.planned.load();
  while (due < planned) {
    // Who comes next, with a later one, need not call it again.
    if (pool.timers.planned.compare_exchange_weak(planned, due)) return call_keeper(pool);
  }
}

// One that nobody can name: by way of an inbox. Says how many are in there.
template <class Sys>
std::uint32_t put_into_inbox(Pool<Sys>& pool, Timer<Sys>& timer) {
  const auto local = reinterpret_cast<std::uintptr_t>(Sys::local()) / sizeof(Local<Sys>);
  auto& inbox = pool.timers.inboxes[local % Sys::timer_inboxes].word;
  const std::uint32_t index = timer.index;
  std::uint64_t word = inbox.load();
  do {
    timer.next = base::low(word);
  } while (!inbox.compare_exchange_weak(word, base::pack(base::high(word) + 1, index + 1)));
  return base::high(word) + 1;
}

// "Arm" of one that has a handle, or is due now: `due` 0.
template <class Sys>
void arm_listed(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, Timer<Sys>& timer, std::int64_t due,
                bool has_unit) {
  bool is_due = false;
  {
    std::unique_lock timers(pool.timers.mutex, std::defer_lock);
    if (due != 0 && due != INT64_MAX) timers.lock();
    const std::lock_guard lock(group.mutex);
    TimerLists<Sys> its(world, group);
    is_due = due == 0 || timer.is_fired != 0 || group.is_cancelled(timer.life) || pool.cancels();
    set_due(timer, is_due ? INT64_MAX : due, has_unit);
    is_due ? its.put_due(timer) : its.put_pending(timer);
    if (timer.is_expired == 0) pool.timers.wheel.put(world.timers, timer.index, Sys::now());
  }
  is_due ? announce_startable(world, group) : call_keeper_by(pool, due);
}

// Those from due[i] on that are of one group: they are as good as queued. Says where the next group's begin.
template <class Sys>
std::uint32_t expire_some(World<Sys>& world, const std::uint32_t* due, std::uint32_t i, std::uint32_t count) {
  const std::uint32_t index = world.timers[due[i]].group.load();
  group::Group<Sys>& group = world.groups[index];
  const std::lock_guard lock(group.mutex);
  TimerLists<Sys> its(world, group);
  for (; i < count; ++i) {
    Timer<Sys>& timer = world.timers[due[i]];
    if (timer.group.load() != index) break;
    timer.is_expired = 1;
    if (!its.is_pending(timer)) continue;  // flushed, and perhaps claimed
    its.take_out(timer);
    its.put_due(timer);
  }
  return i;
}

// "Expire". Says when the next one is due.
template <class Sys>
std::int64_t expire_timers(World<Sys>& world, Pool<Sys>& pool) {
  constexpr std::uint32_t most = 64;
  if (pool.timers.are_ready.load() == 0) return INT64_MAX;
  for (;;) {
    std::uint32_t due[most];
    group::Group<Sys>* groups[most];
    std::uint32_t count = 0;
    std::uint32_t group_count = 0;
    std::int64_t planned = 0;
    {
      const std::lock_guard timers(pool.timers.mutex);
      empty_inboxes(world, pool);
      const std::int64_t now = Sys::now();
      while (count < most && (due[count] = pool.timers.wheel.take_due(world.timers, now)) != base::nil) ++count;
      // Nobody frees them while we have `timers`: they are not marked as expired.
      for (std::uint32_t i = 0; i < count;) {
        groups[group_count++] = &world.groups[world.timers[due[i]].group.load()];
        i = expire_some(world, due, i, count);
      }
      planned = pool.timers.wheel.next();
      pool.timers.planned.store(planned);
    }
    // They may be gone by now: needless announcements.
    for (std::uint32_t i = 0; i < group_count; ++i) announce_startable(world, *groups[i]);
    // After `planned` was stored: who armed one meanwhile may rely on us.
    if (count < most && !pool.timers.any_armed()) return planned;
  }
}

// "Flush": what waits in this life of the group is to be dropped.
template <class Sys>
void flush_timers(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life) {
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  if (pool.timers.are_ready.load() == 0) return;
  bool is_any = false;
  {
    // Also if the inboxes are empty: somebody may have what was there in his hands. (The model checker found this one.)
    const std::lock_guard timers(pool.timers.mutex);
    empty_inboxes(world, pool);
    const std::lock_guard lock(group.mutex);
    const std::uint32_t first = group.pending.first;
    if (first != base::nil && world.timers[first].life == life) is_any = TimerLists<Sys>(world, group).flush();
  }
  if (is_any) announce_startable(world, group);
}

// "Arm"; `due` 0 is now. The task may be over, and its group and its pool be gone, when this returns.
template <class Sys>
void arm_timer(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, Timer<Sys>& timer, std::int64_t due,
               bool has_unit = false) {
  const bool has_handle = (timer.generation.load(std::memory_order_relaxed) & 1U) != 0;
  if (due == 0 || due == INT64_MAX || has_handle) return arm_listed(world, pool, group, timer, due, has_unit);
  const std::uint32_t life = timer.life;
  set_due(timer, due, has_unit);
  const std::uint32_t count = put_into_inbox(pool, timer);
  // From here on it is not ours. Whoever marks the group flushes it afterwards; one of us sees the other.
  if (group.is_cancelled(life) || pool.cancels()) {
    flush_timers(world, group, life);
  } else if (count >= Sys::inbox_batch) {
    const std::lock_guard timers(pool.timers.mutex);
    empty_inboxes(world, pool);
  }
  call_keeper_by(pool, due);
}

// "Claim": up to `most` whose time has come, each given to put(timer). Says how many; `is_left`: there are more.
// `mine(life)`: whether the caller wants those of that life.
template <class Sys, class Mine, class Put>
std::uint32_t claim_due(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, Mine&& mine, std::uint32_t most,
                        Put&& put, bool& is_left) {
  std::uint32_t count = 0;
  std::uint32_t first = base::nil;
  bool are_expired = true;
  {
    const std::lock_guard lock(group.mutex);
    TimerLists<Sys> its(world, group);
    std::uint32_t last = base::nil;
    for (; count < most && group.due.first != base::nil; ++count) {
      Timer<Sys>& timer = world.timers[group.due.first];
      if (!mine(timer.life) || group.queue.is_suspended()) break;
      if (timer.has_unit == 0 && group.units.are_limited() && !group.units.take(timer.life)) break;
      its.take_out(timer);
      are_expired = are_expired && timer.is_expired != 0;
      timer.next_listed = base::nil;
      (first == base::nil ? first : world.timers[last].next_listed) = timer.index;
      last = timer.index;
    }
    is_left = group.due.first != base::nil;
  }
  for (std::uint32_t at = first; at != base::nil;) {
    Timer<Sys>& timer = world.timers[at];
    at = timer.next_listed;
    if (!are_expired) {
      const std::lock_guard timers(pool.timers.mutex);
      pool.timers.wheel.take_out(world.timers, timer.index);
    }
    if (!timer.has_started) group.delayed.fetch_sub(1);
    put(timer);
  }
  return count;
}

// The same of one, as a claimed cell. False: none may start.
template <class Sys, class Mine>
bool claim_one_due(World<Sys>& world, group::Group<Sys>& group, Mine&& mine, queue::Work& work, bool& more) {
  const auto put = [&](Timer<Sys>& timer) {
    work = Task::of_timer(&timer);
    work.life = timer.life;
    work.unit = group.units.are_limited();
  };
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  if (claim_due(world, pool, group, mine, 1, put, more) == 0) return false;
  more = more || !group.queue.empty();
  return true;
}

// Whether what is due comes before what is queued: in turn, by the clock, so that neither holds up the other.
template <class Sys>
bool is_turn_of_due(const group::Group<Sys>& group) {
  return group.due_count.load() != 0 && (group.queue.empty() || (Sys::ticks() & 64) == 0);
}

// What a handle asks of a timer: done; it has begun, or is due already; there is no such timer.
enum class TimerAsked { ok, busy, stale };

// Under both mutexes, if the handle still is that of this timer: calls ask(its lists).
template <class Sys, class Ask>
TimerAsked ask_timer(World<Sys>& world, Timer<Sys>& timer, std::uint32_t generation, Ask&& ask) {
  const std::uint32_t index = timer.group.load();
  if (timer.generation.load() != generation) return TimerAsked::stale;
  group::Group<Sys>& group = world.groups[index];
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  const std::lock_guard timers(pool.timers.mutex);
  const std::lock_guard lock(group.mutex);
  if (timer.generation.load() != generation) return TimerAsked::stale;
  TimerLists<Sys> its(world, group);
  return ask(its, pool, group);
}

// Makes it due now.
template <class Sys>
TimerAsked fire_timer(World<Sys>& world, Timer<Sys>& timer, std::uint32_t generation) {
  group::Group<Sys>* due = nullptr;
  const TimerAsked asked = ask_timer(world, timer, generation, [&](auto& its, auto& pool, auto& group) {
    if (timer.is_listed == 0) {
      timer.is_fired = 1;  // it is being armed, or it runs and may hand itself back
      return TimerAsked::ok;
    }
    if (!its.is_pending(timer)) return TimerAsked::ok;
    pool.timers.wheel.take_out(world.timers, timer.index);
    timer.is_expired = 1;
    its.take_out(timer);
    its.put_due(timer);
    due = &group;
    return TimerAsked::ok;
  });
  if (due != nullptr) announce_startable(world, *due);
  return asked;
}

}  // namespace pool::sched
