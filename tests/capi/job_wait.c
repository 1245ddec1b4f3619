/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_job_wait waits for that job and for nothing else, and runs it where it may; several threads may wait; the job on
 * one's own stack is a deadlock. */
#define _GNU_SOURCE
#include "rig.h"

typedef struct {
  gate_t* gate;
  atomic_int ran_on;
} job_ctx_t;

static int32_t run(void* ctx, void** result) {
  job_ctx_t* job = (job_ctx_t*)ctx;
  atomic_store(&job->ran_on, thread_id());
  if (job->gate != NULL) gate_pass(job->gate);
  *result = job;
  return 0;
}
static pool_job_t submit(pool_group_t group, job_ctx_t* ctx) {
  pool_job_t job;
  OK(pool_group_submit_job(group, run, ctx, NULL, NULL, &job));
  return job;
}
static pool_status_t call_job_wait(void* job) { return pool_job_wait(*(pool_job_t*)job); }
static pool_status_t call_job_wait_long(void* job) { return pool_job_wait_for(*(pool_job_t*)job, LONG_NS); }

/* The worker is held: the waiter runs the last of ten jobs, and none of the others; under NEVER nobody does. */
static void check_helps(uint32_t help, bool timed) {
  const pool_t pool = make_pool(1);
  pool_group_options_t options = group_defaults();
  options.help = help;
  pool_group_t group = make_group_of(pool, &options);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  job_ctx_t ctxs[10];
  pool_job_t jobs[10];
  memset(ctxs, 0, sizeof ctxs);
  for (int i = 0; i < 10; i++) jobs[i] = submit(group, &ctxs[i]);
  const bool helps = help == POOL_HELP_ALWAYS || (help != POOL_HELP_NEVER && !timed);
  caller_t waiter;
  caller_start(&waiter, timed ? call_job_wait_long : call_job_wait, &jobs[9]);
  if (helps) {
    OK(caller_join(&waiter));
    CHECK_EQ(ctxs[9].ran_on, waiter.thread);
    CHECK_EQ(group_stats_of(group).queued, 9);
    CHECK_EQ(group_stats_of(group).running, 0);
    CHECK_EQ(stats_of(pool).queued, 9);
    for (int i = 0; i < 9; i++) CHECK_STATUS(pool_job_status(jobs[i], NULL), POOL_EBUSY);
    /* In the middle, and the first. */
    if (!timed) OK(pool_job_wait(jobs[4]));
    if (!timed) OK(pool_job_wait(jobs[0]));
    if (!timed) CHECK_EQ(ctxs[4].ran_on, thread_id());
    release_workers(&hold);
  } else {
    CHECK(caller_settle(&waiter));
    for (int i = 0; i < 10; i++) CHECK_EQ(ctxs[i].ran_on, 0);
    release_workers(&hold);
    OK(caller_join(&waiter));
    CHECK(ctxs[9].ran_on != waiter.thread);
  }
  OK(pool_group_wait(group));
  check_counts(group, (counts_t){10, 10, 0, 0, 0});
  for (int i = 0; i < 10; i++) OK(pool_job_release(jobs[i]));
  OK(pool_destroy(pool));
}

/* Where it may not be run by a waiter: its group is suspended, or has no place. */
static void check_may_not(bool suspended) {
  const pool_t pool = make_pool(2);
  pool_group_t group = make_serial(pool);
  gate_t gate = GATE_CLOSED;
  if (suspended) {
    OK(pool_group_suspend(group));
  } else {
    OK(pool_group_submit(group, task_gate, &gate));
    gate_await(&gate, 1);
  }
  job_ctx_t ctx = {0};
  pool_job_t job = submit(group, &ctx);
  caller_t waiter;
  caller_start_asleep(&waiter, call_job_wait, &job);
  CHECK_EQ(ctx.ran_on, 0);
  if (suspended) OK(pool_group_resume(group));
  gate_open(&gate);
  OK(caller_join(&waiter));
  OK(pool_group_wait(group));
  OK(pool_job_release(job));
  OK(pool_destroy(pool));
}

/* In a serial queue a wait for a later job does not bring it forward. */
static int32_t note_order(void* ctx, void** result) {
  static atomic_int order;
  *result = NULL;
  CHECK_EQ(*(int*)ctx, atomic_fetch_add(&order, 1));
  return 0;
}
static void check_serial(void) {
  const pool_t pool = make_pool(1);
  pool_group_t group = make_serial(pool);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  int numbers[10];
  pool_job_t jobs[10];
  for (int i = 0; i < 10; i++) {
    numbers[i] = i;
    OK(pool_group_submit_job(group, note_order, &numbers[i], NULL, NULL, &jobs[i]));
  }
  caller_t waiter;
  caller_start(&waiter, call_job_wait, &jobs[9]);
  caller_settle(&waiter); /* it may run the others before it, or sleep */
  release_workers(&hold);
  OK(caller_join(&waiter));
  OK(pool_group_wait(group));
  for (int i = 0; i < 10; i++) OK(pool_job_release(jobs[i]));
  OK(pool_destroy(pool));
}

