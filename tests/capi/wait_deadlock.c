/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Waiting for, or ending, a group one of whose tasks is on the caller's own stack: POOL_EDEADLK, however deep. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static pool_group_t outer, inner;
static atomic_int tried;

static void expect_deadlock(pool_group_t group) {
  CHECK_STATUS(pool_group_wait(group), POOL_EDEADLK);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_group_destroy(group), POOL_EDEADLK);
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY); /* a poll never waits */
  atomic_fetch_add(&tried, 1);
}

static int32_t of_inner(void* ctx) {
  (void)ctx;
  expect_deadlock(inner);
  expect_deadlock(outer);
  return 0;
}

/* One worker: the wait runs the task of `inner` on this very stack. */
static int32_t of_outer(void* ctx) {
  (void)ctx;
  expect_deadlock(outer);
  OK(pool_group_submit(inner, of_inner, NULL));
  OK(pool_group_wait(inner));
  expect_deadlock(outer);
  return 0;
}

static int32_t alone(void* ctx) {
  expect_deadlock(*(pool_group_t*)ctx);
  return 0;
}

/* A job that its waiter runs before its turn: it is on that thread's stack, though its place in the queue is not
 * claimed yet. */
static int32_t early(void* ctx, void** result) {
  (void)result;
  expect_deadlock(*(pool_group_t*)ctx);
  return 0;
}

int main(void) {
  pool = make_pool(1);
  outer = make_group(pool);
  inner = make_group(pool);
  OK(pool_group_submit(outer, alone, &outer));
  OK(pool_group_wait_for(outer, LONG_NS)); /* on a worker */
  CHECK_EQ(tried, 1);

  gate_t gate = GATE_CLOSED;
  const pool_group_t occupied = make_group(pool);
  OK(pool_group_submit(occupied, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_submit(outer, alone, &outer));
  OK(pool_group_wait(outer)); /* on this thread, which helps */
  CHECK_EQ(tried, 2);
  pool_job_t job;
  OK(pool_group_submit_job(outer, early, &outer, NULL, NULL, &job));
  OK(pool_job_wait(job)); /* the same, for a job */
  CHECK_EQ(tried, 3);
  OK(pool_job_release(job));
  OK(pool_group_submit(outer, task_nothing, NULL));
  OK(pool_group_submit_job(outer, early, &outer, NULL, NULL, &job));
  OK(pool_job_wait(job)); /* not the first in the queue */
  CHECK_EQ(tried, 4);
  OK(pool_job_release(job));
  gate_open(&gate);

  OK(pool_group_submit(outer, of_outer, NULL));
  OK(pool_group_wait_for(outer, LONG_NS));
  CHECK_EQ(tried, 8);
  OK(pool_group_destroy(inner));
  OK(pool_group_destroy(outer));
  OK(pool_destroy(pool));
  return 0;
}
