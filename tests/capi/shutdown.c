/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_shutdown: DRAIN runs what is queued, CANCEL drops it; it times out, polls, is called again, by several threads,
 * and not by the pool's own tasks unless it only closes. */
#define _GNU_SOURCE
#include "check.h"

enum { tasks = 700 };

static pool_t pool;
static pool_group_t group;
static atomic_int runs, drops;

static void queue_tasks(gate_t* gate) {
  runs = 0;
  drops = 0;
  group = make_group(pool);
  OK(pool_group_submit(group, task_gate, gate));
  gate_await(gate, 1);
  for (int i = 0; i < tasks; i++) OK(pool_group_submit(group, task_count, &runs));
}

static void check_drain(uint32_t workers) {
  gate_t gate = GATE_CLOSED;
  pool = make_pool(workers);
  queue_tasks(&gate);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MIN), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 1), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, SHORT_NS), POOL_ETIMEDOUT);
  gate_open(&gate);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(runs, tasks);
  OK(pool_group_wait(group));
  CHECK_EQ(stats_of(pool).workers, 0);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS)); /* again, the other way: there is nothing left */
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0));
  OK(pool_group_poll(group));
  OK(pool_destroy(pool));
}

static int32_t never(void* ctx) {
  (void)ctx;
  const bool a_cancelled_task_ran = true;
  CHECK(!a_cancelled_task_ran);
  return 0;
}

static void check_cancel(bool drain_first) {
  gate_t gate = GATE_CLOSED;
  pool = make_pool(1);
  group = make_group(pool);
  drops = 0;
  const pool_group_t finished = make_group(pool);
  OK(pool_group_submit(finished, task_nothing, NULL));
  OK(pool_group_wait(finished));
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  for (int i = 0; i < tasks; i++) OK(submit_drop(group, never, &drops, drop_count));
  if (drain_first) CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, 0), POOL_ETIMEDOUT);
  gate_open(&gate);
  CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
  CHECK_EQ(drops, tasks);
  CHECK_STATUS(pool_group_wait_for(group, 0), POOL_ECANCELED);
  CHECK_STATUS(pool_group_poll(group), POOL_ECANCELED);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS));
  const pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.submitted, tasks + 1);
  CHECK_EQ(stats.succeeded, 1);
  CHECK_EQ(stats.cancelled, tasks);
  CHECK_EQ(stats.failed, 0);
  OK(pool_group_poll(finished));
  OK(pool_group_destroy(group)); /* ended, however its tasks ended */
  OK(pool_destroy(pool));
}

/* A failure weighs more than a cancellation. */
static int32_t gate_then_fail(void* gate) {
  gate_pass(gate);
  return 3;
}
static void check_cancel_and_failure(void) {
  gate_t gate = GATE_CLOSED;
  pool = make_pool(1);
  group = make_group(pool);
  OK(pool_group_submit(group, gate_then_fail, &gate));
  gate_await(&gate, 1);
  OK(pool_group_submit(group, never, NULL));
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, 0), POOL_ETIMEDOUT);
  gate_open(&gate);
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_destroy(pool));
}

static int32_t try_from_inside(void* gate) {
  gate_pass(gate);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 1), POOL_EDEADLK);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, INT64_MAX), POOL_EDEADLK);
  CHECK_STATUS(pool_destroy(pool), POOL_EDEADLK);
  /* Nothing has changed: the pool is open. Now close it. */
  OK(pool_group_submit(group, task_count, &runs));
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
  OK(pool_group_submit(group, task_count, &runs));
  return 0;
}
static void drop_from_inside(void* ctx) {
  (void)ctx;
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, 1), POOL_EDEADLK);
  CHECK_STATUS(pool_destroy(pool), POOL_EDEADLK);
  atomic_fetch_add(&drops, 1);
}
static void check_from_inside(void) {
  runs = 0;
  drops = 0;
  gate_t gate = GATE_CLOSED;
  pool = make_pool(1);
  group = make_group(pool);
  OK(submit_drop(group, try_from_inside, &gate, drop_from_inside));
  gate_await(&gate, 1);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(runs, 2);
  CHECK_EQ(drops, 1);
  CHECK_STATUS(pool_group_submit(group, task_count, &runs), POOL_ECLOSED);
  OK(pool_destroy(pool));
}

/* A task of one pool may end another one. */
static int32_t end_other(void* other) {
  OK(pool_shutdown(*(pool_t*)other, POOL_SHUTDOWN_DRAIN, LONG_NS));
  OK(pool_destroy(*(pool_t*)other));
  return 0;
}

static void* shut_down(void* mode) {
  OK(pool_shutdown(pool, *(int32_t*)mode, INT64_MAX));
  CHECK_EQ(stats_of(pool).workers, 0);
  return NULL;
}
static void check_several(void) {
  static int32_t modes[4] = {POOL_SHUTDOWN_DRAIN, POOL_SHUTDOWN_CANCEL, POOL_SHUTDOWN_DRAIN, POOL_SHUTDOWN_CANCEL};
  gate_t gate = GATE_CLOSED;
  pool = make_pool(2);
  queue_tasks(&gate);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = start(shut_down, &modes[i]);
  gate_open(&gate);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  const pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.succeeded, runs + 1);
  CHECK_EQ(stats.succeeded + stats.cancelled, tasks + 1);
  OK(pool_destroy(pool));
}

static atomic_int destroyed;
static void* destroy(void* ctx) {
  (void)ctx;
  const pool_status_t status = pool_destroy(pool);
  if (status == POOL_OK) {
    atomic_fetch_add(&destroyed, 1);
  } else {
    CHECK_STATUS(status, POOL_EBADHANDLE);
  }
  return NULL;
}
static void check_destroy_several(void) {
  gate_t gate = GATE_CLOSED;
  pool = make_pool(2);
  queue_tasks(&gate);
  destroyed = 0;
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = start(destroy, NULL);
  gate_open(&gate);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  CHECK_EQ(destroyed, 1);
  CHECK_EQ(runs, tasks);
}

int main(void) {
  check_drain(1);
  check_drain(3);
  check_cancel(false);
  check_cancel(true);
  check_cancel_and_failure();
  check_from_inside();
  for (int i = 0; i < 20; i++) check_several();
  for (int i = 0; i < 20; i++) check_destroy_several();

  pool = make_pool(1);
  group = make_group(pool);
  pool_t other = make_pool(1);
  const pool_group_t others = make_group(other);
  OK(pool_group_submit(others, task_nothing, NULL));
  OK(pool_group_submit(group, end_other, &other));
  OK(pool_group_wait(group));
  CHECK_STATUS(pool_destroy(other), POOL_EBADHANDLE);
  OK(pool_destroy(pool));
  return 0;
}
