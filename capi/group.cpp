// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Groups: making, waiting, ending, cancelling, counting. Submitting is in submit.cpp.
#include <pool/pool.h>

#include <algorithm>
#include <optional>

#include "group_calls.hpp"
#include "structs.hpp"

using namespace pool;
using capi::Frame;
using capi::Group;
using capi::invalid;

namespace {

static_assert(POOL_FAILURE_TEXT_MAX == group::failure_text_size);
static_assert(POOL_OK == static_cast<int>(group::Outcome::success));
static_assert(POOL_EFAILED == static_cast<int>(group::Outcome::failed));
static_assert(POOL_ECANCELED == static_cast<int>(group::Outcome::cancelled));

constexpr auto default_options = capi::defaults<pool_group_options_t>();
constexpr group::Config default_config = {.is_plain = true};
constexpr std::uint32_t max_weight = 1000;

// What the options say; POOL_OK, or the status of what is wrong.
pool_status_t read_options(const pool_group_options_t& options, pool_group_options_t& given, group::Config& config) {
  static constexpr const char* function = "pool_group_create";
  switch (capi::copy_in(&options, given, offsetof(pool_group_options_t, overflow_timeout))) {
    case capi::CopyIn::bad_size:
      return invalid(function, "struct_size", "has to be what pool_group_options_init set");
    case capi::CopyIn::unknown_field:
      return invalid(function, "options", "has a field that this version does not know");
    case capi::CopyIn::ok:
      break;
  }
  if (given.overflow > POOL_OVERFLOW_DISCARD_NEWEST) {
    return invalid(function, "overflow", "has to be one of POOL_OVERFLOW_*");
  }
  constexpr std::uint32_t most = park::Room<System>::max_capacity;
  if (given.queue_capacity > most && given.queue_capacity != POOL_UNBOUNDED) {
    return invalid(function, "queue_capacity", "has to be 1 to 1000000000, POOL_UNBOUNDED, or 0");
  }
  if (given.weight > max_weight) return invalid(function, "weight", "has to be 1 to 1000, or 0");
  if (given.help > POOL_HELP_ALWAYS) return invalid(function, "help", "has to be one of POOL_HELP_*");
  if (given.fail_fast > 1) return invalid(function, "fail_fast", "has to be 0 or 1");
  if (given.keep_jobs > 1) return invalid(function, "keep_jobs", "has to be 0 or 1");
  if (given.parent_kind > POOL_PARENT_CURRENT) {
    return invalid(function, "parent_kind", "has to be one of POOL_PARENT_*");
  }
  if (given.limit_counts_suspended > 1) return invalid(function, "limit_counts_suspended", "has to be 0 or 1");
  if (given.parent.id != 0 && given.parent_kind != POOL_PARENT_GROUP) {
    return invalid(function, "parent", "needs parent_kind POOL_PARENT_GROUP");
  }
  config.overflow = given.overflow;
  config.capacity = given.queue_capacity == POOL_UNBOUNDED ? 0 : given.queue_capacity;
  config.limit = given.max_concurrency == UINT32_MAX ? 0 : given.max_concurrency;
  config.weight = std::max(given.weight, 1U);
  config.help = given.help;
  config.fail_fast = given.fail_fast != 0;
  config.keep_jobs = given.keep_jobs != 0;
  config.keeps_units = given.limit_counts_suspended != 0;
  config.overflow_timeout = given.overflow_timeout;
  if (given.name != nullptr) std::strncpy(config.name, given.name, sizeof config.name - 1);
  return POOL_OK;
}

// The parent that the options name; index nil: none. POOL_OK, or what is wrong.
pool_status_t find_parent(const pool_group_options_t& given, const capi::Pool& pool, std::uint32_t& index,
                          std::uint32_t& life) {
  index = base::nil;
  if (given.parent_kind == POOL_PARENT_GROUP) {
    const auto parent = capi::resolve(given.parent);
    if (!parent) return parent.status();
    if (parent.slot->pool.load() != pool.index.load()) {
      return invalid("pool_group_create", "parent", "has to be a group of the same pool");
    }
    index = parent.slot->index.load();
    life = parent.generation;
  } else if (given.parent_kind == POOL_PARENT_CURRENT) {
    const Frame* const frame = capi::task_frame();
    if (frame == nullptr || frame->pool != &pool) return POOL_OK;
    const auto* const group = static_cast<const Group*>(frame->group);
    if (group->queue.generation() != frame->life) return POOL_OK;  // detached
    index = group->index.load();
    life = frame->life;
  }
  return POOL_OK;
}

// Makes one; what is given is in range.
[[gnu::always_inline]] inline pool_status_t create(pool_t pool, const pool_group_options_t& given,
                                                   const group::Config& config, pool_group_t* group) {
  capi::Local* local = capi::local();
  const auto found = capi::resolve_again(pool, local);
  if (!found) return found.status();
  // A task may make groups while its pool drains: it is unfinished itself.
  const bool inside = Frame::inside_pool(found.slot);
  if (!inside && found.slot->room.is_closed()) return POOL_ECLOSED;
  std::uint32_t parent = base::nil;
  std::uint32_t parent_life = 0;
  if (given.parent_kind != POOL_PARENT_NONE) {
    const pool_status_t status = find_parent(given, *found.slot, parent, parent_life);
    if (status != POOL_OK) return status;
  }
  std::uint32_t generation = 0;
  if (local == nullptr) [[unlikely]]
    local = sched::local_of<System>(*found.world);
  Group* const slot = sched::create_group(*found.world, *found.slot, found.generation, config, generation, local);
  if (slot == nullptr) return POOL_ENOMEM;
  Group& made = *slot;
  if (parent != base::nil && !sched::adopt(*found.world, parent, parent_life, made)) {
    sched::end_group(*found.world, made, generation);
    return POOL_EBADHANDLE;
  }
  // The pool may have ended since: then either its end found the group, or we see that it has ended.
  if (!inside && (found.slot->room.is_closed() || found.slot->generation.load() != found.generation)) {
    sched::end_group(*found.world, made, generation);
    return POOL_ECLOSED;
  }
  group->id = capi::handle_of(base::Kind::group, made.index.load(std::memory_order_relaxed), generation);
  if (sched::is_owned_by(made, local)) local->know_group(group->id, &made);
  return POOL_OK;
}

[[gnu::noinline]] pool_status_t create_as(pool_t pool, const pool_group_options_t& options, pool_group_t* group) {
  pool_group_options_t given = default_options;
  group::Config config;
  const pool_status_t status = read_options(options, given, config);
  return status == POOL_OK ? create(pool, given, config, group) : status;
}

// How the tasks of an empty group ended; POOL_ECLOSED if the group has gone since.
pool_status_t outcome(const Group& group, std::uint32_t generation) {
  const auto outcome = static_cast<pool_status_t>(group.tally.outcome());
  return group.queue.generation() == generation ? outcome : POOL_ECLOSED;
}

pool_status_t wait(pool_group_t handle, std::int64_t timeout, bool is_untimed) try {
  const auto found = capi::resolve(handle);
  if (!found) return found.status();
  if (sched::is_own(*found.slot)) capi::get_to_know(found, handle);
  // (Nothing that was claimed is unfinished: none of it is on our stack, however deep that is.)
  if (found.slot->has_begun() && Frame::inside_group(found.slot)) return POOL_EDEADLK;
  if (Frame::inside_drop()) return POOL_EDEADLK;
  std::optional<capi::TracedWait> traced;
  if (timeout > 0) traced.emplace(*found.slot, found.generation);
  sched::Wait<System> wait(*found.world, *found.slot, found.generation);
  const auto waited =
      timeout <= 0 ? wait.poll() : wait(capi::deadline_after(timeout), capi::helps(*found.slot, is_untimed));
  switch (waited) {
    case sched::Waited::empty:
      if (traced) traced->note_empty();
      return outcome(*found.slot, found.generation);
    case sched::Waited::timed_out:
      return POOL_ETIMEDOUT;
    case sched::Waited::gone:
      return POOL_ECLOSED;
  }
  return POOL_EINTERNAL;
}
POOL_OR_FORKED

// That of pool_submit: it ends with its pool.
bool is_pools_own(const capi::Resolved<Group>& found) { return found.slot->is(Group::is_pools_own); }

// From the group's own notification: the group ends when that returns.
bool end_after_notice(const Group* group, std::uint32_t generation) {
  Frame* const frame = Frame::top();
  if (frame == nullptr || !frame->notice || frame->group != group || frame->life != generation) return false;
  frame->ends = true;
  return true;
}

// What pool_group_destroy has not done at once.
[[gnu::noinline]] pool_status_t destroy_anyhow(pool_group_t group) try {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (is_pools_own(found)) return POOL_EBUSY;
  if (sched::is_own(*found.slot) && sched::end_own(*capi::local(), *found.slot, found.generation)) return POOL_OK;
  // (A group that is empty has no task on any stack; a notification makes it none of these.)
  if (sched::end_quickly(*found.world, *found.slot, found.generation)) [[likely]]
    return POOL_OK;
  if (end_after_notice(found.slot, found.generation)) return POOL_OK;
  if (Frame::inside_group(found.slot)) return POOL_EDEADLK;
  if (Frame::inside_drop()) {
    if (sched::end_group(*found.world, *found.slot, found.generation)) return POOL_OK;
    return found.slot->queue.generation() == found.generation ? POOL_EDEADLK : POOL_ECLOSED;
  }
  const bool help = capi::helps(*found.slot, true);
  capi::TracedWait traced(*found.slot, found.generation);
  if (!sched::destroy_group(*found.world, *found.slot, found.generation, help)) return POOL_ECLOSED;
  traced.note_empty();
  return POOL_OK;
}
POOL_OR_FORKED

}  // namespace

