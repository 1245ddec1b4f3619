/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_detach: the handle ends at once, the tasks carry on, the pool's end waits for them, and threads that wait
 * for the group get POOL_ECLOSED. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static pool_group_t group;
static atomic_int sleeper, result, runs, drops;

typedef pool_status_t (*wait_fn)(pool_group_t);
static pool_status_t timed_wait(pool_group_t waited) { return pool_group_wait_for(waited, LONG_NS); }
static wait_fn the_wait;

static void* wait_and_tell(void* ctx) {
  (void)ctx;
  atomic_store(&sleeper, thread_id());
  atomic_store(&result, the_wait(group));
  return NULL;
}

static void check_waiter(wait_fn wait) {
  gate_t gate = GATE_CLOSED;
  the_wait = wait;
  pool = make_pool(1);
  group = make_group(pool);
  sleeper = 0;
  runs = 0;
  drops = 0;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  const pthread_t thread = start(wait_and_tell, NULL);
  while (atomic_load(&sleeper) == 0) sched_yield();
  await_sleep(atomic_load(&sleeper));
  OK(pool_group_detach(group));
  CHECK_STATUS(pool_group_detach(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_EBADHANDLE);
  pthread_join(thread, NULL);
  CHECK_STATUS(result, POOL_ECLOSED);
  CHECK_EQ(stats_of(pool).running, 1);
  gate_open(&gate);
  OK(pool_destroy(pool));
}

/* Not yet started tasks of a detached group run, too. */
static void check_carries_on(void) {
  gate_t gate = GATE_CLOSED;
  pool = make_pool(1);
  group = make_group(pool);
  runs = 0;
  drops = 0;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  atomic_int each[600] = {0};
  for (int i = 0; i < 600; i++) OK(submit_drop(group, task_count, &each[i], drop_count));
  OK(pool_group_detach(group));
  CHECK_EQ(stats_of(pool).queued, 600);
  /* The slot is not free yet: new groups are other ones. */
  const pool_group_t next = make_group(pool);
  OK(pool_group_submit(next, task_nothing, NULL));
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
  gate_open(&gate);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  for (int i = 0; i < 600; i++) CHECK_EQ(each[i], 2);
  OK(pool_group_poll(next));
  OK(pool_destroy(pool));
}

/* A task detaches its own group; nobody can wait for it any more, nor submit. */
static int32_t detach_own(void* ctx) {
  OK(pool_group_detach(group));
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_wait(group), POOL_EBADHANDLE);
  atomic_fetch_add((atomic_int*)ctx, 1);
  return 0;
}

int main(void) {
  for (int i = 0; i < 20; i++) {
    check_waiter(pool_group_wait);
    check_waiter(timed_wait);
  }
  check_carries_on();
  pool = make_pool(2);
  runs = 0;
  for (int i = 0; i < 200; i++) {
    group = make_group(pool);
    OK(pool_group_submit(group, detach_own, &runs));
    while (atomic_load(&runs) == i) sched_yield();
  }
  OK(pool_destroy(pool));
  CHECK_EQ(runs, 200);
  return 0;
}
