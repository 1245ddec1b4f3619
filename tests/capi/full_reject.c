/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * POOL_OVERFLOW_REJECT: the bound is exact, and a refused submit leaves no trace. Task over group over pool says what
 * happens at the bound. */
#define _GNU_SOURCE
#include "check.h"

static atomic_int runs, drops;

static void check_bound(uint32_t capacity) {
  runs = 0;
  drops = 0;
  const pool_t pool = make_pool_of(1, capacity, POOL_OVERFLOW_REJECT);
  const pool_group_t group = make_group(pool);
  const pool_group_t other = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  for (uint32_t i = 0; i < capacity; i++) OK(pool_group_submit(i % 2 ? other : group, task_count, &runs));
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(pool_group_submit(group, task_count, &runs), POOL_EFULL);
    CHECK_STATUS(pool_group_submit(other, task_count, &runs), POOL_EFULL);
    CHECK_STATUS(submit_drop(group, task_count, &runs, drop_count), POOL_EFULL);
    size_t accepted = 9;
    void* ctxs[2] = {&runs, &runs};
    CHECK_STATUS(pool_group_submit_n(group, task_count, ctxs, 2, NULL, &accepted), POOL_EFULL);
    CHECK_EQ(accepted, 0);
  }
  CHECK_EQ(stats_of(pool).queued, capacity);
  CHECK_EQ(stats_of(pool).running, 1);
  gate_open(&gate);
  OK(pool_group_wait(group));
  OK(pool_group_wait(other));
  CHECK_EQ(runs, capacity);
  CHECK_EQ(drops, 0);
  CHECK_EQ(group_stats_of(group).submitted + group_stats_of(other).submitted, capacity + 1);
  OK(pool_group_submit(group, task_count, &runs)); /* there is room again */
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
}

/* Prefixes: as many as there is room for, and drop belongs to these alone. */
static void check_prefix(void) {
  runs = 0;
  drops = 0;
  const pool_t pool = make_pool_of(1, 3, POOL_OVERFLOW_REJECT);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  atomic_int each[5] = {0};
  void* ctxs[5] = {&each[0], &each[1], &each[2], &each[3], &each[4]};
  size_t accepted = 9;
  CHECK_STATUS(pool_group_submit_n(group, task_count, ctxs, 5, drop_count, &accepted), POOL_EFULL);
  CHECK_EQ(accepted, 3);
  gate_open(&gate);
  OK(pool_group_wait(group));
  for (int i = 0; i < 5; i++) CHECK_EQ(each[i], i < 3 ? 2 : 0); /* one run, one drop */
  OK(pool_destroy(pool));
}

/* A pool that blocks, with a group that rejects, and the other way round; a task overrules both. */
static void check_override(void) {
  for (uint32_t of_pool = POOL_OVERFLOW_BLOCK; of_pool <= POOL_OVERFLOW_REJECT; of_pool++) {
    const pool_t pool = make_pool_of(1, 1, of_pool);
    pool_group_options_t options;
    OK(pool_group_options_init(&options, sizeof options));
    options.overflow = POOL_OVERFLOW_REJECT;
    pool_group_t rejecting, inheriting;
    OK(pool_group_create(pool, &options, &rejecting));
    options.overflow = POOL_OVERFLOW_DEFAULT;
    OK(pool_group_create(pool, &options, &inheriting));
    gate_t gate = GATE_CLOSED;
    OK(pool_group_submit(rejecting, task_gate, &gate));
    gate_await(&gate, 1);
    OK(pool_group_submit(rejecting, task_nothing, NULL));
    CHECK_STATUS(pool_group_submit(rejecting, task_nothing, NULL), POOL_EFULL);
    if (of_pool == POOL_OVERFLOW_REJECT) CHECK_STATUS(pool_group_submit(inheriting, task_nothing, NULL), POOL_EFULL);
    pool_task_t task;
    OK(pool_task_init(&task, sizeof task));
    task.fn = task_nothing;
    task.overflow = POOL_OVERFLOW_REJECT;
    CHECK_STATUS(pool_group_submit_task(inheriting, &task), POOL_EFULL);
    gate_open(&gate);
    OK(pool_group_wait(rejecting));
    OK(pool_destroy(pool));
  }
}

int main(void) {
  const uint32_t capacities[] = {1, 2, 7, 8, 9, 300};
  for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) check_bound(capacities[i]);
  check_prefix();
  check_override();
  return 0;
}
