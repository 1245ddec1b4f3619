/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Whatever goes on and on does so on the stack of one step: a million tasks, each submitted by the one before it, on
 * workers with 64 KiB and on a waiter that has no more; jobs, notifications and tasks that call themselves again;
 * families of groups a hundred thousand deep. Through a full queue tasks run in place, to a depth that is bounded. */
#define _GNU_SOURCE
#include "rig.h"

enum { small_stack = 64 * 1024 };

static pool_t pool;
static pool_group_t group;
static long left, done;
static atomic_long dropped;

static pool_t make_small(uint32_t workers) {
  pool_options_t options = pool_defaults();
  pool_t made;
  options.max_workers = workers;
  options.stack_size = small_stack;
  OK(pool_create(&options, &made));
  return made;
}
/* Calls something on a thread with a small stack. */
static void on_small_stack(void* (*call)(void*), void* arg) {
  pthread_attr_t attributes;
  pthread_t thread;
  CHECK_EQ(pthread_attr_init(&attributes), 0);
  CHECK_EQ(pthread_attr_setstacksize(&attributes, small_stack), 0);
  CHECK_EQ(pthread_create(&thread, &attributes, call, arg), 0);
  CHECK_EQ(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&attributes);
}
static void* wait_for_group(void* ctx) {
  OK(pool_group_wait(group));
  return ctx;
}

/* One after another: plain variables will do. */
static int32_t next(void* ctx) {
  done++;
  if (--left > 0) OK(pool_group_submit(group, next, ctx));
  return 0;
}
static void drop_next(void* ctx) {
  (void)ctx;
  atomic_fetch_add(&dropped, 1);
}
static int32_t next_dropped(void* ctx) {
  done++;
  if (--left > 0) OK(submit_drop(group, next_dropped, ctx, drop_next));
  return 0;
}
static int32_t next_job(void* ctx, void** result) {
  (void)result;
  done++;
  if (--left > 0) {
    pool_job_t job;
    OK(pool_group_submit_job(group, next_job, ctx, NULL, NULL, &job));
    OK(pool_job_release(job));
  }
  return 0;
}
static int32_t first_job(void* ctx) {
  void* result = NULL;
  return next_job(ctx, &result);
}
static int32_t again(void* ctx) {
  (void)ctx;
  done++;
  return --left > 0 ? pool_task_again_after(0) : 0;
}
static void next_notice(void* ctx, pool_status_t outcome) {
  CHECK_EQ(outcome, POOL_OK);
  done++;
  if (--left > 0) OK(pool_group_notify(group, next_notice, ctx));
}
static int32_t first_notice(void* ctx) {
  next_notice(ctx, POOL_OK);
  return 0;
}

static void check_chain(pool_task_fn first, int count, bool by_waiter) {
  pool = make_small(1);
  group = make_group(pool);
  left = count;
  done = 0;
  hold_t hold;
  if (by_waiter) hold_workers(&hold, pool, 1);
  OK(pool_group_submit(group, first, NULL));
  if (by_waiter) {
    on_small_stack(wait_for_group, NULL);
    release_workers(&hold);
  }
  OK(pool_group_destroy(group)); /* after notifications, too */
  CHECK_EQ(left, 0);
  CHECK_EQ(done, count);
  OK(pool_destroy(pool));
}

/* The queue is full: what a task submits runs in place, 64 inside each other, and the last of them is refused. That is
 * a known depth, for which a stack has to be made: 64 frames of the task and of the library. */
static atomic_int accepted, ran, deepest;
static _Thread_local int depth;
static int32_t spread(void* ctx) {
  atomic_fetch_add(&ran, 1);
  if (++depth > deepest) atomic_store(&deepest, depth);
  for (int i = 0; i < 2; i++) {
    if (atomic_load(&accepted) >= *(int*)ctx) break;
    const pool_status_t status = pool_group_submit(group, spread, ctx);
    CHECK(status == POOL_OK || status == POOL_EFULL);
    if (status == POOL_OK) atomic_fetch_add(&accepted, 1);
  }
  depth--;
  return 0;
}
static void check_in_place(uint32_t overflow, int count) {
  pool = make_pool_of(1, 1, overflow);
  group = make_group(pool);
  ran = deepest = 0;
  accepted = 1;
  OK(pool_group_submit(group, spread, &count));
  OK(pool_group_wait(group));
  CHECK_EQ(ran, accepted);
  CHECK(deepest > 1 && deepest <= 65);
  CHECK_EQ(group_stats_of(group).succeeded, accepted);
  OK(pool_destroy(pool));
}

/* Each the child of the one before: told, waited for and ended from the root and from the leaf. */
static void* end_family(void* ctx) {
  pool_group_t* family = *(pool_group_t**)ctx;
  OK(pool_group_suspend(family[0]));
  OK(pool_group_resume(family[0]));
  OK(pool_group_wait(family[0]));
  OK(pool_group_cancel(family[0]));
  return NULL;
}
static void check_family(int count) {
  pool_group_t* family = malloc((size_t)count * sizeof *family);
  CHECK(family != NULL);
  pool = make_small(2);
  family[0] = make_group(pool);
  for (int i = 1; i < count; i++) family[i] = make_child(pool, family[i - 1]);
  on_small_stack(end_family, &family);
  CHECK_STATUS(pool_group_submit(family[count - 1], task_nothing, NULL), POOL_ECANCELED);
  for (int i = 0; i < count / 2; i++) OK(pool_group_destroy(family[i % 2 == 0 ? i / 2 : count - 1 - i / 2]));
  OK(pool_destroy(pool)); /* with the rest */
  free(family);
}

int main(void) {
  const int million = scaled(1000000);
  for (int by_waiter = 0; by_waiter < 2; by_waiter++) {
    check_chain(next, by_waiter != 0 ? million / 8 : million, by_waiter != 0);
    check_chain(next_dropped, million / 8, by_waiter != 0);
    check_chain(first_job, million / 8, by_waiter != 0);
    check_chain(again, million / 20, by_waiter != 0);
  }
  CHECK_EQ(dropped, 2 * (million / 8 - 1));
  check_chain(first_notice, million / 8, false);
  check_in_place(POOL_OVERFLOW_BLOCK, million / 8);
  check_in_place(POOL_OVERFLOW_CALLER_RUNS, million / 8);
  check_family(scaled(100000));
  return 0;
}
