// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Letting go of jobs, and the lists of those that groups keep.
#pragma once

#include <cxxabi.h>

#include <mutex>

#include "sched/frame.hpp"
#include "sched/pool.hpp"

// g++ binds the reference of `catch (abi::__forced_unwind&)` to null; nobody reads it, but UBSan would stop there.
#define POOL_CATCHES_UNWINDING __attribute__((no_sanitize("null")))

namespace pool::sched {

// Calls what may neither block nor throw; it throws only the forced unwinding of the thread, or Forked. Requires: the
// innermost frame is a dropping one.
template <class Sys>
POOL_CATCHES_UNWINDING void call_quietly(const base::LogConfig& log, const char* complaint, auto fn, auto... args) {
  const std::uint32_t era = Sys::era();
  try {
    fn(args...);
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    Sys::report(log, complaint);
  }
  if (era != Sys::era()) throw Forked();
}

// A result that nobody has claimed goes back.
template <class Sys>
void drop_result(void (*drop)(void*), void* result) {
  struct Dropping : Frame<Sys> {
    Dropping() : Frame<Sys>(nullptr, nullptr, 0, false) { this->begin_drop(); }
    ~Dropping() { this->pop(); }
  } frame;
  call_quietly<Sys>({}, "a drop callback threw an exception; ignored", drop, result);
}

// Gives back a reference. The last one ends the job: a result that nobody has claimed is dropped, the slot is free.
template <class Sys>
void release_job(World<Sys>& world, Job<Sys>& job) {
  if (job.references.fetch_sub(1) != 1) return;
  const std::uint64_t word = job.word.load();
  void* const result = job.result.load();
  const auto drop = job.calls.drop_result;
  // The slot first: the drop may end the thread.
  if (base::high(word) < Sys::last_generation) world.jobs.give(job.index);
  if (drop != nullptr && result != nullptr && (base::low(word) & Job<Sys>::taken) == 0) drop_result<Sys>(drop, result);
}

// Lets go of the handle. False: it was let go of before.
template <class Sys>
bool release_handle(World<Sys>& world, Job<Sys>& job, std::uint32_t generation) {
  std::uint64_t word = job.word.load();
  std::uint64_t next = 0;
  do {
    if (base::high(word) != generation || (base::low(word) & Job<Sys>::released) != 0) return false;
    // A kept job can still be listed; its handle ends when the list does.
    const bool is_kept = (base::low(word) & Job<Sys>::kept) != 0;
    next = base::pack(is_kept ? generation : generation + 1, base::low(word) | Job<Sys>::released);
  } while (!job.word.compare_exchange_weak(word, next));
  // Those who wait for it see that the handle is over. (Its group may be gone: a needless wake-up.)
  if ((base::low(word) & Job<Sys>::waited) != 0) world.groups[job.group.load()].completion.wake_helpers();
  release_job(world, job);
  return true;
}

// Adds a job to its group's list, by its ticket. Requires: the ticket is out and not published.
template <class Sys>
void keep_job(World<Sys>& world, group::Group<Sys>& group, Job<Sys>& job, std::uint32_t ticket) {
  job.references.fetch_add(1);
  job.word.fetch_or(Job<Sys>::kept);
  const std::lock_guard lock(group.mutex);
  std::uint32_t before = group.jobs.last;
  while (before != base::nil && static_cast<std::int32_t>(world.jobs[before].ticket - ticket) > 0) {
    before = world.jobs[before].previous;
  }
  job.previous = before;
  std::uint32_t& link = before != base::nil ? world.jobs[before].next : group.jobs.first;
  job.next = link;
  link = job.index;
  (job.next != base::nil ? world.jobs[job.next].previous : group.jobs.last) = job.index;
}

// Empties the list.
template <class Sys>
void forget_jobs(World<Sys>& world, group::Group<Sys>& group) {
  if (!group.is(group::Group<Sys>::keeps_jobs)) return;
  std::uint32_t at = base::nil;
  {
    const std::lock_guard lock(group.mutex);
    at = group.jobs.first;
    group.jobs.first = group.jobs.last = base::nil;
  }
  while (at != base::nil) {
    Job<Sys>& job = world.jobs[at];
    at = job.next;
    std::uint64_t word = job.word.load();
    std::uint64_t next = 0;
    do {
      const bool is_released = (base::low(word) & Job<Sys>::released) != 0;
      next = base::pack(base::high(word) + (is_released ? 1 : 0), base::low(word) & ~Job<Sys>::kept);
    } while (!job.word.compare_exchange_weak(word, next));
    release_job(world, job);
  }
}

}  // namespace pool::sched
