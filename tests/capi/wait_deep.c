/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Waits inside tasks inside waits, a thousand deep, on one worker and on few; and a task that blocks does not hold back
 * those that were submitted with it. */
#define _GNU_SOURCE
#include "rig.h"

static pool_t pool;
static atomic_int runs;

static int32_t nest(void* ctx) {
  const intptr_t depth = (intptr_t)ctx;
  atomic_fetch_add(&runs, 1);
  if (depth == 0) return 0;
  const pool_group_t group = make_group(pool);
  OK(pool_group_submit(group, nest, (void*)(depth - 1))); /* NOLINT: a number as a context */
  OK(pool_group_wait(group));
  OK(pool_group_destroy(group));
  return 0;
}
static void check_depth(uint32_t workers) {
  pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  atomic_store(&runs, 0);
  OK(pool_group_submit(group, nest, (void*)(intptr_t)1000)); /* NOLINT */
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(runs, 1001);
  OK(pool_destroy(pool));
}

/* 255 quick tasks, one that blocks, one more: the last one starts while the other still stands there. */
static void check_batch(uint32_t workers, int place) {
  pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  hold_t hold;
  hold_workers(&hold, pool, workers);
  gate_t gate = GATE_CLOSED;
  atomic_int last = 0;
  atomic_int quick = 0;
  for (int i = 0; i < 256; i++) {
    if (i == place) OK(pool_group_submit(group, task_gate, &gate));
    if (i != place) OK(pool_group_submit(group, task_count, &quick));
  }
  OK(pool_group_submit(group, task_count, &last));
  release_workers(&hold);
  gate_await(&gate, 1);
  while (atomic_load(&last) == 0) sched_yield();
  while (atomic_load(&quick) < 255) sched_yield();
  gate_open(&gate);
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
}

/* Several that block, no more than the workers less one: the rest comes through. */
static void check_blocked(uint32_t workers) {
  if (workers < 2) return;
  pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  atomic_int quick = 0;
  for (int i = 0; i < 2000; i++) {
    const bool blocks = i % 30 == 0 && i / 30 < (int)workers - 1;
    if (blocks) OK(pool_group_submit(group, task_gate, &gate));
    if (!blocks) OK(pool_group_submit(group, task_count, &quick));
  }
  const int blocked = (int)workers - 1 < 67 ? (int)workers - 1 : 67;
  gate_await(&gate, blocked);
  while (atomic_load(&quick) < 2000 - blocked) sched_yield();
  gate_open(&gate);
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
}

int main(void) {
  with_workers(check_depth);
  const int places[] = {0, 1, 100, 254, 255};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    check_batch(2, places[i]);
    check_batch(3, places[i]);
  }
  with_workers(check_blocked);
  return 0;
}
