// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What a running task says about going on later, and cancelling what waits. The protocol is "Timers" in
// group/README.md.
#pragma once

#include "sched/run.hpp"

namespace pool::sched {

// From inside the task of this frame: it goes on when `due` has come, if it hands itself back. Returns the generation
// of the handle, if one is wanted; 0: no memory, no thread for timers, or it is no task that could.
template <class Sys>
std::uint32_t prepare_again(World<Sys>& world, Frame<Sys>& frame, std::int64_t due, bool wants_handle) {
  if (frame.notice || frame.job != nullptr || frame.in_turn) return 0;
  auto& pool = *static_cast<Pool<Sys>*>(const_cast<void*>(frame.pool));
  auto& group = *static_cast<group::Group<Sys>*>(const_cast<void*>(frame.group));
  if (ensure_timers(pool) != CanWait::yes) return 0;
  share(group);  // its owner counts its finishes by plain stores
  auto* timer = static_cast<Timer<Sys>*>(frame.timer);
  if (timer == nullptr) timer = open_timer(world, group, frame.life);
  if (timer == nullptr) return 0;
  timer->has_started = true;
  frame.timer = timer;
  frame.is_touched = true;
  frame.due = due;
  const std::uint32_t generation = name_timer(group, *timer, wants_handle);
  return wants_handle ? generation : 1;
}

// Drops a task that waits for its time, or is due and has not begun, on the calling thread.
template <class Sys>
TimerAsked cancel_timer(World<Sys>& world, Timer<Sys>& timer, std::uint32_t generation) {
  Pool<Sys>* its_pool = nullptr;
  group::Group<Sys>* its_group = nullptr;
  bool has_unit = false;
  const TimerAsked asked = ask_timer(world, timer, generation, [&](auto& its, auto& pool, auto& group) {
    if (timer.is_listed == 0) return TimerAsked::busy;
    its.take_out(timer);
    pool.timers.wheel.take_out(world.timers, timer.index);
    has_unit = timer.has_unit != 0;
    its_pool = &pool;
    its_group = &group;
    return TimerAsked::ok;
  });
  if (asked != TimerAsked::ok) return asked;
  if (!timer.has_started) its_group->delayed.fetch_sub(1);
  queue::Work work = start_timer(*its_pool, *its_group, timer);
  work.unit = has_unit;
  Run<Sys>(world, *its_pool, *its_group, work, Origin::queue, &timer)(Fate::is_cancelled);
  return asked;  // NOLINT(clang-analyzer-core.StackAddressEscape): the run has popped its frame
}

}  // namespace pool::sched
