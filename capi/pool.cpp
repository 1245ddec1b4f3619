// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <pool/pool.h>

#include "base/log.hpp"
#include "default.hpp"
#include "structs.hpp"
#include "world.hpp"

using namespace pool;
using capi::Frame;
using capi::Pool;

namespace {

constexpr auto default_options = capi::defaults<pool_options_t>();
constexpr std::uint32_t default_capacity = 65'536;

pool_status_t invalid(const char* field, const char* allowed, const base::LogConfig& log = {}) {
  base::report_invalid(log, "pool_create", field, allowed);
  return POOL_EINVAL;
}

pool_status_t read_options(const pool_options_t* options, sched::PoolConfig& config) {
  pool_options_t given = default_options;
  if (options != nullptr) {
    switch (capi::copy_in(options, given, offsetof(pool_options_t, overflow_timeout))) {
      case capi::CopyIn::bad_size:
        return invalid("struct_size", "has to be what pool_options_init set");
      case capi::CopyIn::unknown_field:
        return invalid("options", "has a field that this version does not know");
      case capi::CopyIn::ok:
        break;
    }
  }
  if (given.log_level > POOL_LOG_OFF) return invalid("log_level", "has to be one of POOL_LOG_*");
  const base::LogConfig log = {given.log, given.log_user, static_cast<base::LogLevel>(given.log_level)};
  if (given.max_workers > Pool::max_max_workers) return invalid("max_workers", "has to be 1 to 32767, or 0", log);
  if (given.queue_capacity > park::Room<System>::max_capacity && given.queue_capacity != POOL_UNBOUNDED) {
    return invalid("queue_capacity", "has to be 1 to 1000000000, POOL_UNBOUNDED, or 0", log);
  }
  if (given.overflow > POOL_OVERFLOW_DISCARD_NEWEST)
    return invalid("overflow", "has to be one of POOL_OVERFLOW_*", log);
  config.max_workers = given.max_workers != 0 ? given.max_workers
                                              : std::min(os::usable_processors(), std::uint32_t{Pool::max_max_workers});
  config.queue_capacity =
      given.queue_capacity != 0 ? std::min(given.queue_capacity, park::Room<System>::max_capacity) : default_capacity;
  config.overflow = given.overflow != 0 ? given.overflow : std::uint32_t{POOL_OVERFLOW_BLOCK};
  config.name = given.name != nullptr ? given.name : "pool";
  return POOL_OK;
}

// From a task or a drop of this pool, from any drop, and from a thread-local destructor of one of its workers.
bool would_wait_for_itself(const Pool* pool) {
  return Frame::inside_pool(pool) || Frame::inside_drop() || System::worker_pool() == pool;
}

}  // namespace

pool_status_t capi::check_options(const pool_options_t& options) {
  sched::PoolConfig config{};
  return read_options(&options, config);
}

extern "C" {

pool_status_t pool_options_init(pool_options_t* options, size_t size) {
  return capi::init_out(default_options, options, size) ? POOL_OK : POOL_EINVAL;
}

pool_status_t pool_create(const pool_options_t* options, pool_t* pool) {
  if (pool == nullptr) return invalid("pool", "must not be NULL");
  pool->id = 0;
  sched::PoolConfig config{};
  if (const pool_status_t status = read_options(options, config); status != POOL_OK) return status;
  capi::World* world = capi::make_world();
  if (world == nullptr) return POOL_ENOMEM;
  std::uint32_t generation = 0;
  const std::uint32_t index = sched::create_pool(*world, config, generation);
  if (index == base::nil) return POOL_ENOMEM;
  pool->id = capi::handle_of(base::Kind::pool, index, generation);
  return POOL_OK;
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
  return sched::end_pool(*found.world, *found.slot, found.generation) ? POOL_OK : POOL_EBADHANDLE;
}
POOL_OR_FORKED

pool_status_t pool_stats(pool_t pool, pool_stats_t* stats, size_t size) {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (stats == nullptr || !capi::plausible_size(size)) return POOL_EINVAL;
  const sched::PoolCounts counts = sched::count_pool(*found.slot);
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
  capi::copy_out(ours, stats, size);
  return POOL_OK;
}

}  // extern "C"
