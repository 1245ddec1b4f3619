// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Blocking sections: while a task says that it blocks, another worker may run in place of its own. The protocol is
// "Blocking sections" in park/README.md.
#pragma once

#include "sched/frame.hpp"
#include "sched/wake.hpp"

namespace pool::sched {

// The pool that lacks a worker while this task blocks. Null: none does, since it runs on a thread that is no worker, or
// in a section of a task around it.
template <class Sys>
Pool<Sys>* pool_that_lacks(const Frame<Sys>& frame) {
  for (const Frame<Sys>* up = frame.up; up != nullptr; up = up->up) {
    if (up->sections != 0) return nullptr;
  }
  return static_cast<Pool<Sys>*>(const_cast<void*>(Sys::worker_pool()));  // a slot, which is never const
}

// For the innermost frame of the calling thread.
template <class Sys>
void begin_section(World<Sys>& world, Frame<Sys>& frame) {
  frame.is_touched = true;
  if (frame.sections++ != 0) return;
  Pool<Sys>* const pool = pool_that_lacks(frame);
  if (pool == nullptr) return;
  pool->sections.fetch_add(1);
  const park::Bounds bounds = pool->bounds();
  if (bounds.burst() == 0) return;
  if (!bounds.spares_stay()) pool->bounds_word.fetch_or(park::Bounds::spares().word);
  // Who published it may have seen that everybody runs.
  if (has_work(world, *pool)) wake_one(world, *pool);
}

// Requires: it is inside one.
template <class Sys>
void end_section(Frame<Sys>& frame) {
  if (--frame.sections != 0) return;
  Pool<Sys>* const pool = pool_that_lacks(frame);
  if (pool == nullptr) return;
  pool->sections.fetch_sub(1);
  shrink_if_needed(*pool);
}

// What the task has begun. Rare, and kept out of the way of those that have not.
template <class Sys>
[[gnu::noinline, gnu::cold]] void end_all_sections(Frame<Sys>& frame) {
  frame.sections = 1;
  end_section(frame);
}

// The task is over.
template <class Sys>
void end_sections(Frame<Sys>& frame) {
  if (frame.sections != 0) [[unlikely]]
    end_all_sections(frame);
}

}  // namespace pool::sched
