/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Several threads wait for one group, which is submitted to again at once, for ever: each wait returns at the first
 * moment after its call at which the group is empty. */
#define _GNU_SOURCE
#include "check.h"

enum { waiters = 3, rounds = 2000 };

static pool_t pool;
static pool_group_t group;
static atomic_int done, stop;
static atomic_long emptied;

/* The last task of a round; from its drop on the group may be seen empty, and the next round begins. */
static void* resubmit(void* ctx) {
  (void)ctx;
  atomic_int runs = 0;
  while (atomic_load(&stop) == 0) {
    const int before = atomic_load(&runs);
    OK(pool_group_submit(group, task_count, &runs));
    while (atomic_load(&runs) == before) sched_yield();
    /* Not empty yet perhaps, but very soon: sometimes the next submit comes first, sometimes the end. */
    atomic_fetch_add(&emptied, 1);
  }
  OK(pool_group_wait(group));
  return NULL;
}

static void* wait_often(void* timed) {
  for (int i = 0; i < rounds; i++) {
    if (timed != NULL) {
      OK(pool_group_wait_for(group, LONG_NS));
    } else {
      OK(pool_group_wait(group));
    }
  }
  atomic_fetch_add(&done, 1);
  return NULL;
}

/* Exact: one waiter sleeps, the group empties once and is not empty again afterwards. */
static atomic_int waiter_id, waiter_result;
static void* wait_once(void* ctx) {
  (void)ctx;
  atomic_store(&waiter_id, thread_id());
  atomic_store(&waiter_result, pool_group_wait_for(group, LONG_NS));
  return NULL;
}
static void check_first_moment(void) {
  for (int i = 0; i < 100; i++) {
    gate_t first = GATE_CLOSED;
    gate_t second = GATE_CLOSED;
    OK(pool_group_submit(group, task_gate, &first));
    gate_await(&first, 1);
    waiter_id = 0;
    waiter_result = 1;
    const pthread_t waiter = start(wait_once, NULL);
    while (atomic_load(&waiter_id) == 0) sched_yield();
    await_sleep(atomic_load(&waiter_id));
    gate_open(&first);
    while (pool_group_poll(group) == POOL_EBUSY) sched_yield();
    OK(pool_group_submit(group, task_gate, &second)); /* at once; the waiter may not have woken yet */
    pthread_join(waiter, NULL);
    CHECK_STATUS(waiter_result, POOL_OK);
    CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
    gate_open(&second);
    OK(pool_group_wait(group));
  }
}

int main(void) {
  pool = make_pool(2);
  group = make_group(pool);
  check_first_moment();
  pthread_t threads[waiters];
  const pthread_t resubmitter = start(resubmit, NULL);
  for (int i = 0; i < waiters; i++) threads[i] = start(wait_often, i % 2 == 1 ? &done : NULL);
  for (int i = 0; i < waiters; i++) pthread_join(threads[i], NULL);
  CHECK_EQ(done, waiters);
  atomic_store(&stop, 1);
  pthread_join(resubmitter, NULL);
  const pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.succeeded, stats.submitted);
  OK(pool_destroy(pool));
  return 0;
}
