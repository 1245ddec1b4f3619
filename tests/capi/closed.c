/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A closed pool: POOL_ECLOSED for everybody but its own tasks, which may submit and make groups until it is empty. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static pool_group_t group;
static gate_t gate = GATE_CLOSED;
static atomic_int runs, drops;

static int32_t last_task(void* ctx) {
  gate_pass(&gate);
  pool_group_t own;
  OK(pool_group_create(pool, NULL, &own));
  for (int i = 0; i < 20; i++) OK(pool_group_submit(own, task_count, &runs));
  OK(pool_group_wait(own));
  CHECK_EQ(runs, 20);
  OK(pool_group_destroy(own));
  OK(submit_drop(group, task_count, ctx, drop_count));
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
  return 0;
}

static void check_outsider(void) {
  size_t accepted = 9;
  void* ctxs[2] = {&runs, &runs};
  pool_group_t refused = {1};
  CHECK_STATUS(pool_group_submit(group, task_count, &runs), POOL_ECLOSED);
  CHECK_STATUS(submit_drop(group, task_count, &runs, drop_count), POOL_ECLOSED);
  CHECK_STATUS(pool_group_submit_n(group, task_count, ctxs, 2, drop_count, &accepted), POOL_ECLOSED);
  CHECK_EQ(accepted, 0);
  CHECK_STATUS(pool_group_create(pool, NULL, &refused), POOL_ECLOSED);
  CHECK_EQ(refused.id, 0);
}

int main(void) {
  atomic_int late = 0;
  pool = make_pool(2);
  group = make_group(pool);
  OK(pool_group_submit(group, last_task, &late));
  gate_await(&gate, 1);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
  check_outsider();
  gate_open(&gate);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MAX));
  CHECK_EQ(late, 2); /* run and dropped */
  check_outsider();
  CHECK_EQ(drops, 0);

  /* What is finished can still be asked and ended. */
  OK(pool_group_poll(group));
  OK(pool_group_wait(group));
  CHECK_EQ(group_stats_of(group).submitted, 2);
  OK(pool_group_destroy(group));
  CHECK_EQ(stats_of(pool).workers, 0);
  OK(pool_destroy(pool));

  /* A pool that never had a task. */
  pool = make_pool(2);
  group = make_group(pool);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, 0));
  check_outsider();
  OK(pool_destroy(pool));
  return 0;
}
