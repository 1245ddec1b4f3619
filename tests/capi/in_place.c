/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * POOL_OVERFLOW_BLOCK from inside a task, queue full: the new task runs in place, on this thread and before the submit
 * returns; 64 inside each other are the end; all is counted. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static pool_group_t group, other;
static atomic_int runs, drops, depth, deepest, refused;
static gate_t filled;

typedef struct {
  pid_t thread;
  int depth;
  pool_group_stats_t group, other;
  pool_stats_t pool;
} seen_t;
static seen_t seen;

static int32_t look(void* ctx) {
  seen.thread = thread_id();
  seen.group = group_stats_of(group);
  seen.other = group_stats_of(other);
  seen.pool = stats_of(pool);
  *(atomic_int*)ctx += 1;
  return 5;
}

/* Stands until the queue is full, then submits in place, to its own group and to another one. */
static int32_t once(void* ctx) {
  gate_pass(&filled);
  pool_group_t target = *(pool_group_t*)ctx;
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  runs = 0;
  drops = 0;
  OK(submit_drop(target, look, &runs, drop_count));
  CHECK_EQ(runs, 2); /* run, and dropped */
  CHECK_EQ(seen.thread, thread_id());
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  return 0;
}

static void check_once(pool_group_t* target) {
  filled = (gate_t)GATE_CLOSED;
  const uint64_t before = group_stats_of(group).succeeded;
  OK(pool_group_submit(group, once, target));
  gate_await(&filled, 1);
  OK(pool_group_submit(group, task_nothing, NULL));
  gate_open(&filled);
  const bool own = target == &group;
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), own ? POOL_EFAILED : POOL_OK);
  const pool_group_stats_t stats = group_stats_of(group);
  const pool_group_stats_t others = group_stats_of(other);
  CHECK_EQ(stats.succeeded, before + 2);
  CHECK_EQ(stats.submitted, stats.succeeded + stats.failed);
  CHECK_EQ(others.submitted, others.succeeded + others.failed);
  CHECK_STATUS(pool_group_poll(other), POOL_EFAILED);
  /* What the task in place saw while everything stood: nothing that had been counted fell, the gauges are exact. */
  const pool_group_stats_t* now = own ? &seen.group : &seen.other;
  CHECK_EQ(seen.group.succeeded, before);
  CHECK(now->failed < now->submitted);
  CHECK_EQ(now->running, own ? 2 : 1);
  CHECK_EQ(now->queued, own ? 1 : 0);
  CHECK_EQ(now->succeeded + now->failed + now->running + now->queued, now->submitted);
  CHECK_EQ(seen.pool.running, 2);
  CHECK_EQ(seen.pool.queued, 1);
}

static int32_t deeper(void* ctx) {
  (void)ctx;
  const int at = atomic_fetch_add(&depth, 1);
  if (at > deepest) deepest = at;
  const pool_status_t status = pool_group_submit(group, deeper, NULL);
  if (status == POOL_EFULL) {
    atomic_fetch_add(&refused, 1);
  } else {
    OK(status);
  }
  atomic_fetch_sub(&depth, 1);
  atomic_fetch_add(&runs, 1);
  return 0;
}
static int32_t dive(void* ctx) {
  gate_pass(&filled);
  return deeper(ctx);
}

int main(void) {
  pool = make_pool_of(1, 1, POOL_OVERFLOW_BLOCK);
  group = make_group(pool);
  other = make_group(pool);
  for (int i = 0; i < 20; i++) check_once(&other);
  for (int i = 0; i < 20; i++) check_once(&group);

  /* One task, and 64 in place inside each other. */
  runs = 0;
  filled = (gate_t)GATE_CLOSED;
  OK(pool_group_submit(group, dive, NULL));
  gate_await(&filled, 1);
  OK(pool_group_submit(group, task_nothing, NULL));
  gate_open(&filled);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED); /* look() failed before */
  CHECK_EQ(refused, 1);
  CHECK_EQ(deepest, 64);
  CHECK_EQ(runs, 65);
  const pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.submitted, stats.succeeded + stats.failed);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(stats_of(pool).running, 0);
  CHECK_EQ(stats_of(pool).queued, 0);
  OK(pool_destroy(pool));
  return 0;
}
