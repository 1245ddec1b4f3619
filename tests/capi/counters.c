/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Counters of groups and pools: exact while a group is empty, never falling, gauges exact while everything stands. */
#define _GNU_SOURCE
#include "check.h"

static int32_t fail_some(void* ctx) { return (int32_t)((intptr_t)ctx % 3 == 0); }

static atomic_int stop;
static pool_group_t watched;
static void* watch(void* ctx) {
  (void)ctx;
  pool_group_stats_t last;
  memset(&last, 0, sizeof last);
  while (atomic_load(&stop) == 0) {
    const pool_group_stats_t now = group_stats_of(watched);
    CHECK(now.submitted >= last.submitted);
    CHECK(now.succeeded >= last.succeeded);
    CHECK(now.failed >= last.failed);
    CHECK(now.cancelled >= last.cancelled);
    CHECK(now.succeeded + now.failed + now.cancelled <= now.submitted);
    CHECK_EQ(now.reserved, 0);
    last = now;
  }
  return NULL;
}

int main(void) {
  pool_t pool = make_pool(1);
  pool_group_t group = make_group(pool);
  pool_stats_t stats = stats_of(pool);
  CHECK_EQ(stats.workers + stats.workers_idle + stats.workers_peak, 0);
  CHECK_EQ(stats.queued + stats.running, 0);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  for (int i = 0; i < 1000; i++) OK(pool_group_submit(group, task_nothing, NULL));
  pool_group_stats_t counted = group_stats_of(group);
  CHECK_EQ(counted.submitted, 1001);
  CHECK_EQ(counted.queued, 1000);
  CHECK_EQ(counted.running, 1);
  CHECK_EQ(counted.succeeded + counted.failed + counted.cancelled, 0);
  stats = stats_of(pool);
  CHECK_EQ(stats.queued, 1000);
  CHECK_EQ(stats.running, 1);
  CHECK_EQ(stats.workers, 1);
  CHECK_EQ(stats.workers_peak, 1);
  gate_open(&gate);
  OK(pool_group_wait(group));
  counted = group_stats_of(group);
  CHECK_EQ(counted.succeeded, 1001);
  CHECK_EQ(counted.queued + counted.running + counted.failed + counted.cancelled, 0);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  stats = stats_of(pool);
  CHECK_EQ(stats.workers + stats.workers_idle, 0);
  CHECK_EQ(stats.workers_peak, 1);
  CHECK_EQ(stats.queued + stats.running, 0);
  OK(pool_destroy(pool));

  pool = make_pool(2);
  watched = make_group(pool);
  const pthread_t watcher = start(watch, NULL);
  uint64_t submitted = 0;
  uint64_t failed = 0;
  for (int round = 0; round < 100; round++) {
    for (intptr_t i = 0; i < 100; i++) {
      OK(pool_group_submit(watched, fail_some, (void*)i)); /* NOLINT: a number as a context */
      submitted++;
      failed += i % 3 == 0 ? 1 : 0;
    }
    CHECK_STATUS(pool_group_wait(watched), POOL_EFAILED);
    counted = group_stats_of(watched);
    CHECK_EQ(counted.submitted, submitted);
    CHECK_EQ(counted.failed, failed);
    CHECK_EQ(counted.succeeded, submitted - failed);
    CHECK_EQ(counted.cancelled + counted.queued + counted.running, 0);
  }
  atomic_store(&stop, 1);
  pthread_join(watcher, NULL);
  /* Another life begins at nothing. */
  OK(pool_group_destroy(watched));
  group = make_group(pool);
  counted = group_stats_of(group);
  CHECK_EQ(counted.submitted + counted.succeeded + counted.failed, 0);
  OK(pool_destroy(pool));
  return 0;
}
