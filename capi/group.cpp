// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <pool/pool.h>

#include <algorithm>

#include "base/log.hpp"
#include "structs.hpp"
#include "world.hpp"

using namespace pool;
using capi::Frame;
using capi::Group;
using sched::Overflow;

namespace {

static_assert(POOL_TASK_COPY_MAX == sched::copy_max);
static_assert(POOL_FAILURE_TEXT_MAX == group::failure_text_size);

constexpr auto default_options = capi::defaults<pool_group_options_t>();
constexpr auto default_task = capi::defaults<pool_task_t>();

pool_status_t invalid(const char* function, const char* field, const char* allowed) {
  base::report_invalid(function, field, allowed);
  return POOL_EINVAL;
}

pool_status_t status_of(sched::Submitted submitted) {
  switch (submitted) {
    case sched::Submitted::ok:
      return POOL_OK;
    case sched::Submitted::stale:
      return POOL_EBADHANDLE;
    case sched::Submitted::no_memory:
      return POOL_ENOMEM;
    case sched::Submitted::no_thread:
      return POOL_ETHREAD;
    case sched::Submitted::full:
      return POOL_EFULL;
    case sched::Submitted::closed:
      return POOL_ECLOSED;
  }
  return POOL_EINTERNAL;
}

pool_status_t submit(pool_group_t handle, pool_task_fn fn, void* ctx, pool_drop_fn drop, std::size_t copy_size,
                     std::uint32_t overflow) {
  const auto found = capi::resolve(handle);
  if (!found) return found.status();
  queue::Work work;
  if (!sched::Task::pack(fn, ctx, drop, copy_size, work)) return POOL_ENOMEM;
  const auto submitted =
      sched::Submit<System>(*found.world, *found.slot, found.generation)(work, static_cast<Overflow>(overflow));
  if (submitted != sched::Submitted::ok) sched::Task::discard(work);
  return status_of(submitted);
}

// How the tasks of an empty group ended; POOL_ECLOSED if the group has gone since.
pool_status_t outcome(const Group& group, std::uint32_t generation) {
  const bool failed = group.failure.count() != 0;
  const bool cancelled = group.cancelled.load(std::memory_order_relaxed) != 0;
  if (group.queue.generation() != generation) return POOL_ECLOSED;
  if (failed) return POOL_EFAILED;
  return cancelled ? POOL_ECANCELED : POOL_OK;
}

pool_status_t wait(pool_group_t handle, std::int64_t timeout, bool help) {
  const auto found = capi::resolve(handle);
  if (!found) return found.status();
  if (Frame::inside_group(found.slot) || Frame::inside_drop()) return POOL_EDEADLK;
  sched::Wait<System> wait(*found.world, *found.slot, found.generation);
  const auto waited = timeout <= 0 ? wait.poll() : wait(capi::deadline_after(timeout), help);
  switch (waited) {
    case sched::Waited::empty:
      return outcome(*found.slot, found.generation);
    case sched::Waited::timed_out:
      return POOL_ETIMEDOUT;
    case sched::Waited::gone:
      return POOL_ECLOSED;
  }
  return POOL_EINTERNAL;
}

}  // namespace

