// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <pool/pool.h>

#include "base/log.hpp"
#include "default.hpp"
#include "structs.hpp"
#include "trace_file.hpp"
#include "world.hpp"

using namespace pool;
using capi::Frame;
using capi::Pool;

namespace {

constexpr auto default_options = capi::defaults<pool_options_t>();
constexpr std::uint32_t default_capacity = 65'536;
constexpr std::int64_t default_idle_timeout = 10'000'000'000;
constexpr std::int64_t default_burst_delay = 10'000'000;

pool_status_t invalid(const char* function, const char* field, const char* allowed, const base::LogConfig& log = {}) {
  base::report_invalid(log, function, field, allowed);
  return POOL_EINVAL;
}

std::uint32_t default_workers() { return std::min(os::usable_processors(), std::uint32_t{Pool::max_max_workers}); }

// 0 is the default.
template <class T>
T given_or(T given, T otherwise) {
  return given != 0 ? given : otherwise;
}

// How many threads; `max` is 0 for the default.
pool_status_t check_workers(const char* function, const base::LogConfig& log, std::uint32_t min, std::uint32_t& max,
                            std::uint32_t burst) {
  if (max > Pool::max_max_workers) return invalid(function, "max_workers", "has to be 1 to 32767, or 0", log);
  if (max == 0) max = default_workers();  // which reads half a dozen files
  if (min > max) return invalid(function, "min_workers", "has to be max_workers at most", log);
  if (burst > Pool::max_max_workers - max) {
    return invalid(function, "burst_workers", "has to be 32767 at most together with max_workers", log);
  }
  return POOL_OK;
}

pool_status_t read_options(const char* function, const pool_options_t* options, sched::PoolConfig& config) {
  pool_options_t given = default_options;
  if (options != nullptr) {
    switch (capi::copy_in(options, given, offsetof(pool_options_t, overflow_timeout))) {
      case capi::CopyIn::bad_size:
        return invalid(function, "struct_size", "has to be what pool_options_init set");
      case capi::CopyIn::unknown_field:
        return invalid(function, "options", "has a field that this version does not know");
      case capi::CopyIn::ok:
        break;
    }
  }
  if (given.log_level > POOL_LOG_OFF) {
    return invalid(function, "log_level", "has to be one of POOL_LOG_*", {given.log, given.log_user});
  }
  const base::LogConfig log = {given.log, given.log_user, static_cast<base::LogLevel>(given.log_level)};
  config.max_workers = given.max_workers;
  const pool_status_t workers =
      check_workers(function, log, given.min_workers, config.max_workers, given.burst_workers);
  if (workers != POOL_OK) return workers;
  if (given.prestart > 1) return invalid(function, "prestart", "has to be 0 or 1", log);
  if (given.queue_capacity > park::Room<System>::max_capacity && given.queue_capacity != POOL_UNBOUNDED) {
    return invalid(function, "queue_capacity", "has to be 1 to 1000000000, POOL_UNBOUNDED, or 0", log);
  }
  if (given.overflow > POOL_OVERFLOW_DISCARD_NEWEST) {
    return invalid(function, "overflow", "has to be one of POOL_OVERFLOW_*", log);
  }
  if (given.wake_policy > POOL_WAKE_EAGER) return invalid(function, "wake_policy", "has to be one of POOL_WAKE_*", log);
  if (given.help > POOL_HELP_ALWAYS) return invalid(function, "help", "has to be one of POOL_HELP_*", log);
  if (given.stack_size != 0 && given.stack_size < os::least_stack()) {
    return invalid(function, "stack_size", "has to be PTHREAD_STACK_MIN at least, or 0", log);
  }
  config.min_workers = given.min_workers;
  config.burst_workers = given.burst_workers;
  config.prestart = given.prestart != 0;
  config.queue_capacity = std::min(given_or(given.queue_capacity, default_capacity), park::Room<System>::max_capacity);
  config.overflow = given_or(given.overflow, std::uint32_t{POOL_OVERFLOW_BLOCK});
  config.eager = given.wake_policy == POOL_WAKE_EAGER;
  config.help = given_or(given.help, std::uint32_t{POOL_HELP_UNTIMED});
  config.overflow_timeout = given_or(given.overflow_timeout, INT64_MAX);
  config.idle_timeout = given_or(given.idle_timeout, default_idle_timeout);
  config.burst_delay = given_or(given.burst_delay, default_burst_delay);
  config.stack_size = given.stack_size;
  if (given.timing > UINT32_MAX) return invalid(function, "timing", "has to be 0 to 4294967295", log);
  config.timing = static_cast<std::uint32_t>(given.timing);
  config.name = given.name != nullptr ? given.name : "pool";
  config.hooks = {given.on_thread_start, given.on_thread_stop, given.hook_user};
  config.log = log;
  return POOL_OK;
}

// From a task or a drop of this pool, from any drop, and from a thread-local destructor of one of its workers.
bool would_wait_for_itself(const Pool* pool) {
  return Frame::inside_pool(pool) || Frame::inside_drop() || System::worker_pool() == pool;
}

}  // namespace