extern "C" {

pool_status_t pool_group_options_init(pool_group_options_t* options, size_t size) {
  return capi::init_out(default_options, options, size) ? POOL_OK : POOL_EINVAL;
}

POOL_NO_CANARY pool_status_t pool_group_create(pool_t pool, const pool_group_options_t* options,
                                               pool_group_t* group) try {
  if (group == nullptr) return invalid("pool_group_create", "group", "must not be NULL");
  group->id = 0;
  if (options == nullptr) [[likely]]
    return create(pool, default_options, default_config, group);
  return create_as(pool, *options, group);
}
POOL_OR_FORKED

POOL_NO_CANARY pool_status_t pool_group_wait(pool_group_t group) try {
  // Most of them end here.
  if (const auto found = capi::known(group); found.slot != nullptr) [[likely]] {
    if (!Frame::inside_drop() && capi::helps(*found.slot, true)) [[likely]] {
      switch (sched::empty_own(*found.local, *found.slot, found.generation)) {
        case sched::Emptied::successes:
          return POOL_OK;
        case sched::Emptied::empty:
          return outcome(*found.slot, found.generation);
        case sched::Emptied::gone:
          return POOL_ECLOSED;
        case sched::Emptied::no:
          break;
      }
    }
  }
  return wait(group, INT64_MAX, true);
}
POOL_OR_FORKED

pool_status_t pool_group_wait_for(pool_group_t group, int64_t timeout) { return wait(group, timeout, false); }

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

POOL_NO_CANARY pool_status_t pool_group_destroy(pool_group_t group) try {
  if (const auto own = capi::known(group); own.slot != nullptr) [[likely]] {
    if (sched::end_own(*own.local, *own.slot, own.generation)) [[likely]]
      return POOL_OK;
  }
  return destroy_anyhow(group);
}
POOL_OR_FORKED

pool_status_t pool_group_detach(pool_group_t group) try {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (is_pools_own(found)) return POOL_EBUSY;
  if (end_after_notice(found.slot, found.generation)) return POOL_OK;
  return sched::detach_group(*found.world, *found.slot, found.generation) ? POOL_OK : POOL_EBADHANDLE;
}
POOL_OR_FORKED

pool_status_t pool_group_notify(pool_group_t group, pool_notify_fn fn, void* ctx) try {
  if (fn == nullptr) return invalid("pool_group_notify", "fn", "must not be NULL");
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  switch (sched::notify(*found.world, *found.slot, found.generation, fn, ctx)) {
    case sched::Notified::ok:
      return POOL_OK;
    case sched::Notified::stale:
      return POOL_EBADHANDLE;
    case sched::Notified::no_memory:
      return POOL_ENOMEM;
    case sched::Notified::no_thread:
      return POOL_ETHREAD;
    case sched::Notified::closed:
      return POOL_ECLOSED;
    case sched::Notified::crowded:
      return POOL_EBUSY;
  }
  return POOL_EINTERNAL;
}
POOL_OR_FORKED

pool_status_t pool_group_set_eventfd(pool_group_t group, int32_t fd) try {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  int ours = -1;
  if (fd != -1) {
    switch (os::duplicate_eventfd(fd, ours)) {
      case os::Duplicated::unfit:
        return invalid("pool_group_set_eventfd", "fd", "has to be an eventfd with EFD_NONBLOCK, or -1");
      case os::Duplicated::none_left:
        return POOL_ENOMEM;
      case os::Duplicated::ok:
        break;
    }
  }
  const auto watched = sched::set_descriptor(*found.world, *found.slot, found.generation, ours);
  if (watched == sched::Watched::ok) return POOL_OK;
  if (ours != -1) os::close_descriptor(ours);
  return watched == sched::Watched::crowded ? POOL_EBUSY : POOL_EBADHANDLE;
}
POOL_OR_FORKED

pool_status_t pool_group_cancel(pool_group_t group) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  return sched::cancel_group(*found.world, *found.slot, found.generation) ? POOL_OK : POOL_EBADHANDLE;
}

