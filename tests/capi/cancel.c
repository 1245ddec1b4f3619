/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_cancel: what has not started is dropped, by workers and waiters and not by the caller; sticky until the
 * reset; running tasks can ask; all forms of submit are refused; nobody else notices. */
#define _GNU_SOURCE
#include "rig.h"

enum { tasks = 1000 };

static pool_group_t group;
static atomic_int drops;
static _Atomic pid_t dropped_on;

static int32_t must_not_run(void* ctx) {
  (void)ctx;
  CHECK(false && "a cancelled task ran");
  return 0;
}
static void drop_here(void* ctx) {
  (void)ctx;
  dropped_on = thread_id();
  atomic_fetch_add(&drops, 1);
}
static int32_t ask(void* gates) {
  gate_t* gate = (gate_t*)gates;
  CHECK_EQ(pool_task_cancelled(), 0);
  gate_pass(&gate[0]);
  gate_pass(&gate[1]);
  CHECK_EQ(pool_task_cancelled(), 1);
  return 0;
}
static int32_t ask_not(void* result) {
  *(int32_t*)result = pool_task_cancelled();
  return 0;
}
static int32_t turn(void* ctx, uint64_t index) {
  (void)index;
  return must_not_run(ctx);
}
static int32_t job(void* ctx, void** result) {
  (void)result;
  return must_not_run(ctx);
}

static void check_refused(void) {
  void* ctxs[2] = {NULL, NULL};
  size_t accepted = 7;
  pool_job_t made = {5};
  CHECK_STATUS(pool_group_submit(group, must_not_run, NULL), POOL_ECANCELED);
  CHECK_STATUS(submit_drop(group, must_not_run, NULL, drop_here), POOL_ECANCELED);
  CHECK_STATUS(pool_group_submit_n(group, must_not_run, ctxs, 2, drop_here, &accepted), POOL_ECANCELED);
  CHECK_EQ(accepted, 0);
  CHECK_STATUS(pool_group_enter(group), POOL_ECANCELED);
  CHECK_STATUS(pool_group_apply(group, 5, 1, turn, NULL), POOL_ECANCELED);
  CHECK_STATUS(pool_group_submit_job(group, job, NULL, NULL, NULL, &made), POOL_ECANCELED);
  CHECK_EQ(made.id, 0);
  CHECK_STATUS(pool_group_suspend(group), POOL_ECANCELED);
  OK(pool_group_resume(group));
  OK(pool_group_cancel(group));
}

/* Everything queued behind a task of the group itself that runs. */
static void check_cancel(bool by_waiter, bool timed) {
  const pool_t pool = make_pool(1);
  group = make_group(pool);
  const pool_group_t other = make_group(pool);
  gate_t gates[2] = {GATE_CLOSED, GATE_CLOSED};
  atomic_int others = 0;
  drops = 0;
  OK(pool_group_submit(group, ask, gates));
  gate_await(&gates[0], 1);
  gate_open(&gates[0]);
  gate_await(&gates[1], 1);
  for (int i = 0; i < tasks; i++) OK(submit_drop(group, must_not_run, NULL, drop_here));
  for (int i = 0; i < 10; i++) OK(pool_group_submit(other, task_count, &others));
  OK(pool_group_cancel(group));
  /* The only worker is busy and nobody waits: had the caller gone through the tasks, they would be dropped. */
  CHECK_EQ(drops, 0);
  CHECK_EQ(group_stats_of(group).queued, tasks);
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  check_refused();
  CHECK_EQ(drops, 0);
  if (by_waiter) {
    CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
    caller_t waiter;
    caller_start(&waiter, call_wait, &group);
    while (atomic_load(&drops) < tasks) sched_yield(); /* by the waiter: the worker stands at the gate */
    CHECK_EQ(dropped_on, waiter.thread);
    while (group_stats_of(group).cancelled < tasks) sched_yield();
    CHECK_EQ(group_stats_of(group).queued, 0);
    CHECK_EQ(group_stats_of(group).running, 1);
    CHECK_EQ(stats_of(pool).queued, 10);
    gate_open(&gates[1]);
    CHECK_STATUS(caller_join(&waiter), POOL_ECANCELED);
  } else {
    gate_open(&gates[1]);
  }
  CHECK_STATUS(timed ? pool_group_wait_for(group, LONG_NS) : pool_group_wait(group), POOL_ECANCELED);
  CHECK_EQ(drops, tasks);
  CHECK_STATUS(pool_group_poll(group), POOL_ECANCELED);
  check_counts(group, (counts_t){tasks + 1, 1, 0, tasks, 0});
  check_refused();
  OK(pool_group_wait(other));
  CHECK_EQ(others, 10);
  OK(pool_group_reset(group));
  OK(pool_group_poll(group));
  int32_t answer = 5;
  OK(pool_group_submit(group, ask_not, &answer));
  OK(pool_group_wait(group));
  CHECK_EQ(answer, 0);
  check_counts(group, (counts_t){tasks + 2, 2, 0, tasks, 0});
  OK(pool_destroy(pool));
}

