/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Places in a group's own queue belong to tasks alone: what runs in place, and what was entered, takes none. */
#define _GNU_SOURCE
#include "check.h"

static pool_status_t submit_by(pool_group_t group, uint32_t overflow) {
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = task_nothing;
  task.overflow = overflow;
  return pool_group_submit_task(group, &task);
}

int main(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t other = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(other, task_gate, &gate));
  gate_await(&gate, 1);

  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  options.queue_capacity = 3;
  pool_group_t group;
  OK(pool_group_create(pool, &options, &group));
  for (int i = 0; i < 10; i++) OK(submit_by(group, POOL_OVERFLOW_CALLER_RUNS));
  CHECK_EQ(group_stats_of(group).queued, 3);
  CHECK_EQ(group_stats_of(group).submitted, 10);
  /* One for one, however many have run in place behind them. */
  for (int i = 1; i <= 5; i++) {
    OK(submit_by(group, POOL_OVERFLOW_DISCARD_OLDEST));
    CHECK_EQ(group_stats_of(group).discarded, i);
    CHECK_EQ(group_stats_of(group).queued, 3);
  }
  for (int i = 0; i < 3; i++) CHECK_STATUS(submit_by(group, POOL_OVERFLOW_REJECT), POOL_EFULL);
  gate_open(&gate);
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  pool_group_stats_t counted = group_stats_of(group);
  CHECK_EQ(counted.submitted, 15);
  CHECK_EQ(counted.succeeded, 10);
  CHECK_EQ(counted.discarded, 5);
  OK(pool_group_destroy(group));
  OK(pool_group_wait(other));

  gate = (gate_t)GATE_CLOSED;
  OK(pool_group_submit(other, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_create(pool, &options, &group));
  for (int i = 0; i < 10; i++) OK(pool_group_enter(group));
  for (int i = 0; i < 3; i++) OK(submit_by(group, POOL_OVERFLOW_REJECT));
  CHECK_STATUS(submit_by(group, POOL_OVERFLOW_REJECT), POOL_EFULL);
  for (int i = 0; i < 10; i++) OK(pool_group_leave(group, 0));
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  gate_open(&gate);
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
  return 0;
}
