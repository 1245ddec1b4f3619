// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The options: every field reaches the C struct.
#include "check.hpp"

#include <cstring>
#include <string>

using namespace std::chrono_literals;

namespace {

void pool_fields() {
  pool::thread_pool_options options;
  pool_options_t c = pool::detail::c_options(options, nullptr);
  pool_options_t defaults;
  CHECK(pool_options_init(&defaults, sizeof defaults) == POOL_OK);
  CHECK(std::memcmp(&c, &defaults, sizeof c) == 0);

  options.min_workers = 1;
  options.max_workers = 2;
  options.burst_workers = 3;
  options.prestart = true;
  options.queue_capacity = 4;
  options.overflow = pool::overflow_policy::caller_runs;
  options.wake_policy = pool::waking::eager;
  options.help = pool::help_policy::always;
  options.log_level = pool::severity::off;
  options.overflow_timeout = 5ns;
  options.idle_timeout = 0s;
  options.burst_delay = pool::forever;
  options.stack_size = 6;
  options.name = "seven";
  options.on_thread_start = [] {};
  options.on_thread_stop = [] {};
  options.log = [](pool::severity, const char*) {};
  pool::detail::pool_hooks hooks(options);
  c = pool::detail::c_options(options, &hooks);
  CHECK(c.struct_size == sizeof c && c.min_workers == 1 && c.max_workers == 2 && c.burst_workers == 3);
  CHECK(c.prestart == 1 && c.queue_capacity == 4 && c.overflow == POOL_OVERFLOW_CALLER_RUNS);
  CHECK(c.wake_policy == POOL_WAKE_EAGER && c.help == POOL_HELP_ALWAYS && c.log_level == POOL_LOG_OFF);
  CHECK(c.overflow_timeout == 5 && c.idle_timeout == -1 && c.burst_delay == INT64_MAX && c.stack_size == 6);
  CHECK(std::string(c.name) == "seven" && c.hook_user == &hooks && c.log_user == &hooks);
  CHECK(c.on_thread_start != nullptr && c.on_thread_stop != nullptr && c.log != nullptr);
  CHECK(c.on_thread_start != c.on_thread_stop);

  options.on_thread_stop = nullptr;
  options.log = nullptr;
  const pool::detail::pool_hooks one(options);
  c = pool::detail::c_options(options, const_cast<pool::detail::pool_hooks*>(&one));
  CHECK(c.on_thread_start != nullptr && c.on_thread_stop == nullptr && c.log == nullptr);
}

void group_fields() {
  pool::group_options options;
  pool_group_options_t c = options.c_options();
  pool_group_options_t defaults;
  CHECK(pool_group_options_init(&defaults, sizeof defaults) == POOL_OK);
  CHECK(std::memcmp(&c, &defaults, sizeof c) == 0);
  const pool_group_t parent{77};
  options.overflow = pool::overflow_policy::discard_oldest;
  options.queue_capacity = pool::unbounded;
  options.max_concurrency = 2;
  options.weight = 3;
  options.help = pool::help_policy::never;
  options.fail_fast = true;
  options.keep_jobs = true;
  options.parent = pool::group_ref(parent);
  options.overflow_timeout = -1s;
  options.name = "name";
  c = options.c_options();
  CHECK(c.struct_size == sizeof c && c.overflow == POOL_OVERFLOW_DISCARD_OLDEST && c.queue_capacity == POOL_UNBOUNDED);
  CHECK(c.max_concurrency == 2 && c.weight == 3 && c.help == POOL_HELP_NEVER && c.fail_fast == 1 && c.keep_jobs == 1);
  CHECK(c.parent_kind == POOL_PARENT_GROUP && c.parent.id == 77 && c.overflow_timeout == -1);
  CHECK(std::string(c.name) == "name");
  options.parent = pool::parent_group::current();
  CHECK(options.c_options().parent_kind == POOL_PARENT_CURRENT);
}

#if __cplusplus >= 202002L
void designated() {
  pool::thread_pool workers({.max_workers = 2, .name = "named"});
  pool::group group(workers, {.max_concurrency = 1, .name = "serial"});
  group.submit([] {}, {.overflow = pool::overflow_policy::reject});
  group.wait();
}
#endif

}  // namespace

int main() {
  pool_fields();
  group_fields();
#if __cplusplus >= 202002L
  designated();
#endif
  return 0;
}
