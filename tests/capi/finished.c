/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_stats counts as finished whatever was accepted and is over: what was entered and left, what was discarded as it
 * came, and a job that its waiter ran before any worker came to it; and among the failed what was left as a failure. */
#define _GNU_SOURCE
#include "rig.h"

static int32_t job_nothing(void* ctx, void** result) {
  (void)ctx;
  (void)result;
  return 0;
}

static void expect(pool_t pool, uint64_t finished, uint64_t failed) {
  const pool_stats_t stats = stats_of(pool);
  CHECK_EQ(stats.finished, finished);
  CHECK_EQ(stats.failed, failed);
}

int main(void) {
  const pool_t pool = make_pool_of(1, 1, POOL_OVERFLOW_DISCARD_NEWEST);
  const pool_group_t group = make_group(pool);
  OK(pool_group_enter(group));
  expect(pool, 0, 0);
  OK(pool_group_leave(group, 0));
  expect(pool, 1, 0);
  OK(pool_group_enter(group));
  OK(pool_group_leave(group, 7));
  expect(pool, 2, 1);

  hold_t hold;
  hold_workers(&hold, pool, 1);
  pool_job_t job;
  OK(pool_group_submit_job(group, job_nothing, NULL, NULL, NULL, &job));
  OK(pool_group_submit(group, task_nothing, NULL)); /* discarded */
  expect(pool, 3, 1);
  OK(pool_job_wait(job));
  expect(pool, 4, 1);
  release_workers(&hold);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  expect(pool, 5, 1);
  OK(pool_job_release(job));
  OK(pool_destroy(pool));
  return 0;
}