pool_status_t pool_group_suspend(pool_group_t group) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  switch (sched::suspend_group(*found.world, *found.slot, found.generation)) {
    case sched::Suspended::ok:
      return POOL_OK;
    case sched::Suspended::gone:
      return POOL_EBADHANDLE;
    case sched::Suspended::cancelled:
      return POOL_ECANCELED;
    case sched::Suspended::closed:
      return POOL_ECLOSED;
  }
  return POOL_EINTERNAL;
}

pool_status_t pool_group_resume(pool_group_t group) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  return sched::resume_group(*found.world, *found.slot, found.generation) ? POOL_OK : POOL_EBADHANDLE;
}

pool_status_t pool_group_reset(pool_group_t group) try {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  Group& slot = *found.slot;
  if (slot.waiters.load() != 0 || slot.notices.any_pending(found.generation)) return POOL_EBUSY;
  const auto seen = slot.completion.load();
  if (slot.queue.sub() != base::pack(found.generation, seen.count())) {
    return slot.queue.generation() == found.generation ? POOL_EBUSY : POOL_EBADHANDLE;
  }
  slot.tally.reset();
  std::uint32_t cancelled = found.generation;
  slot.cancelled.compare_exchange_strong(cancelled, 0);
  sched::forget_jobs(*found.world, slot);
  return POOL_OK;
}
POOL_OR_FORKED

