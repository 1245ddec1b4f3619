// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Jobs: tasks with an outcome of their own.
#include <pool/pool.h>

#include "group_calls.hpp"

using namespace pool;
using capi::Frame;
using capi::invalid;
using capi::Job;

namespace {

// How a job of this word ended.
pool_status_t outcome(std::uint64_t word) {
  switch (Job::phase(word)) {
    case Job::succeeded:
      return POOL_OK;
    case Job::failed:
    case Job::discarded:
      return POOL_EFAILED;
    case Job::cancelled:
      return POOL_ECANCELED;
    default:
      return POOL_EBUSY;
  }
}

pool_status_t wait(pool_job_t handle, std::int64_t timeout, bool is_untimed) try {
  const auto found = capi::resolve(handle);
  if (!found) return found.status();
  Job& job = *found.slot;
  if (!Job::is_over(job.word.load())) {
    if (Frame::inside_job(&job) || Frame::inside_drop()) return POOL_EDEADLK;
    const capi::Group& group = found.world->groups[job.group.load()];
    // In a serial queue it cannot start before the task that we are in is over.
    const bool is_behind = Job::phase(job.word.load()) == Job::queued && group.units.is_serial();
    if (is_behind && Frame::inside_group(&group)) return POOL_EDEADLK;
    if (timeout <= 0) return POOL_ETIMEDOUT;
    const bool help = capi::helps(group, is_untimed);
    const capi::TracedWait traced(group, job.group_life.load());
    if (!sched::wait_for_job(*found.world, job, found.generation, capi::deadline_after(timeout), help)) {
      return POOL_ETIMEDOUT;
    }
  }
  const std::uint64_t word = job.word.load();
  return base::high(word) == found.generation ? outcome(word) : POOL_ECLOSED;
}
POOL_OR_FORKED

}  // namespace

extern "C" {

pool_status_t pool_group_submit_job(pool_group_t group, pool_job_fn fn, void* ctx, pool_drop_fn drop,
                                    pool_drop_fn drop_result, pool_job_t* job) try {
  static constexpr const char* function = "pool_group_submit_job";
  if (job == nullptr) return invalid(function, "job", "must not be NULL");
  job->id = 0;
  if (fn == nullptr) return invalid(function, "fn", "must not be NULL");
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  const auto submitted =
      sched::submit_job(*found.world, *found.slot, found.generation, {fn, ctx, drop, drop_result}, index, generation);
  if (submitted == sched::Submitted::ok) job->id = capi::handle_of(base::Kind::job, index, generation);
  return capi::status_of(submitted);
}
POOL_OR_FORKED

pool_status_t pool_job_wait(pool_job_t job) { return wait(job, INT64_MAX, true); }

pool_status_t pool_job_wait_for(pool_job_t job, int64_t timeout) { return wait(job, timeout, false); }

pool_status_t pool_job_status(pool_job_t job, int32_t* code) {
  const auto found = capi::resolve(job);
  if (!found) return found.status();
  const std::uint64_t word = found.slot->word.load();
  const auto ended_with = static_cast<std::int32_t>(found.slot->code.load());
  // The code is written before the job is over and stays until the next life.
  if (base::high(word) != found.generation || base::high(found.slot->word.load()) != found.generation) {
    return POOL_EBADHANDLE;
  }
  if (code != nullptr && Job::is_over(word)) *code = ended_with;
  return outcome(word);
}

pool_status_t pool_job_result(pool_job_t job, void** result) {
  if (result == nullptr) return invalid("pool_job_result", "result", "must not be NULL");
  const auto found = capi::resolve(job);
  if (!found) return found.status();
  std::uint64_t word = found.slot->word.load();
  for (;;) {
    if (base::high(word) != found.generation) return POOL_EBADHANDLE;
    if (outcome(word) != POOL_OK) return outcome(word);
    if ((base::low(word) & Job::taken) != 0) return POOL_ECLOSED;
    // Before the flag: while it is not set, nobody but us can end this life's claim to it.
    void* const left = found.slot->result.load();
    if (!found.slot->word.compare_exchange_weak(word, word | Job::taken)) continue;
    *result = left;
    return POOL_OK;
  }
}

pool_status_t pool_job_cancel(pool_job_t job) {
  const auto found = capi::resolve(job);
  if (!found) return found.status();
  if (sched::cancel_job(*found.world, *found.slot, found.generation)) return POOL_OK;
  return base::high(found.slot->word.load()) == found.generation ? POOL_EBUSY : POOL_EBADHANDLE;
}

pool_status_t pool_job_release(pool_job_t job) try {
  const auto found = capi::resolve(job);
  if (!found) return found.status();
  return sched::release_handle(*found.world, *found.slot, found.generation) ? POOL_OK : POOL_EBADHANDLE;
}
POOL_OR_FORKED

pool_status_t pool_group_jobs(pool_group_t group, pool_job_t* jobs, size_t capacity, size_t* count) {
  static constexpr const char* function = "pool_group_jobs";
  if (count == nullptr) return invalid(function, "count", "must not be NULL");
  if (jobs == nullptr && capacity != 0) return invalid(function, "jobs", "must not be NULL");
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  const std::lock_guard lock(found.slot->mutex);
  // Under the mutex: the end of the group empties the list under it, after the generation is over.
  if (const auto still = capi::resolve(group); !still) return still.status();
  std::size_t listed = 0;
  for (std::uint32_t at = found.slot->jobs.first; at != base::nil; ++listed) {
    const Job& job = found.world->jobs[at];
    if (listed < capacity) jobs[listed].id = capi::handle_of(base::Kind::job, at, base::high(job.word.load()));
    at = job.next;
  }
  *count = listed;
  return POOL_OK;
}

}  // extern "C"
