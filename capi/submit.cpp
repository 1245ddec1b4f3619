// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Submitting tasks, and counting those that are done elsewhere.
#include <pool/pool.h>

#include "base/probe.hpp"
#include "group_calls.hpp"
#include "structs.hpp"

using namespace pool;
using capi::Frame;
using capi::Group;
using capi::invalid;

namespace {

static_assert(POOL_TASK_COPY_MAX == sched::copy_max);

constexpr auto default_task = capi::defaults<pool_task_t>();

// What is unusual at the group's pool. (A hint: the slot may come to another pool. And one that no handle stands for
// may have had none yet.)
[[gnu::always_inline]] inline std::uint32_t unusual_at(const Group& slot) {
  const auto* const pool = static_cast<const capi::Pool*>(slot.pool_slot.load(std::memory_order_relaxed));
  return pool != nullptr ? pool->unusual_but_eager() : 0;
}

// False: not that simple, and nothing has happened. (Whether this task is timed is not looked at any more.)
[[gnu::always_inline]] inline bool submit_quickly(const capi::Resolved<Group>& found, const queue::Work& work) {
  if (const std::uint32_t unusual = unusual_at(*found.slot); unusual != 0) [[unlikely]] {
    if (unusual == capi::Pool::is_traced) return sched::submit_traced(*found.slot, found.generation, work);
    if (unusual != capi::Pool::is_timed) return false;
    return sched::submit_timed(*found.world, *found.slot, found.generation, work);
  }
  return sched::submit_simply(*found.world, *found.slot, found.generation, work);
}

// `submitted`: when, if it is timed.
pool_status_t submit(const capi::Resolved<Group>& found, pool_task_fn fn, void* ctx, pool_drop_fn drop,
                     std::size_t copy_size, sched::SubmitTerms terms, std::int64_t submitted) try {
  queue::Work work;
  sched::TaskNodes<System> nodes(*found.world);
  if (!sched::Task::pack(nodes, fn, ctx, drop, copy_size, work, submitted)) return POOL_ENOMEM;
  POOL_PROBE(submit, found.slot, fn, ctx);
  // Where there is room, the terms do not matter.
  if (!terms.is_delayed && submit_quickly(found, work)) [[likely]]
    return POOL_OK;
  sched::Submit<System> submit(*found.world, *found.slot, found.generation, terms);
  // Also if the drop of a task that makes room for this one ends the thread. (Not in a child that the task made while
  // it ran in place: there the node is of another world.)
  struct Discarding {
    sched::TaskNodes<System>& nodes;
    const sched::Submit<System>& submit;
    const queue::Work& work;
    std::uint32_t era;
    ~Discarding() {
      if (era == os::era() && !submit.is_consumed()) sched::Task::discard(nodes, work);
    }
  } const discarding{nodes, submit, work, os::era()};
  return capi::status_of(submit(work));
}
// The task's node is the queue's, once it is accepted.
// NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
POOL_OR_FORKED

pool_status_t submit(const capi::Resolved<Group>& found, pool_task_fn fn, void* ctx, pool_drop_fn drop,
                     std::size_t copy_size, sched::SubmitTerms terms) {
  if (!found) return found.status();
  const std::int64_t submitted = terms.is_delayed ? 0 : sched::stamp_next(*found.world, *found.slot);
  return submit(found, fn, ctx, drop, copy_size, terms, submitted);
}

// A bare one, where nothing is unusual but that tasks are timed.
[[gnu::noinline]] pool_status_t submit_timed(const capi::Resolved<Group>& found, pool_task_fn fn, void* ctx) {
  const std::int64_t submitted = sched::stamp_next(*found.world, *found.slot);
  const queue::Work work = {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)};
  if (submitted == 0 && sched::submit_timed(*found.world, *found.slot, found.generation, work)) {
    POOL_PROBE(submit, found.slot, fn, ctx);
    return POOL_OK;
  }
  return submit(found, fn, ctx, nullptr, 0, {}, submitted);
}

}  // namespace

pool_status_t capi::status_of(sched::Submitted submitted) {
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
    case sched::Submitted::timed_out:
      return POOL_ETIMEDOUT;
    case sched::Submitted::cancelled:
      return POOL_ECANCELED;
  }
  return POOL_EINTERNAL;
}