pool_status_t capi::check_options(const pool_options_t& options) {
  sched::PoolConfig config{};
  return read_options("pool_default_configure", &options, config);
}

extern "C" {

pool_status_t pool_options_init(pool_options_t* options, size_t size) {
  return capi::init_out(default_options, options, size) ? POOL_OK : POOL_EINVAL;
}

pool_status_t pool_create(const pool_options_t* options, pool_t* pool) {
  if (pool == nullptr) return invalid("pool_create", "pool", "must not be NULL");
  pool->id = 0;
  sched::PoolConfig config{};
  if (const pool_status_t status = read_options("pool_create", options, config); status != POOL_OK) return status;
  capi::World* world = capi::make_world();
  if (world == nullptr) return POOL_ENOMEM;
  std::uint32_t generation = 0;
  const std::uint32_t index = sched::create_pool(*world, config, generation);
  if (index == base::nil) return POOL_ENOMEM;
  if (!sched::prestart_pool(*world, world->pools[index], generation)) return POOL_ETHREAD;
  pool->id = capi::handle_of(base::Kind::pool, index, generation);
  return POOL_OK;
}

pool_status_t pool_resize(pool_t pool, uint32_t min_workers, uint32_t max_workers) {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  const pool_status_t workers = check_workers("pool_resize", sched::log_of(*found.slot, found.generation), min_workers,
                                              max_workers, found.slot->bounds().burst());
  if (workers != POOL_OK) return workers;
  switch (sched::resize_pool(*found.world, *found.slot, found.generation, min_workers, max_workers)) {
    case sched::Resized::ok:
      return POOL_OK;
    case sched::Resized::no_thread:
      return POOL_ETHREAD;
    case sched::Resized::closed:
      return POOL_ECLOSED;
    default:
      return POOL_EBADHANDLE;
  }
}

pool_status_t pool_shutdown(pool_t pool, int32_t mode, int64_t timeout) {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (mode != POOL_SHUTDOWN_DRAIN && mode != POOL_SHUTDOWN_CANCEL) return POOL_EINVAL;
  if (timeout > 0 && (would_wait_for_itself(found.slot))) return POOL_EDEADLK;
  return sched::shut_down(*found.world, *found.slot, found.generation, mode == POOL_SHUTDOWN_CANCEL,
                          timeout > 0 ? capi::deadline_after(timeout) : 0)
             ? POOL_OK
             : POOL_ETIMEDOUT;
}

pool_status_t pool_destroy(pool_t pool) try {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (capi::is_default(pool)) return POOL_EBUSY;
  if (would_wait_for_itself(found.slot)) return POOL_EDEADLK;
  sched::shut_down(*found.world, *found.slot, found.generation, false, INT64_MAX);
  sched::Trace<System>* trace = nullptr;
  if (!sched::end_pool(*found.world, *found.slot, found.generation, &trace)) return POOL_EBADHANDLE;
  if (trace != nullptr && capi::finish_trace(*found.world, trace) != POOL_OK) {
    base::report("pool_destroy: the file of the trace could not be written to its end");
  }
  return POOL_OK;
}
POOL_OR_FORKED

pool_status_t pool_stats(pool_t pool, pool_stats_t* stats, size_t size) {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (stats == nullptr || !capi::plausible_size(size)) return POOL_EINVAL;
  const sched::PoolCounts counts = sched::count_pool(*found.world, *found.slot);
  if (!capi::resolve(pool)) return POOL_EBADHANDLE;
  pool_stats_t ours = {};
  ours.struct_size = sizeof ours;
  ours.workers = counts.threads;
  ours.workers_idle = counts.idle;
  ours.workers_peak = counts.peak;
  ours.queued = counts.queued;
  ours.running = counts.running;
  ours.blocked = found.slot->blocked.load();
  ours.rejected = found.slot->rejected.load();
  ours.caller_runs = found.slot->caller_runs.load();
  ours.discarded = found.slot->discarded.load();
  ours.workers_created = counts.created;
  ours.workers_left = counts.left;
  ours.workers_blocked = counts.blocked;
  ours.workers_burst = counts.burst;
  ours.finished = counts.tallied.finished;
  ours.failed = found.slot->failed.load();
  ours.cancelled = found.slot->cancelled.load();
  ours.helps = counts.tallied.helped;
  ours.wakes = found.slot->wakes.load();
  ours.steals = found.slot->steals.load();
  ours.longest_run = counts.longest_run;
  ours.oldest_wait = counts.oldest_wait;
  capi::copy_out(ours, stats, size);
  return POOL_OK;
}

}  // extern "C"