extern "C" {

pool_status_t pool_group_options_init(pool_group_options_t* options, size_t size) {
  return capi::init_out(default_options, options, size) ? POOL_OK : POOL_EINVAL;
}

pool_status_t pool_task_init(pool_task_t* task, size_t size) {
  return capi::init_out(default_task, task, size) ? POOL_OK : POOL_EINVAL;
}

pool_status_t pool_group_create(pool_t pool, const pool_group_options_t* options, pool_group_t* group) {
  static constexpr const char* function = "pool_group_create";
  if (group == nullptr) return invalid(function, "group", "must not be NULL");
  group->id = 0;
  pool_group_options_t given = default_options;
  if (options != nullptr &&
      capi::copy_in(options, given, offsetof(pool_group_options_t, overflow_timeout)) != capi::CopyIn::ok) {
    return invalid(function, "struct_size", "has to be what pool_group_options_init set");
  }
  if (given.overflow > POOL_OVERFLOW_REJECT) return invalid(function, "overflow", "has to be one of POOL_OVERFLOW_*");
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  // A task may make groups while its pool drains: it is unfinished itself.
  const bool inside = Frame::inside_pool(found.slot);
  if (!inside && found.slot->room.is_closed()) return POOL_ECLOSED;
  std::uint32_t generation = 0;
  const std::uint32_t index =
      sched::create_group(*found.world, *found.slot, found.generation, given.overflow, generation);
  if (index == base::nil) return POOL_ENOMEM;
  // The pool may have ended since: then either its end found the group, or we see that it has ended.
  if (!inside && (found.slot->room.is_closed() || found.slot->generation.load() != found.generation)) {
    sched::end_group(*found.world, *found.world->groups.at(index), generation);
    return POOL_ECLOSED;
  }
  group->id = capi::handle_of(base::Kind::group, index, generation);
  return POOL_OK;
}

pool_status_t pool_group_submit(pool_group_t group, pool_task_fn fn, void* ctx) {
  if (fn == nullptr) return invalid("pool_group_submit", "fn", "must not be NULL");
  return submit(group, fn, ctx, nullptr, 0, POOL_OVERFLOW_DEFAULT);
}

pool_status_t pool_group_submit_task(pool_group_t group, const pool_task_t* task) {
  static constexpr const char* function = "pool_group_submit_task";
  if (task == nullptr) return invalid(function, "task", "must not be NULL");
  pool_task_t given = default_task;
  if (capi::copy_in(task, given, offsetof(pool_task_t, fn)) != capi::CopyIn::ok) {
    return invalid(function, "struct_size", "has to be what pool_task_init set");
  }
  if (given.fn == nullptr) return invalid(function, "fn", "must not be NULL");
  if (given.overflow > POOL_OVERFLOW_REJECT) return invalid(function, "overflow", "has to be one of POOL_OVERFLOW_*");
  if (given.copy_size > POOL_TASK_COPY_MAX) return invalid(function, "copy_size", "has to be 0 to 48");
  if (given.copy_size != 0 && given.ctx == nullptr) return invalid(function, "ctx", "must not be NULL with copy_size");
  return submit(group, given.fn, given.ctx, given.drop, given.copy_size, given.overflow);
}

pool_status_t pool_group_submit_n(pool_group_t group, pool_task_fn fn, void* const* ctxs, size_t count,
                                  pool_drop_fn drop, size_t* accepted) {
  static constexpr const char* function = "pool_group_submit_n";
  size_t done = 0;
  if (accepted != nullptr) *accepted = 0;
  if (fn == nullptr) return invalid(function, "fn", "must not be NULL");
  if (ctxs == nullptr && count > 0) return invalid(function, "ctxs", "must not be NULL");
  pool_status_t status = capi::resolve(group).status();
  while (status == POOL_OK && done < count) {
    status = submit(group, fn, ctxs[done], drop, 0, POOL_OVERFLOW_DEFAULT);
    if (status == POOL_OK) ++done;
  }
  if (accepted != nullptr) *accepted = done;
  return status;
}

// A wait without end always helps; a timed one only inside a task, where not to help could starve a full pool.
pool_status_t pool_group_wait(pool_group_t group) { return wait(group, INT64_MAX, true); }

pool_status_t pool_group_wait_for(pool_group_t group, int64_t timeout) {
  return wait(group, timeout, Frame::inside_task());
}

pool_status_t pool_group_poll(pool_group_t group) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  switch (sched::Wait<System>(*found.world, *found.slot, found.generation).poll()) {
    case sched::Waited::empty:
      break;
    case sched::Waited::timed_out:
      return POOL_EBUSY;
    case sched::Waited::gone:
      return POOL_EBADHANDLE;
  }
  const pool_status_t status = outcome(*found.slot, found.generation);
  return status == POOL_ECLOSED ? POOL_EBADHANDLE : status;
}

pool_status_t pool_group_destroy(pool_group_t group) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (Frame::inside_group(found.slot)) return POOL_EDEADLK;
  if (Frame::inside_drop()) {
    if (sched::end_group(*found.world, *found.slot, found.generation)) return POOL_OK;
    return found.slot->queue.generation() == found.generation ? POOL_EDEADLK : POOL_ECLOSED;
  }
  return sched::destroy_group(*found.world, *found.slot, found.generation) ? POOL_OK : POOL_ECLOSED;
}

pool_status_t pool_group_detach(pool_group_t group) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  return sched::detach_group(*found.world, *found.slot, found.generation) ? POOL_OK : POOL_EBADHANDLE;
}

pool_status_t pool_group_stats(pool_group_t group, pool_group_stats_t* stats, size_t size) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (stats == nullptr || !capi::plausible_size(size)) return POOL_EINVAL;
  const group::Counters counters = found.slot->counters();
  if (!capi::resolve(group)) return POOL_EBADHANDLE;
  pool_group_stats_t ours = {};
  ours.struct_size = sizeof ours;
  ours.submitted = counters.submitted;
  ours.succeeded = counters.succeeded;
  ours.failed = counters.failed;
  ours.cancelled = counters.cancelled;
  ours.queued = counters.queued;
  ours.running = counters.running;
  capi::copy_out(ours, stats, size);
  return POOL_OK;
}

pool_status_t pool_group_failure(pool_group_t group, int32_t* code, char* text, size_t text_size) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (text == nullptr && text_size != 0) return invalid("pool_group_failure", "text", "must not be NULL");
  std::int32_t first = 0;
  char reason[group::failure_text_size] = {};
  found.slot->failure.read(first, reason);
  if (!capi::resolve(group)) return POOL_EBADHANDLE;
  if (code != nullptr) *code = first;
  if (text_size != 0) {
    const std::size_t kept = std::min(text_size, sizeof reason) - 1;
    std::memcpy(text, reason, kept);
    text[kept] = '\0';
  }
  return POOL_OK;
}

pool_status_t pool_task_set_failure(int32_t code, const char* text) {
  static constexpr const char* function = "pool_task_set_failure";
  if (code == 0 || code <= sched::last_reserved) return invalid(function, "code", "must not be 0 nor the library's");
  Frame* const frame = Frame::top();
  if (frame == nullptr || frame->dropping) return invalid(function, "caller", "has to be a task");
  frame->fail(code, text);
  return POOL_OK;
}

}  // extern "C"
