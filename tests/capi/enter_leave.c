/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Work that is done elsewhere and counted here: it holds the group open, takes no place in the queue and none of
 * max_concurrency, ends on any thread, and the pool's shutdown waits for it. */
#define _GNU_SOURCE
#include "rig.h"

static pool_group_t group;

static void check_outcomes(void) {
  const pool_t pool = make_pool(1);
  group = make_group(pool);
  CHECK_STATUS(pool_group_leave(group, 0), POOL_EINVAL);
  OK(pool_group_enter(group));
  pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.submitted, 1);
  CHECK_EQ(stats.running, 1);
  CHECK_EQ(stats.queued, 0);
  CHECK_EQ(stats_of(pool).queued, 0);
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
  OK(pool_group_leave(group, 0));
  CHECK_STATUS(pool_group_leave(group, 0), POOL_EINVAL);
  OK(pool_group_wait(group));
  check_counts(group, (counts_t){1, 1, 0, 0, 0});
  /* Its outcome is one: success, a code of its own, one of the library's. */
  const int32_t codes[] = {5, -1, INT32_MAX, INT32_MIN, INT32_MIN + 255};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    OK(pool_group_reset(group));
    OK(pool_group_enter(group));
    OK(pool_group_leave(group, codes[i]));
    CHECK_STATUS(pool_group_poll(group), POOL_EFAILED);
    int32_t code = 0;
    OK(pool_group_failure(group, &code, NULL, 0));
    CHECK_EQ(code, codes[i]);
    check_counts(group, (counts_t){2 + i, 1, 1 + i, 0, 0});
  }
  /* A task of the group that runs or is queued is nobody who is inside. */
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_submit(group, task_nothing, NULL));
  CHECK_STATUS(pool_group_leave(group, 0), POOL_EINVAL);
  gate_open(&gate);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  CHECK_STATUS(pool_group_leave(group, 0), POOL_EINVAL);
  OK(pool_destroy(pool));
}

/* A wait sleeps until the last of them leaves, and returns at once then; tasks come and go meanwhile. */
static void check_wait(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  group = make_serial(pool);
  for (int i = 0; i < 10; i++) OK(pool_group_enter(group));
  OK(pool_group_suspend(group));
  OK(pool_group_enter(group));
  OK(pool_group_resume(group));
  atomic_int runs = 0;
  for (int i = 0; i < 10; i++) OK(pool_group_submit(group, task_count, &runs)); /* its one place is free */
  while (atomic_load(&runs) < 10) sched_yield();
  while (group_stats_of(group).succeeded < 10) sched_yield();
  CHECK_EQ(group_stats_of(group).running, 11);
  caller_t waiters[2];
  caller_start_asleep(&waiters[0], call_wait, &group);
  caller_start_asleep(&waiters[1], call_wait_long, &group);
  for (int i = 0; i < 10; i++) OK(pool_group_leave(group, 0));
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  CHECK(caller_settle(&waiters[0]));
  OK(pool_group_leave(group, 0));
  for (int i = 0; i < 2; i++) OK(caller_join(&waiters[i]));
  check_counts(group, (counts_t){21, 21, 0, 0, 0});
  OK(pool_destroy(pool));
}

/* No place in a queue that is full, nor in the line before it. */
static void check_full(void) {
  const pool_t pool = make_pool_of(1, 1, POOL_OVERFLOW_REJECT);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  group = make_group(pool);
  OK(pool_group_submit(group, task_nothing, NULL));
  for (int i = 0; i < 1000; i++) OK(pool_group_enter(group));
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_EFULL);
  CHECK_EQ(stats_of(pool).queued, 1);
  for (int i = 0; i < 1000; i++) OK(pool_group_leave(group, 0));
  release_workers(&hold);
  OK(pool_group_wait(group));
  check_counts(group, (counts_t){1001, 1001, 0, 0, 0});
  OK(pool_destroy(pool));
}

/* A cancel cannot drop it, and refuses the next; a shutdown waits for it, and a closed pool lets it leave. */
static pool_status_t call_shutdown(void* pool) {
  return pool_shutdown(*(pool_t*)pool, POOL_SHUTDOWN_CANCEL, INT64_MAX);
}
static void check_ends(void) {
  pool_t pool = make_pool(1);
  group = make_group(pool);
  OK(pool_group_enter(group));
  OK(pool_group_cancel(group));
  CHECK_STATUS(pool_group_enter(group), POOL_ECANCELED);
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  OK(pool_group_leave(group, 0));
  OK(pool_group_poll(group));
  check_counts(group, (counts_t){1, 1, 0, 0, 0});
  OK(pool_group_reset(group));
  OK(pool_group_enter(group));
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, SHORT_NS), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_group_enter(group), POOL_ECLOSED);
  caller_t closer;
  caller_start_asleep(&closer, call_shutdown, &pool);
  OK(pool_group_leave(group, 9));
  OK(caller_join(&closer));
  CHECK_STATUS(pool_group_poll(group), POOL_EFAILED);
  check_counts(group, (counts_t){2, 1, 1, 0, 0});
  CHECK_STATUS(pool_group_enter(group), POOL_ECLOSED);
  OK(pool_destroy(pool));
  CHECK_STATUS(pool_group_leave(group, 0), POOL_EBADHANDLE);
}

/* In threads that are none of the pool's, beside tasks and waits. */
static atomic_int left;
static void* elsewhere(void* unused) {
  for (int i = 0; i < scaled(2000); i++) {
    OK(pool_group_enter(group));
    if (i % 3 == 0) OK(pool_group_submit(group, task_nothing, NULL));
    atomic_fetch_add(&left, 1);
    OK(pool_group_leave(group, 0));
    if (i % 50 == 0) OK(pool_group_wait(group));
  }
  return unused;
}
static void check_threads(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  group = make_group(pool);
  left = 0;
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = start(elsewhere, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  OK(pool_group_wait(group));
  const uint64_t each = (uint64_t)scaled(2000);
  CHECK_EQ(left, 4 * each);
  const uint64_t all = 4 * (each + (each + 2) / 3);
  check_counts(group, (counts_t){all, all, 0, 0, 0});
  CHECK_STATUS(pool_group_leave(group, 0), POOL_EINVAL);
  OK(pool_destroy(pool));
}

/* What was entered before a detach can still leave, and the end of the pool waits for it. */
static void check_detached(void) {
  const pool_t own = make_pool(1);
  const pool_group_t loose = make_group(own);
  OK(pool_group_enter(loose));
  OK(pool_group_enter(loose));
  OK(pool_group_detach(loose));
  CHECK_STATUS(pool_group_enter(loose), POOL_EBADHANDLE);
  OK(pool_group_leave(loose, 0));
  CHECK_STATUS(pool_shutdown(own, POOL_SHUTDOWN_DRAIN, SHORT_NS), POOL_ETIMEDOUT);
  OK(pool_group_leave(loose, 1));
  CHECK_STATUS(pool_group_leave(loose, 0), POOL_EBADHANDLE);
  OK(pool_destroy(own));
}

int main(void) {
  check_detached();
  check_outcomes();
  with_workers(check_wait);
  check_full();
  check_ends();
  with_workers(check_threads);
  return 0;
}