// What pool_group_submit has not done at once. Out of line: what it needs is not paid by others.
[[gnu::noinline]] static pool_status_t submit_anyhow(pool_group_t group, pool_task_fn fn, void* ctx) {
  if (fn == nullptr) return invalid("pool_group_submit", "fn", "must not be NULL");
  if (const auto found = capi::resolve_slot(group); found) [[likely]] {
    if (sched::is_own(*found.slot)) capi::get_to_know(found, group);
    if (unusual_at(*found.slot) == capi::Pool::is_timed) [[unlikely]]
      return submit_timed(found, fn, ctx);
    const queue::Work work = {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)};
    if (submit_quickly(found, work)) [[likely]] {
      POOL_PROBE(submit, found.slot, fn, ctx);
      return POOL_OK;
    }
  }
  return submit(capi::resolve(group), fn, ctx, nullptr, 0, {});
}

// The rest of a first one. (In tail position it costs the others no registers.)
[[gnu::noinline]] POOL_NO_CANARY static pool_status_t announced(capi::Pool& pool, std::uint32_t index) {
  sched::announce_own(pool, index);
  return POOL_OK;
}

// What a group that the caller owns, or owned, does not take at once.
[[gnu::noinline]] static pool_status_t submit_unusually(capi::Local& local, Group& slot, pool_group_t group,
                                                        pool_task_fn fn, void* ctx) {
  const std::uint32_t generation = base::Handle::generation(group.id);
  if (unusual_at(slot) == capi::Pool::is_timed) {
    if (!sched::is_own(slot)) local.forget_group(group.id);
    return submit_timed({capi::the_world.load(std::memory_order_acquire), &slot, generation}, fn, ctx);
  }
  const queue::Work work = {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)};
  if (sched::submit_traced(slot, generation, work)) {
    POOL_PROBE(submit, &slot, fn, ctx);
    return POOL_OK;
  }
  if (!sched::is_own(slot)) local.forget_group(group.id);
  return submit_anyhow(group, fn, ctx);
}

// How a task that goes into a group which the caller owns, or owned, gets there: at once; as a first one; or by
// `further`.
using Further = pool_status_t(capi::Local&, Group&, pool_group_t, pool_task_fn, void*);
template <Further further>
struct Putting {
  capi::Local& local;
  Group& slot;
  pool_group_t group;
  pool_task_fn fn;
  void* ctx;

  [[gnu::always_inline]] pool_status_t done() const {
    POOL_PROBE(submit, &slot, fn, ctx);
    return POOL_OK;
  }
  [[gnu::always_inline]] pool_status_t first(capi::Pool& pool, std::uint32_t index) const {
    POOL_PROBE(submit, &slot, fn, ctx);
    return announced(pool, index);
  }
  [[gnu::always_inline]] pool_status_t no() const { return further(local, slot, group, fn, ctx); }
};

// Beyond the group's own cells.
[[gnu::noinline]] POOL_NO_CANARY static pool_status_t submit_further(capi::Local& local, Group& slot,
                                                                     pool_group_t group, pool_task_fn fn, void* ctx) {
  const queue::Work work = {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)};
  const Putting<submit_unusually> putting{local, slot, group, fn, ctx};
  return sched::put_own(local, slot, base::Handle::generation(group.id), work, sched::Usual{}, putting);
}

extern "C" {

pool_status_t pool_task_init(pool_task_t* task, size_t size) {
  return capi::init_out(default_task, task, size) ? POOL_OK : POOL_EINVAL;
}

POOL_NO_CANARY pool_status_t pool_group_submit(pool_group_t group, pool_task_fn fn, void* ctx) {
  // Most of them end here.
  if (const auto found = capi::known(group); found.slot != nullptr && fn != nullptr) [[likely]] {
    const queue::Work work = {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)};
    const Putting<submit_further> putting{*found.local, *found.slot, group, fn, ctx};
    return sched::put_at_once(*found.local, *found.slot, found.generation, work, putting);
  }
  return submit_anyhow(group, fn, ctx);
}

pool_status_t pool_submit(pool_t pool, pool_task_fn fn, void* ctx) {
  if (fn == nullptr) return invalid("pool_submit", "fn", "must not be NULL");
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (!Frame::inside_pool(found.slot) && found.slot->room.is_closed()) return POOL_ECLOSED;
  const std::uint64_t own = sched::own_group(*found.world, *found.slot, found.generation);
  if (own == 0) return capi::resolve(pool) ? POOL_ENOMEM : POOL_EBADHANDLE;
  Group* const group = found.world->groups.at(base::low(own));
  return submit({found.world, group, base::high(own)}, fn, ctx, nullptr, 0, {});
}

