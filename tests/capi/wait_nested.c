/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Waits inside tasks: a pool of one worker finishes them at any depth, and a task that arrives while every worker
 * sleeps in a wait for its group is run by them. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static atomic_int runs;

static int32_t nest(void* ctx) {
  const intptr_t depth = (intptr_t)ctx;
  atomic_fetch_add(&runs, 1);
  if (depth == 0) return 0;
  const pool_group_t group = make_group(pool);
  OK(pool_group_submit(group, nest, (void*)(depth - 1))); /* NOLINT: a number as a context */
  OK(pool_group_submit(group, task_count, &runs));
  if (depth % 2 == 0) {
    OK(pool_group_wait(group));
  } else {
    OK(pool_group_wait_for(group, LONG_NS));
  }
  OK(pool_group_destroy(group));
  return 0;
}

static gate_t inside = GATE_CLOSED;
static pool_group_t late;
static int32_t wait_late(void* ctx) {
  *(atomic_int*)ctx = thread_id();
  gate_pass(&inside);
  OK(pool_group_wait(late));
  return 0;
}

int main(void) {
  pool = make_pool(1);
  pool_group_t group = make_group(pool);
  for (int depth = 1; depth <= 100; depth++) {
    runs = 0;
    OK(pool_group_submit(group, nest, (void*)(intptr_t)depth)); /* NOLINT */
    OK(pool_group_wait_for(group, LONG_NS));
    CHECK_EQ(runs, 2 * depth + 1);
  }
  OK(pool_destroy(pool));

  /* A task at a gate holds the group open, so that the wait sleeps; then comes a second one, for which there is nobody
   * but the sleeper. */
  for (int i = 0; i < 50; i++) {
    pool = make_pool(2);
    group = make_group(pool);
    late = make_group(pool);
    gate_t gate = GATE_CLOSED;
    inside = (gate_t)GATE_CLOSED;
    atomic_int waiter = 0;
    runs = 0;
    OK(pool_group_submit(late, task_gate, &gate));
    gate_await(&gate, 1);
    OK(pool_group_submit(group, wait_late, &waiter));
    gate_await(&inside, 1);
    gate_open(&inside);
    if (i % 2 == 0) await_sleep(waiter);
    OK(pool_group_submit(late, task_count, &runs));
    while (atomic_load(&runs) == 0)
      sched_yield(); /* by the sleeper: one worker is at the gate, the other in the wait */
    gate_open(&gate);
    OK(pool_group_wait_for(group, LONG_NS));
    OK(pool_destroy(pool));
  }
  return 0;
}
