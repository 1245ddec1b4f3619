/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * What the public headers promise in numbers, checked by the compiler: a field that moves or changes its size, a struct
 * that shrinks or a constant that changes its value does not compile. A new field gets a line and its struct another
 * size; no number of a line that is there may change (README.md). Statuses are in tests/capi/status_names.c. */
#include <pool/insight.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "the size of " #type)
#define AT(type, field, offset, bytes)                                                  \
  _Static_assert(offsetof(type, field) == (offset), "where " #field " lies in " #type); \
  _Static_assert(sizeof(((type*)0)->field) == (bytes), "the size of " #field " in " #type)
#define IS(constant, value) _Static_assert((constant) == (value), "the value of " #constant)

/* Constants. */

IS(POOL_OVERFLOW_DEFAULT, 0);
IS(POOL_OVERFLOW_BLOCK, 1);
IS(POOL_OVERFLOW_REJECT, 2);
IS(POOL_OVERFLOW_CALLER_RUNS, 3);
IS(POOL_OVERFLOW_DISCARD_OLDEST, 4);
IS(POOL_OVERFLOW_DISCARD_NEWEST, 5);

IS(POOL_WAKE_DEFAULT, 0);
IS(POOL_WAKE_THRIFTY, 1);
IS(POOL_WAKE_EAGER, 2);

IS(POOL_HELP_DEFAULT, 0);
IS(POOL_HELP_NEVER, 1);
IS(POOL_HELP_UNTIMED, 2);
IS(POOL_HELP_ALWAYS, 3);

IS(POOL_LOG_DEFAULT, 0);
IS(POOL_LOG_INFO, 1);
IS(POOL_LOG_WARNING, 2);
IS(POOL_LOG_ERROR, 3);
IS(POOL_LOG_OFF, 4);

IS(POOL_SHUTDOWN_DRAIN, 1);
IS(POOL_SHUTDOWN_CANCEL, 2);

IS(POOL_PARENT_NONE, 0);
IS(POOL_PARENT_GROUP, 1);
IS(POOL_PARENT_CURRENT, 2);

IS(POOL_HISTOGRAM_WAIT, 1);
IS(POOL_HISTOGRAM_RUN, 2);

IS(POOL_UNBOUNDED, 4294967295);
IS(POOL_TASK_COPY_MAX, 48);
IS(POOL_FAILURE_TEXT_MAX, 128);
IS(POOL_TASK_AGAIN, -2147483645);
IS(POOL_HISTOGRAM_BUCKETS, 160);

/* The same everywhere: handles, and structs that we fill. */

SIZE(pool_t, 8);
AT(pool_t, id, 0, 8);
SIZE(pool_group_t, 8);
AT(pool_group_t, id, 0, 8);
SIZE(pool_job_t, 8);
AT(pool_job_t, id, 0, 8);
SIZE(pool_timer_t, 8);
AT(pool_timer_t, id, 0, 8);

SIZE(pool_stats_t, 160);
AT(pool_stats_t, struct_size, 0, 4);
AT(pool_stats_t, workers, 4, 4);
AT(pool_stats_t, workers_idle, 8, 4);
AT(pool_stats_t, workers_peak, 12, 4);
AT(pool_stats_t, queued, 16, 8);
AT(pool_stats_t, running, 24, 8);
AT(pool_stats_t, workers_created, 32, 8);
AT(pool_stats_t, workers_left, 40, 8);
AT(pool_stats_t, blocked, 48, 8);
AT(pool_stats_t, rejected, 56, 8);
AT(pool_stats_t, caller_runs, 64, 8);
AT(pool_stats_t, discarded, 72, 8);
AT(pool_stats_t, workers_blocked, 80, 8);
AT(pool_stats_t, workers_burst, 88, 8);
AT(pool_stats_t, finished, 96, 8);
AT(pool_stats_t, failed, 104, 8);
AT(pool_stats_t, cancelled, 112, 8);
AT(pool_stats_t, helps, 120, 8);
AT(pool_stats_t, wakes, 128, 8);
AT(pool_stats_t, steals, 136, 8);
AT(pool_stats_t, longest_run, 144, 8);
AT(pool_stats_t, oldest_wait, 152, 8);

SIZE(pool_group_stats_t, 80);
AT(pool_group_stats_t, struct_size, 0, 4);
AT(pool_group_stats_t, reserved, 4, 4);
AT(pool_group_stats_t, submitted, 8, 8);
AT(pool_group_stats_t, succeeded, 16, 8);
AT(pool_group_stats_t, failed, 24, 8);
AT(pool_group_stats_t, cancelled, 32, 8);
AT(pool_group_stats_t, queued, 40, 8);
AT(pool_group_stats_t, running, 48, 8);
AT(pool_group_stats_t, discarded, 56, 8);
AT(pool_group_stats_t, waiters, 64, 8);
AT(pool_group_stats_t, oldest_wait, 72, 8);

SIZE(pool_histogram_t, 1312);
AT(pool_histogram_t, struct_size, 0, 4);
AT(pool_histogram_t, reserved, 4, 4);
AT(pool_histogram_t, count, 8, 8);
AT(pool_histogram_t, sum, 16, 8);
AT(pool_histogram_t, longest, 24, 8);
AT(pool_histogram_t, buckets, 32, 1280);

SIZE(pool_trace_options_t, 24);
AT(pool_trace_options_t, struct_size, 0, 4);
AT(pool_trace_options_t, buffer_events, 4, 4);
AT(pool_trace_options_t, max_threads, 8, 4);
AT(pool_trace_options_t, ready_threads, 12, 4);
AT(pool_trace_options_t, counter_interval, 16, 8);

/* With pointers of eight bytes. */

#if defined(__LP64__)

SIZE(pool_options_t, 128);
AT(pool_options_t, struct_size, 0, 4);
AT(pool_options_t, min_workers, 4, 4);
AT(pool_options_t, max_workers, 8, 4);
AT(pool_options_t, burst_workers, 12, 4);
AT(pool_options_t, prestart, 16, 4);
AT(pool_options_t, queue_capacity, 20, 4);
AT(pool_options_t, overflow, 24, 4);
AT(pool_options_t, wake_policy, 28, 4);
AT(pool_options_t, help, 32, 4);
AT(pool_options_t, log_level, 36, 4);
AT(pool_options_t, overflow_timeout, 40, 8);
AT(pool_options_t, idle_timeout, 48, 8);
AT(pool_options_t, burst_delay, 56, 8);
AT(pool_options_t, stack_size, 64, 8);
AT(pool_options_t, name, 72, 8);
AT(pool_options_t, on_thread_start, 80, 8);
AT(pool_options_t, on_thread_stop, 88, 8);
AT(pool_options_t, hook_user, 96, 8);
AT(pool_options_t, log, 104, 8);
AT(pool_options_t, log_user, 112, 8);
AT(pool_options_t, timing, 120, 8);

SIZE(pool_group_options_t, 64);
AT(pool_group_options_t, struct_size, 0, 4);
AT(pool_group_options_t, overflow, 4, 4);
AT(pool_group_options_t, queue_capacity, 8, 4);
AT(pool_group_options_t, max_concurrency, 12, 4);
AT(pool_group_options_t, weight, 16, 4);
AT(pool_group_options_t, help, 20, 4);
AT(pool_group_options_t, fail_fast, 24, 4);
AT(pool_group_options_t, keep_jobs, 28, 4);
AT(pool_group_options_t, parent_kind, 32, 4);
AT(pool_group_options_t, limit_counts_suspended, 36, 4);
AT(pool_group_options_t, overflow_timeout, 40, 8);
AT(pool_group_options_t, parent, 48, 8);
AT(pool_group_options_t, name, 56, 8);

SIZE(pool_task_t, 72);
AT(pool_task_t, struct_size, 0, 4);
AT(pool_task_t, overflow, 4, 4);
AT(pool_task_t, fn, 8, 8);
AT(pool_task_t, ctx, 16, 8);
AT(pool_task_t, drop, 24, 8);
AT(pool_task_t, copy_size, 32, 8);
AT(pool_task_t, overflow_timeout, 40, 8);
AT(pool_task_t, delay, 48, 8);
AT(pool_task_t, start_at, 56, 8);
AT(pool_task_t, timer, 64, 8);

#endif