pool_status_t pool_group_submit_task(pool_group_t group, const pool_task_t* task) {
  static constexpr const char* function = "pool_group_submit_task";
  if (task == nullptr) return invalid(function, "task", "must not be NULL");
  pool_task_t given = default_task;
  switch (capi::copy_in(task, given, offsetof(pool_task_t, fn))) {
    case capi::CopyIn::bad_size:
      return invalid(function, "struct_size", "has to be what pool_task_init set");
    case capi::CopyIn::unknown_field:
      return invalid(function, "task", "has a field that this version does not know");
    case capi::CopyIn::ok:
      break;
  }
  if (given.fn == nullptr) return invalid(function, "fn", "must not be NULL");
  if (given.overflow > POOL_OVERFLOW_DISCARD_NEWEST) {
    return invalid(function, "overflow", "has to be one of POOL_OVERFLOW_*");
  }
  if (given.copy_size > POOL_TASK_COPY_MAX) return invalid(function, "copy_size", "has to be 0 to 48");
  if (given.copy_size != 0 && given.ctx == nullptr) return invalid(function, "ctx", "must not be NULL with copy_size");
  if (given.start_at < 0) return invalid(function, "start_at", "has to be a time of CLOCK_MONOTONIC");
  if (given.start_at != 0 && given.delay != 0) return invalid(function, "delay", "has to be 0 with start_at");
  if (given.timer != nullptr) given.timer->id = 0;
  sched::SubmitTerms terms = {static_cast<sched::Overflow>(given.overflow), given.overflow_timeout};
  terms.is_delayed = given.delay > 0 || given.start_at != 0 || given.timer != nullptr;
  if (given.timer != nullptr) terms.timer = &given.timer->id;
  if (terms.is_delayed) terms.start_at = given.start_at != 0 ? given.start_at : capi::due_after(given.delay);
  return submit(capi::resolve(group), given.fn, given.ctx, given.drop, given.copy_size, terms);
}

pool_status_t pool_group_submit_after(pool_group_t group, int64_t delay, pool_task_fn fn, void* ctx,
                                      pool_timer_t* timer) {
  if (timer != nullptr) timer->id = 0;
  if (fn == nullptr) return invalid("pool_group_submit_after", "fn", "must not be NULL");
  sched::SubmitTerms terms;
  terms.is_delayed = delay > 0 || timer != nullptr;
  if (timer != nullptr) terms.timer = &timer->id;
  if (terms.is_delayed) terms.start_at = capi::due_after(delay);
  return submit(capi::resolve(group), fn, ctx, nullptr, 0, terms);
}

pool_status_t pool_group_submit_n(pool_group_t group, pool_task_fn fn, void* const* ctxs, size_t count,
                                  pool_drop_fn drop, size_t* accepted) {
  static constexpr const char* function = "pool_group_submit_n";
  size_t done = 0;
  if (accepted != nullptr) *accepted = 0;
  if (fn == nullptr) return invalid(function, "fn", "must not be NULL");
  if (ctxs == nullptr && count > 0) return invalid(function, "ctxs", "must not be NULL");
  const auto found = capi::resolve(group);
  pool_status_t status = found.status();
  while (status == POOL_OK && done < count) {
    status = submit(found, fn, ctxs[done], drop, 0, {});
    if (status == POOL_OK) ++done;
  }
  if (accepted != nullptr) *accepted = done;
  return status;
}

pool_status_t pool_group_apply(pool_group_t group, uint64_t count, uint64_t grain, pool_apply_fn fn, void* ctx) try {
  if (fn == nullptr) return invalid("pool_group_apply", "fn", "must not be NULL");
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (Frame::inside_drop()) return POOL_EDEADLK;
  if (count == 0) return POOL_OK;
  const capi::TracedWait traced(*found.slot, found.generation);
  const std::uint32_t threads = sched::most_threads(*found.world, *found.slot);
  const auto result =
      sched::Loop<System>::run(*found.world, *found.slot, found.generation, count, grain, threads, fn, ctx);
  if (result.submitted != sched::Submitted::ok) return capi::status_of(result.submitted);
  if (result.failed) return POOL_EFAILED;
  return result.cancelled ? POOL_ECANCELED : POOL_OK;
}
POOL_OR_FORKED

pool_status_t pool_group_enter(pool_group_t group) try {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  return capi::status_of(sched::Submit<System>(*found.world, *found.slot, found.generation).enter());
}
POOL_OR_FORKED

pool_status_t pool_group_leave(pool_group_t group, int32_t outcome) try {
  // After a detach the handle is over, but what was entered before it still has to leave.
  const auto found = capi::resolve_slot(group);
  if (!found) return found.status();
  if (sched::leave_group(*found.world, *found.slot, found.generation, outcome)) return POOL_OK;
  if (const auto still = capi::resolve(group); !still) return still.status();
  return invalid("pool_group_leave", "group", "nobody is inside");
}
POOL_OR_FORKED

}  // extern "C"
