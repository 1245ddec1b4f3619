/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * What a task can ask about itself, on a worker, on a thread that waits, in place, nested; what is said outside a task;
 * and numbers that no two threads have at once. */
#define _GNU_SOURCE
#include "rig.h"

static pool_t pool;
static pool_group_t groups[3];

static void check_here(int i) {
  pool_t own_pool = {0};
  pool_group_t own_group = {0};
  OK(pool_current_pool(&own_pool));
  OK(pool_current_group(&own_group));
  CHECK_EQ(own_pool.id, pool.id);
  CHECK_EQ(own_group.id, groups[i].id);
  CHECK(pool_worker_index() >= 0);
  CHECK_STATUS(pool_current_pool(NULL), POOL_EINVAL);
  CHECK_STATUS(pool_current_group(NULL), POOL_EINVAL);
}
static void check_outside(void) {
  pool_t own_pool = {7};
  pool_group_t own_group = {7};
  CHECK_STATUS(pool_current_pool(&own_pool), POOL_EINVAL);
  CHECK_STATUS(pool_current_group(&own_group), POOL_EINVAL);
  CHECK_EQ(pool_worker_index(), -1);
  CHECK_EQ(pool_task_cancelled(), 0);
}

static pid_t outer_thread;
static int32_t outer_index;

/* Each runs the next group's task in its wait, and is itself again afterwards. A thread has one number, however deep.
 */
static int32_t nested(void* number) {
  const int i = *(int*)number;
  const int32_t index = pool_worker_index();
  check_here(i);
  if (i > 0 && outer_thread == thread_id()) CHECK_EQ(index, outer_index);
  outer_thread = thread_id();
  outer_index = index;
  if (i < 2) {
    int next = i + 1;
    OK(pool_group_submit(groups[next], nested, &next));
    OK(pool_group_wait(groups[next]));
  }
  check_here(i);
  CHECK_EQ(pool_worker_index(), index);
  return 0;
}
static void drop_asks(void* number) {
  (void)number;
  pool_group_t own_group = {0};
  if (pool_current_group(&own_group) == POOL_OK) CHECK_EQ(own_group.id, groups[0].id);
}

static void check_nested(uint32_t workers) {
  pool = make_pool(workers);
  for (int i = 0; i < 3; i++) groups[i] = make_group(pool);
  int first = 0;
  OK(pool_group_submit(groups[0], nested, &first));
  OK(pool_group_wait_for(groups[0], LONG_NS));
  hold_t hold;
  hold_workers(&hold, pool, workers);
  OK(submit_drop(groups[0], nested, &first, drop_asks));
  OK(pool_group_wait(groups[0])); /* here */
  check_outside();
  /* In place, since the queue is full. */
  pool_group_options_t options = group_defaults();
  options.queue_capacity = 1;
  options.overflow = POOL_OVERFLOW_CALLER_RUNS;
  groups[2] = make_group_of(pool, &options);
  OK(pool_group_submit(groups[2], task_nothing, NULL));
  int last = 2;
  outer_thread = 0;
  OK(pool_group_submit(groups[2], nested, &last));
  check_outside();
  release_workers(&hold);
  OK(pool_destroy(pool));
}

/* All workers and some waiters run a task at one moment: each has a number of its own. */
enum { workers_here = 8, waiters_here = 3, all_here = workers_here + waiters_here };

static gate_t together = GATE_CLOSED;
static atomic_int seen[1000];
static struct {
  pid_t thread;
  int32_t index;
} who[all_here];
static atomic_int who_count;

static int32_t take_number(void* unused) {
  (void)unused;
  const int32_t index = pool_worker_index();
  CHECK(index >= 0 && index < 1000);
  CHECK_EQ(atomic_fetch_add(&seen[index], 1), 0);
  const int i = atomic_fetch_add(&who_count, 1);
  who[i].thread = thread_id();
  who[i].index = index;
  gate_pass(&together);
  CHECK_EQ(pool_worker_index(), index);
  CHECK_EQ(atomic_fetch_sub(&seen[index], 1), 1);
  return 0;
}

static void check_numbers(void) {
  pool = make_pool(workers_here);
  pool_group_t group = make_group(pool);
  for (int round = 0; round < 20; round++) {
    together = (gate_t)GATE_CLOSED;
    who_count = 0;
    for (int i = 0; i < workers_here; i++) OK(pool_group_submit(group, take_number, NULL));
    gate_await(&together, workers_here);
    for (int i = 0; i < waiters_here; i++) OK(pool_group_submit(group, take_number, NULL));
    caller_t waiters[waiters_here];
    for (int i = 0; i < waiters_here; i++) caller_start(&waiters[i], call_wait, &group);
    gate_await(&together, all_here);
    for (int i = 0; i < all_here; i++) {
      bool is_waiter = false;
      for (int j = 0; j < waiters_here; j++) is_waiter = is_waiter || who[i].thread == waiters[j].thread;
      CHECK(is_waiter == (who[i].index >= workers_here));
    }
    gate_open(&together);
    for (int i = 0; i < waiters_here; i++) OK(caller_join(&waiters[i]));
  }
  OK(pool_destroy(pool));
}

/* The pool's own group. */
static int32_t in_own_group(void* flag) {
  pool_t own_pool = {0};
  OK(pool_current_pool(&own_pool));
  CHECK_EQ(own_pool.id, pool.id);
  CHECK(pool_worker_index() >= 0);
  atomic_fetch_add((atomic_int*)flag, 1);
  return 0;
}
static void check_pool_submit(void) {
  pool = make_pool_of(1, 2, POOL_OVERFLOW_REJECT);
  atomic_int runs = 0;
  CHECK_STATUS(pool_submit(pool, NULL, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_submit((pool_t){0}, in_own_group, &runs), POOL_EBADHANDLE);
  OK(pool_submit(pool, in_own_group, &runs));
  while (stats_of(pool).queued + stats_of(pool).running > 0) sched_yield();
  CHECK_EQ(runs, 1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  OK(pool_submit(pool, in_own_group, &runs));
  OK(pool_submit(pool, in_own_group, &runs));
  CHECK_STATUS(pool_submit(pool, in_own_group, &runs), POOL_EFULL);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_submit(pool, in_own_group, &runs), POOL_ECLOSED);
  gate_open(&hold.gate);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(runs, 3);
  OK(pool_destroy(pool));
  CHECK_STATUS(pool_submit(pool, in_own_group, &runs), POOL_EBADHANDLE);
}

/* The pool's own group ends with the pool, not by a handle. */
static int32_t end_own_group(void* ctx) {
  pool_group_t* own = (pool_group_t*)ctx;
  OK(pool_current_group(own));
  CHECK_STATUS(pool_group_destroy(*own), POOL_EBUSY);
  CHECK_STATUS(pool_group_detach(*own), POOL_EBUSY);
  return 0;
}
static void check_own_group(void) {
  const pool_t here = make_pool(1);
  pool_group_t own;
  OK(pool_submit(here, end_own_group, &own));
  OK(pool_shutdown(here, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_STATUS(pool_group_destroy(own), POOL_EBUSY);
  OK(pool_group_wait(own));
  OK(pool_destroy(here));
  CHECK_STATUS(pool_group_wait(own), POOL_EBADHANDLE);
}

int main(void) {
  check_own_group();
  check_outside();
  with_workers(check_nested);
  check_numbers();
  check_pool_submit();
  return 0;
}
