/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pthread_exit() in a task: a failure with code INT32_MIN + 2, the context is dropped, the group completes, and the
 * pool has as many workers as before. In a wait that helps it ends the waiting thread. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static pool_group_t group;
static atomic_int runs, drops, survived;

static int32_t leave(void* ctx) {
  (void)ctx;
  pthread_exit(NULL);
}
static int32_t leave_as(void* ctx) {
  (void)ctx;
  OK(pool_task_set_failure(5, "mine"));
  pthread_exit(NULL);
}

static void expect_failure(pool_group_t of) {
  int32_t code = 0;
  char text[POOL_FAILURE_TEXT_MAX];
  OK(pool_group_failure(of, &code, text, sizeof text));
  CHECK_EQ(code, INT32_MIN + 2);
  CHECK(text[0] != '\0');
}

static void check_workers(uint32_t workers) {
  pool = make_pool(workers);
  for (int round = 0; round < 30; round++) {
    runs = 0;
    drops = 0;
    group = make_group(pool);
    for (int i = 0; i < 5; i++) {
      OK(submit_drop(group, i == 2 ? leave_as : leave, &drops, drop_count));
      OK(pool_group_submit(group, task_count, &runs));
    }
    CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
    expect_failure(group);
    CHECK_EQ(runs, 5);
    CHECK_EQ(drops, 5);
    const pool_group_stats_t stats = group_stats_of(group);
    CHECK_EQ(stats.failed, 5);
    CHECK_EQ(stats.succeeded, 5);
    OK(pool_group_destroy(group));
    CHECK(stats_of(pool).workers <= workers);
    CHECK(stats_of(pool).workers >= 1);
  }
  /* All of them are there: this many tasks stand at the gate at once. */
  gate_t gate = GATE_CLOSED;
  group = make_group(pool);
  for (uint32_t i = 0; i < workers; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, (int)workers);
  CHECK_EQ(stats_of(pool).workers, workers);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
}

/* On a helper. */
static void* wait_and_die(void* ctx) {
  (void)ctx;
  (void)pool_group_wait(group);
  atomic_fetch_add(&survived, 1);
  return NULL;
}
static void check_helper(void) {
  pool = make_pool(1);
  const pool_group_t occupied = make_group(pool);
  for (int i = 0; i < 20; i++) {
    gate_t gate = GATE_CLOSED;
    group = make_group(pool);
    drops = 0;
    runs = 0;
    OK(pool_group_submit(occupied, task_gate, &gate));
    gate_await(&gate, 1);
    OK(submit_drop(group, leave, &drops, drop_count));
    OK(pool_group_submit(group, task_count, &runs));
    const pthread_t helper = start(wait_and_die, NULL);
    pthread_join(helper, NULL);
    CHECK_EQ(survived, 0); /* the thread ended, as it must */
    CHECK_EQ(drops, 1);
    CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
    CHECK_STATUS(pool_group_wait(group), POOL_EFAILED); /* this thread helps with the other task */
    CHECK_EQ(runs, 1);
    expect_failure(group);
    OK(pool_group_destroy(group));
    gate_open(&gate);
    OK(pool_group_wait_for(occupied, LONG_NS));
  }
  CHECK_EQ(stats_of(pool).workers, 1);
  OK(pool_destroy(pool));
}

/* In a drop, and inside a nested wait on a worker. */
static void leave_in_drop(void* ctx) {
  atomic_fetch_add((atomic_int*)ctx, 1);
  pthread_exit(NULL);
}
static pool_group_t inner;
static int32_t wait_inside(void* ctx) {
  (void)ctx;
  OK(pool_group_submit(inner, leave, NULL));
  (void)pool_group_wait(inner);
  atomic_fetch_add(&survived, 1);
  return 0;
}
static void check_rest(void) {
  pool = make_pool(1);
  group = make_group(pool);
  inner = make_group(pool);
  drops = 0;
  OK(submit_drop(group, task_nothing, &drops, leave_in_drop));
  OK(pool_group_wait_for(group, LONG_NS)); /* the task itself had succeeded */
  CHECK_EQ(drops, 1);
  survived = 0;
  OK(pool_group_submit(group, wait_inside, NULL));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  CHECK_STATUS(pool_group_wait_for(inner, LONG_NS), POOL_EFAILED);
  CHECK_EQ(survived, 0);
  expect_failure(group);
  expect_failure(inner);
  OK(pool_group_submit(inner, task_nothing, NULL));
  CHECK_STATUS(pool_group_wait_for(inner, LONG_NS), POOL_EFAILED);
  /* The pool ends although its last task ended its thread. */
  OK(pool_group_submit(group, leave, NULL));
  OK(pool_destroy(pool));
}

int main(void) {
  check_workers(1);
  check_workers(3);
  check_helper();
  for (int i = 0; i < 20; i++) check_rest();
  return 0;
}
