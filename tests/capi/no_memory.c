/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The N-th allocation of the calling thread fails, once or from then on, for N = 0, 1, ...: POOL_ENOMEM (or
 * POOL_ETHREAD, for the thread's own memory), nothing has changed, and the same call succeeds later. Workers need no
 * allocation at all. This is one long run; no_memory_calls.c has each call by itself. */
#define _GNU_SOURCE
#include "check.h"

#if SANITIZED

int main(void) {
  printf("SKIPPED: a sanitizer has a malloc of its own\n");
  return 0;
}

#else

#include "failing.h"

enum { tasks = 700, groups = 300 };
static atomic_int runs, drops;

static int32_t run_counted(void* ctx) {
  (void)ctx;
  atomic_fetch_add(&runs, 1);
  return 0;
}
static void drop_counted(void* ctx) {
  (void)ctx;
  atomic_fetch_add(&drops, 1);
}

static void notice_counted(void* ctx, pool_status_t outcome) {
  (void)outcome;
  drop_counted(ctx);
}

static int32_t run_job(void* ctx, void** result) {
  (void)result;
  return run_counted(ctx);
}
static bool refused(pool_status_t status) {
  if (status == POOL_OK) return false;
  CHECK(status == POOL_ENOMEM || status == POOL_ETHREAD);
  CHECK(failed > 0);
  return true;
}

/* Does everything once, in a fresh process. What is refused is tried again when there is memory. */
static int scenario(long n, bool for_ever) {
  is_tester = true;
  persistent = for_ever;
  countdown = n;
  pool_t pool = {1};
  pool_status_t status = pool_create(NULL, &pool);
  if (refused(status)) {
    CHECK_STATUS(status, POOL_ENOMEM);
    CHECK_EQ(pool.id, 0);
    countdown = -1;
    OK(pool_create(NULL, &pool));
    if (for_ever) countdown = 0;
  }
  static pool_group_t made[groups];
  for (int i = 0; i < groups; i++) {
    made[i].id = 1;
    status = pool_group_create(pool, NULL, &made[i]);
    if (refused(status)) {
      CHECK_STATUS(status, POOL_ENOMEM);
      CHECK_EQ(made[i].id, 0);
      countdown = -1;
      OK(pool_group_create(pool, NULL, &made[i]));
      if (for_ever) countdown = 0;
    }
  }
  int plain = 0;
  int dropped = 0;
  int told = 0;
  int jobs = 0;
  int entered = 0;
  int later = 0;
  for (int i = 0; i < tasks; i++) {
    status = pool_group_submit(made[0], task_count, &runs);
    if (!refused(status)) plain++;
    status = submit_drop(made[i % groups], run_counted, NULL, drop_counted);
    if (!refused(status)) dropped++;
    status = pool_group_notify(made[i % groups], notice_counted, NULL);
    if (!refused(status)) told++;
    pool_job_t job = {1};
    status = pool_group_submit_job(made[i % groups], run_job, NULL, NULL, NULL, &job);
    if (refused(status)) {
      CHECK_EQ(job.id, 0);
    } else {
      jobs++;
      OK(pool_job_release(job));
    }
    status = pool_group_enter(made[i % groups]);
    if (!refused(status)) {
      entered++;
      OK(pool_group_leave(made[i % groups], 0));
    }
    pool_timer_t timer = {1};
    status = pool_group_submit_after(made[i % groups], 1, run_counted, NULL, &timer);
    if (refused(status)) {
      CHECK_EQ(timer.id, 0);
    } else {
      later++;
    }
    if (for_ever && i == tasks / 2) countdown = -1;
  }
  countdown = -1;
  CHECK(plain > 0 && dropped > 0);
  for (int i = 0; i < groups; i++) OK(pool_group_wait(made[i]));
  uint64_t submitted = 0;
  for (int i = 0; i < groups; i++) {
    submitted += group_stats_of(made[i]).submitted;
    OK(pool_group_destroy(made[i]));
  }
  CHECK_EQ(submitted, plain + dropped + jobs + entered + later);
  CHECK_EQ(runs, plain + dropped + jobs + later);
  CHECK_EQ(drops, dropped + told); /* notifications come before the destroy returns */
  OK(pool_destroy(pool));
  return failed > 0 ? passed : nothing_failed;
}

/* A plain submit and POOL_ENOMEM: the queue has to grow. */
static int full_queue(void) {
  is_tester = true;
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  int accepted = 0;
  persistent = true;
  countdown = 0;
  pool_status_t status = POOL_OK;
  while (status == POOL_OK && accepted < 100000) {
    status = pool_group_submit(group, task_count, &runs);
    if (status == POOL_OK) accepted++;
  }
  CHECK_STATUS(status, POOL_ENOMEM);
  CHECK_STATUS(pool_group_submit(group, task_count, &runs), POOL_ENOMEM);
  static atomic_int other;
  void* ctxs[1] = {&other};
  size_t count = 9;
  CHECK_STATUS(pool_group_submit_n(group, task_count, ctxs, 1, drop_count, &count), POOL_ENOMEM);
  CHECK_EQ(count, 0);
  countdown = -1;
  CHECK_EQ(stats_of(pool).queued, accepted);
  OK(pool_group_submit(group, task_count, &runs));
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(runs, accepted + 1);
  CHECK_EQ(other, 0);
  OK(pool_destroy(pool));
  return passed;
}

/* Once they run, workers allocate nothing: not for tasks, nor for drops, groups that empty, failures. */
static int32_t fail_with_text(void* ctx) {
  (void)ctx;
  OK(pool_task_set_failure(5, "a text"));
  return 0;
}
static int no_allocation_in_workers(void) {
  is_tester = true;
  const pool_t pool = make_pool(2);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (int i = 0; i < 2; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 2);
  atomic_store(&workers_fail, true);
  for (int i = 0; i < tasks; i++) {
    OK(pool_group_submit(group, task_count, &runs));
    OK(submit_drop(group, run_counted, NULL, drop_counted));
  }
  OK(pool_group_submit(group, fail_with_text, NULL));
  gate_open(&gate);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  CHECK_EQ(runs, 2 * tasks);
  CHECK_EQ(drops, tasks);
  OK(pool_destroy(pool));
  CHECK_EQ(worker_allocations, 0);
  return passed;
}

typedef struct point {
  long n;
  bool for_ever;
} point_t;
static int attempt(const void* ctx) {
  const point_t* point = (const point_t*)ctx;
  return scenario(point->n, point->for_ever);
}
static int simple(const void* ctx) { return (*(int (*const*)(void))ctx)(); }

int main(void) {
  /* The n-th of all allocations that the scenario makes; most are the tasks' own, all alike. */
  for (int for_ever = 0; for_ever < 2; for_ever++) {
    point_t point = {0, for_ever != 0};
    const char* const name = for_ever != 0 ? "allocations from one on" : "one allocation";
    while (in_child(attempt, &point, name, point.n) == passed) point.n += point.n < 60 ? 1 : 23;
    CHECK(point.n > 60);
  }
  static int (*const others[])(void) = {full_queue, no_allocation_in_workers};
  for (int i = 0; i < 2; i++) CHECK_EQ(in_child(simple, &others[i], "full queue, workers", i), passed);
  return 0;
}

#endif
