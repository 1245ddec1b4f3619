// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Making, waiting for and cancelling one job. The protocol is "Jobs" in group/README.md.
#pragma once

#include "sched/submit.hpp"
#include "sched/wait.hpp"

namespace pool::sched {

// Lets go of a job whose submit has not accepted it, or does not return: a task that it ran in place, or dropped, has
// ended the thread, so that nobody will ever have the handle.
template <class Sys>
struct LettingGo {
  World<Sys>& world;
  Job<Sys>& job;
  const std::uint32_t generation;
  const Submit<Sys>& submit;
  const std::uint32_t era = Sys::era();
  bool has_returned = false;

  // (A result's drop may end the thread.)
  ~LettingGo() noexcept(false) {  // NOLINT(bugprone-exception-escape)
    if (era != Sys::era()) return;
    if (submit.is_consumed()) {
      if (!has_returned) release_handle(world, job, generation);
      return;
    }
    // Nobody has seen it: both references are ours.
    job.word.store(base::pack(generation + 1, 0));
    if (generation + 1 < Sys::last_generation) world.jobs.give(job.index);
  }
};

// Submits a job; `index` and `generation` get its slot and its life.
template <class Sys>
Submitted submit_job(World<Sys>& world, group::Group<Sys>& group, std::uint32_t life, const JobCalls& calls,
                     std::uint32_t& index, std::uint32_t& generation) {
  index = world.jobs.take();
  if (index == base::nil) return Submitted::no_memory;
  Job<Sys>& job = world.jobs[index];
  job.calls = calls;
  job.submitted = stamp_next(world, group);
  generation = job.open(index, group.index.load(std::memory_order_relaxed), life);
  Submit<Sys> submit(world, group, life);
  LettingGo<Sys> letting_go{world, job, generation, submit};
  const Submitted submitted = submit(Task::of_job(&job));
  letting_go.has_returned = true;
  return submitted;
}

// Sleeps, and helps by `run_own()`, until `is_over()`. Whoever makes it so calls wake_helpers() of the group
// afterwards. `may_run()`: run_own() might find something to run. False: the deadline is over.
template <class Sys, class IsOver, class RunOwn, class MayRun>
bool wait_beside(group::Group<Sys>& group, std::int64_t deadline, IsOver&& is_over, RunOwn&& run_own,
                 MayRun&& may_run) {
  std::int64_t patience = 0;
  share(group);
  typename group::Completion<Sys>::Beside sleeper(group.completion);
  while (!is_over()) {
    if (run_own()) {
      patience = 0;
      continue;
    }
    if (deadline != INT64_MAX && Sys::now() >= deadline) return is_over();
    if (keep_looking<Sys>(patience, deadline)) continue;
    sleeper.announce_sleep();
    if (is_over()) return true;
    if (!may_run() && !sleeper.sleep(deadline)) return is_over();
    patience = 0;
  }
  return true;
}

// Starts a job before its turn, on this thread. False: it has started, or may not start now.
template <class Sys>
bool run_early(World<Sys>& world, group::Group<Sys>& group, Job<Sys>& job, std::uint32_t generation) {
  using JobType = Job<Sys>;
  if (JobType::phase(job.word.load()) != JobType::queued) return false;
  const std::uint32_t life = job.group_life.load();
  if (group.queue.is_suspended()) return false;
  const bool is_limited = group.units.are_limited();
  if (is_limited && !group.units.take(life)) return false;
  // In a serial queue it has to be the next one. (We have the only unit.)
  if (group.units.is_serial() && group.queue.head() != job.ticket) {
    give_unit(world, group, life);
    return false;
  }
  if (!job.leave_queue(generation, JobType::running | JobType::early)) {
    if (is_limited) give_unit(world, group, life);
    return false;
  }
  // Until it is over and its cell was claimed, it holds its group open, and its pool.
  Pool<Sys>& pool = world.pools[group.pool.load(std::memory_order_relaxed)];
  group.tombstones.fetch_add(1);
  group.early.fetch_add(1);
  leave_queue(pool, group, life);
  queue::Work work = Task::of_job(&job);
  work.life = life;
  work.unit = is_limited;
  work.ticket = job.ticket;
  Run<Sys>(world, pool, group, work, Origin::early)();
  return true;
}

// Waits for one job; whoever helps runs it, if it has not started. False: the deadline is over.
template <class Sys>
bool wait_for_job(World<Sys>& world, Job<Sys>& job, std::uint32_t generation, std::int64_t deadline, bool help) {
  using JobType = Job<Sys>;
  group::Group<Sys>& group = world.groups[job.group.load()];
  const auto is_over = [&] {
    const std::uint64_t word = job.word.load();
    return base::high(word) != generation || JobType::is_over(word);
  };
  if (is_over()) return true;
  std::uint64_t word = job.word.load();
  while (base::high(word) == generation && !job.word.compare_exchange_weak(word, word | JobType::waited)) {
  }
  const bool is_serial = group.units.is_serial();
  const std::uint32_t life = job.group_life.load();
  const auto run_own = [&] {
    if (!help || JobType::phase(job.word.load()) != JobType::queued) return false;
    if (run_early(world, group, job, generation)) return true;
    // What is before it in a serial queue has to be run first.
    return is_serial && help_once(world, group, life);
  };
  const auto may_run = [&] {
    return help && JobType::phase(job.word.load()) == JobType::queued && !group.queue.is_suspended() &&
           group.units.any_free();
  };
  return wait_beside<Sys>(group, deadline, is_over, run_own, may_run);
}

// Cancels a job that has not started. False: it has.
template <class Sys>
bool cancel_job(World<Sys>& world, Job<Sys>& job, std::uint32_t generation) {
  using JobType = Job<Sys>;
  group::Group<Sys>& group = world.groups[job.group.load()];
  if (!job.leave_queue(generation, JobType::cancelled)) return false;
  // Whoever claims its cell counts it.
  if ((base::low(job.word.load()) & JobType::waited) != 0) group.completion.wake_helpers();
  return true;
}

}  // namespace pool::sched