/* Several wait; the rest of the group is of no interest; a release sends them away. */
static void check_several(bool release) {
  const pool_t pool = make_pool(2);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  gate_t other = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &other));
  job_ctx_t ctx = {.gate = &gate};
  pool_job_t job = submit(group, &ctx);
  gate_await(&other, 1);
  gate_await(&gate, 1);
  caller_t waiters[4];
  for (int i = 0; i < 4; i++) caller_start_asleep(&waiters[i], i % 2 == 0 ? call_job_wait : call_job_wait_long, &job);
  if (release) OK(pool_job_release(job));
  if (!release) gate_open(&gate);
  for (int i = 0; i < 4; i++) CHECK_STATUS(caller_join(&waiters[i]), release ? POOL_ECLOSED : POOL_OK);
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY); /* the other one still stands there */
  gate_open(&gate);
  gate_open(&other);
  OK(pool_group_wait(group));
  if (!release) OK(pool_job_release(job));
  OK(pool_destroy(pool));
}

/* --- from the inside --- */

static pool_job_t own;
static pool_group_t own_group;
static gate_t known;

static int32_t wait_own(void* ctx, void** result) {
  gate_pass(&known);
  CHECK_STATUS(pool_job_wait(own), POOL_EDEADLK);
  CHECK_STATUS(pool_job_wait_for(own, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_job_status(own, NULL), POOL_EBUSY);
  /* Another job of the same group is fine; the group itself is not. */
  job_ctx_t inner = {0};
  const pool_job_t job = submit(own_group, &inner);
  OK(pool_job_wait(job));
  CHECK_EQ(inner.ran_on, thread_id());
  OK(pool_job_release(job));
  CHECK_STATUS(pool_group_wait(own_group), POOL_EDEADLK);
  *result = ctx;
  return 0;
}
static void drop_waits(void* result) {
  CHECK_STATUS(pool_job_wait(*(pool_job_t*)result), POOL_EDEADLK);
  CHECK_STATUS(pool_job_wait_for(*(pool_job_t*)result, LONG_NS), POOL_EDEADLK);
}
static void check_inside(void) {
  const pool_t pool = make_pool(1);
  own_group = make_group(pool);
  known = (gate_t)GATE_CLOSED;
  OK(pool_group_submit_job(own_group, wait_own, NULL, NULL, NULL, &own));
  gate_open(&known);
  OK(pool_job_wait_for(own, LONG_NS)); /* on the worker */
  OK(pool_job_release(own));
  /* A wait in a drop, for a job that is not finished. */
  hold_t hold;
  hold_workers(&hold, pool, 1);
  job_ctx_t unfinished = {0};
  pool_job_t later = submit(own_group, &unfinished);
  const pool_group_t other = make_group(pool);
  OK(submit_drop(other, task_nothing, &later, drop_waits));
  OK(pool_group_wait(other));
  release_workers(&hold);
  OK(pool_job_wait(later));
  OK(pool_job_release(later));
  OK(pool_destroy(pool));
}

/* Nested on one worker: each job waits for the next. */
static pool_t nest_pool;
static int32_t nest(void* ctx, void** result) {
  const intptr_t depth = (intptr_t)ctx;
  *result = ctx;
  if (depth == 0) return 0;
  const pool_group_t group = make_group(nest_pool);
  pool_job_t job;
  OK(pool_group_submit_job(group, nest, (void*)(depth - 1), NULL, NULL, &job)); /* NOLINT: a number */
  OK(depth % 2 == 0 ? pool_job_wait(job) : pool_job_wait_for(job, LONG_NS));
  void* inner = NULL;
  OK(pool_job_result(job, &inner));
  CHECK_EQ((intptr_t)inner, depth - 1);
  OK(pool_job_release(job));
  OK(pool_group_destroy(group));
  return 0;
}
static void check_nested(uint32_t workers) {
  nest_pool = make_pool(workers);
  const pool_group_t group = make_group(nest_pool);
  pool_job_t job;
  OK(pool_group_submit_job(group, nest, (void*)(intptr_t)200, NULL, NULL, &job)); /* NOLINT */
  OK(pool_job_wait_for(job, LONG_NS));
  OK(pool_job_release(job));
  OK(pool_destroy(nest_pool));
}

/* A task of a serial queue waits for a job behind it: that can never start. */
static int32_t wait_behind(void* ctx) {
  pool_group_t group;
  OK(pool_current_group(&group));
  job_ctx_t* behind = (job_ctx_t*)ctx;
  const pool_job_t job = submit(group, behind);
  CHECK_STATUS(pool_job_wait(job), POOL_EDEADLK);
  CHECK_STATUS(pool_job_wait_for(job, LONG_NS), POOL_EDEADLK);
  OK(pool_job_release(job));
  return 0;
}
static void check_behind(void) {
  const pool_t pool = make_pool(2);
  pool_group_options_t options = group_defaults();
  options.max_concurrency = 1;
  const pool_group_t group = make_group_of(pool, &options);
  job_ctx_t behind = {NULL, 0};
  OK(pool_group_submit(group, wait_behind, &behind));
  OK(pool_group_wait(group));
  CHECK(behind.ran_on != 0);
  OK(pool_destroy(pool));
}

int main(void) {
  check_behind();
  for (uint32_t help = POOL_HELP_DEFAULT; help <= POOL_HELP_ALWAYS; help++) {
    check_helps(help, false);
    check_helps(help, true);
  }
  check_may_not(false);
  check_may_not(true);
  check_serial();
  check_several(false);
  check_several(true);
  check_inside();
  with_workers(check_nested);
  return 0;
}
