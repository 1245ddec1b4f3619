/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * As a program that was built with the first header: its structs have the sizes of then, written out, whatever the
 * newest ones have grown to. Every option of then still acts, and nothing is written behind the end of a struct. */
#define _GNU_SOURCE
#include <pool/insight.h>

#include "../capi/check.h"

/* The sizes at 1.0. No number changes after the freeze. */
enum {
  first_options = 128,
  first_group_options = 64,
  first_task = 72,
  first_stats = 160,
  first_group_stats = 80,
  first_histogram = 1312,
  first_trace_options = 24
};

/* ROOM(type, name, bytes): a struct of that many bytes, and guards behind it. */
enum { guard = 0xee };
#define ROOM(type, name, size)        \
  union {                             \
    type it;                          \
    unsigned char bytes[(size) + 64]; \
  } name;                             \
  memset(name.bytes, guard, sizeof name.bytes)
#define CHECK_GUARDS(name, size)                                                           \
  do {                                                                                     \
    CHECK_EQ(name.it.struct_size, size);                                                   \
    for (size_t i = size; i < sizeof name.bytes; i++) CHECK_EQ(name.bytes[i], (int)guard); \
  } while (0)

static atomic_int threads;
static atomic_int drops;
static void count_thread(void* user) { atomic_fetch_add((atomic_int*)user, 1); }
static void count_drop(void* ctx) {
  CHECK_EQ(*(int*)ctx, 7);
  atomic_fetch_add(&drops, 1);
}
static int32_t see_copy(void* ctx) { return *(int*)ctx == 7 ? 0 : 1; }

static pool_t first_pool(void) {
  pool_t pool;
  ROOM(pool_options_t, options, first_options);
  OK(pool_options_init(&options.it, first_options));
  CHECK_GUARDS(options, first_options);
  options.it.min_workers = 1;
  options.it.max_workers = 2;
  options.it.prestart = 1;
  options.it.on_thread_start = count_thread;
  options.it.hook_user = &threads;
  options.it.timing = 1; /* the last field of then */
  OK(pool_create(&options.it, &pool));
  CHECK_GUARDS(options, first_options);
  return pool;
}

static pool_group_t first_group(pool_t pool) {
  pool_group_t group;
  char name[16];
  ROOM(pool_group_options_t, options, first_group_options);
  OK(pool_group_options_init(&options.it, first_group_options));
  CHECK_GUARDS(options, first_group_options);
  options.it.max_concurrency = 1;
  options.it.name = "first"; /* the last field of then */
  OK(pool_group_create(pool, &options.it, &group));
  CHECK_GUARDS(options, first_group_options);
  OK(pool_group_name(group, name, sizeof name));
  CHECK(strcmp(name, "first") == 0);
  return group;
}

static void first_tasks(pool_group_t group) {
  const int seven = 7;
  pool_timer_t timer = {0};
  ROOM(pool_task_t, task, first_task);
  OK(pool_task_init(&task.it, first_task));
  CHECK_GUARDS(task, first_task);
  task.it.fn = see_copy;
  task.it.ctx = (void*)(uintptr_t)&seven;
  task.it.copy_size = sizeof seven;
  task.it.drop = count_drop;
  for (int i = 0; i < 9; i++) OK(pool_group_submit_task(group, &task.it));
  task.it.delay = INT64_MAX;
  task.it.timer = &timer; /* the last field of then */
  OK(pool_group_submit_task(group, &task.it));
  CHECK_GUARDS(task, first_task);
  OK(pool_timer_fire(timer));
  OK(pool_group_wait(group));
  CHECK_EQ(atomic_load(&drops), 10);
}

static void first_figures(pool_t pool, pool_group_t group) {
  ROOM(pool_stats_t, stats, first_stats);
  OK(pool_stats(pool, &stats.it, first_stats));
  CHECK_GUARDS(stats, first_stats);
  CHECK_EQ(stats.it.finished, 10);
  CHECK_EQ(stats.it.oldest_wait, 0); /* the last field of then */

  ROOM(pool_group_stats_t, group_stats, first_group_stats);
  OK(pool_group_stats(group, &group_stats.it, first_group_stats));
  CHECK_GUARDS(group_stats, first_group_stats);
  CHECK_EQ(group_stats.it.succeeded, 10);
  CHECK_EQ(group_stats.it.oldest_wait, 0); /* the last field of then */

  ROOM(pool_histogram_t, waits, first_histogram);
  OK(pool_histogram(pool, POOL_HISTOGRAM_WAIT, &waits.it, first_histogram));
  CHECK_GUARDS(waits, first_histogram);
  CHECK_EQ(waits.it.count, 9); /* not the delayed one */
  CHECK(pool_histogram_percentile(&waits.it, 100) >= waits.it.longest);
}

static void first_trace(pool_t pool) {
  ROOM(pool_trace_options_t, options, first_trace_options);
  OK(pool_trace_options_init(&options.it, first_trace_options));
  CHECK_GUARDS(options, first_trace_options);
  options.it.counter_interval = -1; /* the last field of then */
  OK(pool_trace_start(pool, "/dev/null", &options.it));
  CHECK_GUARDS(options, first_trace_options);
  OK(pool_trace_stop(pool, NULL));
}

int main(void) {
  CHECK_EQ(pool_version() >> 16, 1);
  const pool_t pool = first_pool();
  const pool_group_t group = first_group(pool);
  first_tasks(group);
  first_figures(pool, group);
  first_trace(pool);
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
  CHECK(atomic_load(&threads) >= 1);
  return 0;
}