pool_status_t pool_group_name(pool_group_t group, char* text, size_t text_size) {
  if (text == nullptr || text_size == 0) return invalid("pool_group_name", "text", "must not be NULL nor of size 0");
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  char name[group::name_size + 1];
  capi::read_name(*found.slot, name);
  if (const auto still = capi::resolve(group); !still) return still.status();
  const std::size_t kept = std::min(text_size, sizeof name) - 1;
  std::memcpy(text, name, kept);
  text[kept] = '\0';
  return POOL_OK;
}

pool_status_t pool_group_stats(pool_group_t group, pool_group_stats_t* stats, size_t size) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (stats == nullptr || !capi::plausible_size(size)) return POOL_EINVAL;
  const group::Counters counters = sched::count_group(*found.world, *found.slot);
  if (const auto still = capi::resolve(group); !still) return still.status();
  pool_group_stats_t ours = {};
  ours.struct_size = sizeof ours;
  ours.submitted = counters.submitted;
  ours.succeeded = counters.succeeded;
  ours.failed = counters.failed;
  ours.cancelled = counters.cancelled;
  ours.queued = counters.queued;
  ours.running = counters.running;
  ours.discarded = counters.discarded;
  ours.waiters = found.slot->waiters.load();
  ours.oldest_wait = sched::oldest_wait(*found.world, *found.slot, System::now());
  capi::copy_out(ours, stats, size);
  return POOL_OK;
}

pool_status_t pool_group_failure(pool_group_t group, int32_t* code, char* text, size_t text_size) {
  const auto found = capi::resolve(group);
  if (!found) return found.status();
  if (text == nullptr && text_size != 0) return invalid("pool_group_failure", "text", "must not be NULL");
  std::int32_t first = 0;
  char reason[group::failure_text_size] = {};
  found.slot->tally.failure().read(first, reason);
  if (const auto still = capi::resolve(group); !still) return still.status();
  if (code != nullptr) *code = first;
  if (text_size != 0) {
    const std::size_t kept = std::min(text_size, sizeof reason) - 1;
    std::memcpy(text, reason, kept);
    text[kept] = '\0';
  }
  return POOL_OK;
}

}  // extern "C"