/* EFAILED is more than ECANCELED; a cancelled group in which nothing was cancelled says OK. */
static void check_outcomes(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  group = make_group(pool);
  OK(pool_group_cancel(group));
  OK(pool_group_wait(group));
  OK(pool_group_poll(group));
  check_refused();
  OK(pool_group_reset(group));
  OK(pool_group_submit(group, task_fail, NULL));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  hold_t hold;
  hold_workers(&hold, pool, workers);
  drops = 0;
  OK(submit_drop(group, must_not_run, NULL, drop_here));
  OK(pool_group_cancel(group));
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  check_counts(group, (counts_t){2, 0, 1, 1, 0});
  CHECK_EQ(drops, 1);
  /* The next group in the same slot is not cancelled. */
  for (int i = 0; i < 100; i++) {
    OK(pool_group_cancel(group));
    OK(pool_group_destroy(group));
    group = make_group(pool);
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_wait(group));
  }
  OK(pool_destroy(pool));
}

/* From the inside: by one of its own tasks, and by the drop of another one's. */
static int32_t cancel_own(void* unused) {
  (void)unused;
  OK(pool_group_cancel(group));
  CHECK_EQ(pool_task_cancelled(), 1);
  CHECK_STATUS(pool_group_submit(group, must_not_run, NULL), POOL_ECANCELED);
  return 0;
}
static void drop_cancels(void* unused) {
  (void)unused;
  OK(pool_group_cancel(group));
}
static void check_inside(bool in_drop) {
  const pool_t pool = make_pool(1);
  group = make_group(pool);
  const pool_group_t other = make_group(pool);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  drops = 0;
  /* A serial order of the two groups is not promised, one of tasks in a serial queue is. */
  if (in_drop) {
    OK(submit_drop(other, task_nothing, NULL, drop_cancels));
    for (int i = 0; i < 10; i++) OK(submit_drop(group, must_not_run, NULL, drop_here));
    OK(pool_group_wait(other)); /* here, as the worker is held */
  } else {
    OK(pool_group_destroy(group));
    group = make_serial(pool);
    OK(pool_group_submit(group, cancel_own, NULL));
    for (int i = 0; i < 10; i++) OK(submit_drop(group, must_not_run, NULL, drop_here));
  }
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
  CHECK_EQ(drops, 10);
  OK(pool_destroy(pool));
}

/* A shutdown that cancels tells running tasks, too; and a cancelled group drains. */
static void check_shutdown(void) {
  const pool_t pool = make_pool(1);
  group = make_group(pool);
  gate_t gates[2] = {GATE_CLOSED, GATE_CLOSED};
  OK(pool_group_submit(group, ask, gates));
  gate_await(&gates[0], 1);
  gate_open(&gates[0]);
  gate_await(&gates[1], 1);
  const pool_group_t cancelled = make_group(pool);
  drops = 0;
  for (int i = 0; i < 10; i++) OK(submit_drop(cancelled, must_not_run, NULL, drop_here));
  OK(pool_group_cancel(cancelled));
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, 0), POOL_ETIMEDOUT);
  gate_open(&gates[1]);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(drops, 10);
  OK(pool_group_poll(group));
  CHECK_STATUS(pool_group_poll(cancelled), POOL_ECANCELED);
  OK(pool_destroy(pool));
}

int main(void) {
  CHECK_EQ(pool_task_cancelled(), 0);
  for (int by_waiter = 0; by_waiter < 2; by_waiter++)
    for (int timed = 0; timed < 2; timed++) check_cancel(by_waiter, timed);
  with_workers(check_outcomes);
  check_inside(false);
  check_inside(true);
  check_shutdown();
  return 0;
}
