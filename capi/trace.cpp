// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Starting and stopping traces. What is recorded is in sched/trace.hpp, how it is written in trace_file.cpp.
#include <fcntl.h>
#include <pool/insight.h>

#include "base/no_cancel.hpp"
#include "group_calls.hpp"
#include "structs.hpp"
#include "trace_file.hpp"

using namespace pool;
using capi::invalid;

namespace {

constexpr const char* start_function = "pool_trace_start";
constexpr auto default_options = capi::defaults<pool_trace_options_t>();
constexpr std::uint32_t most_events = 1U << 24;
constexpr std::uint32_t most_threads = 1U << 16;
constexpr std::int64_t default_interval = 200'000;
constexpr std::int64_t never = INT64_MAX / 2;

pool_status_t read_options(const pool_trace_options_t* options, sched::TraceConfig& config) {
  pool_trace_options_t given = default_options;
  if (options != nullptr) {
    switch (capi::copy_in(options, given, offsetof(pool_trace_options_t, counter_interval))) {
      case capi::CopyIn::bad_size:
        return invalid(start_function, "struct_size", "has to be what pool_trace_options_init set");
      case capi::CopyIn::unknown_field:
        return invalid(start_function, "options", "has a field that this version does not know");
      case capi::CopyIn::ok:
        break;
    }
  }
  if (given.buffer_events != 0 && (given.buffer_events < 16 || given.buffer_events > most_events)) {
    return invalid(start_function, "buffer_events", "has to be 16 to 16777216, or 0");
  }
  if (given.max_threads > most_threads) return invalid(start_function, "max_threads", "has to be 1 to 65536, or 0");
  config.buffer_events = given.buffer_events != 0 ? given.buffer_events : 262'144;
  config.max_threads = given.max_threads != 0 ? given.max_threads : 256;
  if (given.ready_threads > config.max_threads) {
    return invalid(start_function, "ready_threads", "has to be max_threads at most");
  }
  config.ready_threads = given.ready_threads;
  const std::int64_t interval = given.counter_interval != 0 ? given.counter_interval : default_interval;
  // (About: what a tick is will be known at the end. A quantum is 20 us.)
  const double ticks = static_cast<double>(interval) * static_cast<double>(System::quantum()) / 20'000;
  const bool is_ever = interval > 0 && ticks < static_cast<double>(never);
  config.counter_ticks = is_ever ? static_cast<std::int64_t>(ticks) : never;
  return POOL_OK;
}

}  // namespace

extern "C" {

pool_status_t pool_trace_options_init(pool_trace_options_t* options, size_t size) {
  return capi::init_out(default_options, options, size) ? POOL_OK : POOL_EINVAL;
}

pool_status_t pool_trace_start(pool_t pool, const char* path, const pool_trace_options_t* options) {
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  if (path == nullptr) return invalid(start_function, "path", "must not be NULL");
  sched::TraceConfig config;
  if (const pool_status_t status = read_options(options, config); status != POOL_OK) return status;
  const base::NoCancel no_cancel;
  // (Again in start_trace; here, so that no file is made for nothing.)
  if (found.slot->trace_number.load() != 0) return POOL_EBUSY;
  // Not emptied: somebody else's trace may write it.
  config.fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (config.fd < 0) return invalid(start_function, "path", "cannot be written");
  pool_status_t status = POOL_OK;
  switch (sched::start_trace(*found.world, *found.slot, found.generation, config)) {
    case sched::TraceStarted::ok:
      return POOL_OK;
    case sched::TraceStarted::busy:
      status = POOL_EBUSY;
      break;
    case sched::TraceStarted::gone:
      status = POOL_EBADHANDLE;
      break;
    case sched::TraceStarted::no_memory:
      status = POOL_ENOMEM;
      break;
  }
  os::close_descriptor(config.fd);
  return status;
}

pool_status_t pool_trace_stop(pool_t pool, uint64_t* dropped) {
  static constexpr const char* function = "pool_trace_stop";
  if (dropped != nullptr) *dropped = 0;
  const auto found = capi::resolve(pool);
  if (!found) return found.status();
  auto* const trace = sched::end_trace(*found.slot, found.generation);
  if (trace == nullptr) return invalid(function, "pool", "is not being traced");
  if (dropped != nullptr) *dropped = trace->dropped();
  const pool_status_t status = capi::finish_trace(*found.world, trace);
  return status == POOL_EINVAL ? invalid(function, "path", "could not be written to its end") : status;
}

}  // extern "C"
