/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * fork() inside a task. The child is a copy of a thread that is in the middle of its parent's work: nothing of that is
 * dropped or counted there. A worker's copy ends when the task returns, and the child with it; a wait that ran the task
 * returns POOL_EFORKED; in both a pool of the child's own works. The parent does not notice. */
#define _GNU_SOURCE
#include "check.h"

#include <signal.h>
#include <sys/wait.h>

enum { status_given = 7, most = 1000 };

static pool_t pool;
static pool_group_t group, inner, other;
static pid_t parent;
static atomic_int drops, children;
static pid_t forked[most];

/* In the parent: the child is to be waited for. In the child: an own pool works, the parent's does not. */
static bool fork_here(void) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child != 0) {
    forked[atomic_fetch_add(&children, 1)] = child;
    return false;
  }
  /* Workers block it. */
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &alarms, NULL), 0);
  alarm(60);
  pool_t same;
  pool_group_t same_group;
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_EFORKED);
  CHECK_STATUS(pool_group_wait(group), POOL_EFORKED);
  CHECK_STATUS(pool_destroy(pool), POOL_EFORKED);
  CHECK_STATUS(pool_task_set_failure(5, NULL), POOL_EINVAL); /* of no task */
  same = make_pool(1);
  same_group = make_group(same);
  atomic_int count = 0;
  for (int i = 0; i < 20; i++) OK(submit_drop(same_group, task_count, &count, drop_count));
  OK(pool_group_wait(same_group));
  CHECK_EQ(count, 40);
  OK(pool_group_destroy(same_group));
  OK(pool_destroy(same));
  return true;
}
static bool in_child(void) { return getpid() != parent; }

static void drop_here(void* ctx) {
  CHECK(!in_child());
  atomic_fetch_add((atomic_int*)ctx, 1);
}
static int32_t fork_task(void* ctx) {
  (void)ctx;
  (void)fork_here();
  return 0;
}
static int32_t fork_fail(void* ctx) { return fork_task(ctx) + 7; }
static int32_t fork_leave(void* ctx) {
  (void)fork_task(ctx);
  pthread_exit(NULL);
}
/* A fork in the drop: its task is over, but not counted. */
static void fork_drop(void* ctx) {
  drop_here(ctx);
  (void)fork_here();
}

static void expect_children(int status_expected) {
  for (int i = 0; i < children; i++) {
    int status = 0;
    CHECK_EQ(waitpid(forked[i], &status, 0), forked[i]);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), status_expected);
  }
  children = 0;
}

/* On a worker: the child ends by itself, as a process does whose last thread has ended. */
static void on_worker(pool_task_fn fn, pool_drop_fn drop, pool_status_t outcome) {
  drops = 0;
  pool = make_pool(2);
  group = make_group(pool);
  for (int i = 0; i < 5; i++) OK(submit_drop(group, fn, &drops, drop));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), outcome);
  CHECK_EQ(drops, 5);
  CHECK_EQ(children, 5);
  const pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.succeeded + stats.failed, 5);
  expect_children(0);
  OK(pool_destroy(pool));
}

/* On a thread that waits: the wait ends with an error in the child. */
static void on_helper(void) {
  drops = 0;
  pool = make_pool(1);
  other = make_group(pool);
  group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(other, task_gate, &gate)); /* the worker is away */
  gate_await(&gate, 1);
  for (int i = 0; i < 3; i++) OK(submit_drop(group, fork_task, &drops, drop_here));
  const pool_status_t status = pool_group_wait(group);
  if (in_child()) {
    CHECK_STATUS(status, POOL_EFORKED);
    CHECK_STATUS(pool_group_wait(group), POOL_EFORKED);
    _exit(status_given);
  }
  CHECK_STATUS(status, POOL_OK);
  for (int i = 0; i < 3; i++) OK(submit_drop(group, fork_task, &drops, drop_here));
  const pool_status_t destroyed = pool_group_destroy(group);
  if (in_child()) {
    CHECK_STATUS(destroyed, POOL_EFORKED);
    _exit(status_given);
  }
  OK(destroyed);
  CHECK_EQ(drops, 6);
  expect_children(status_given);
  gate_open(&gate);
  OK(pool_destroy(pool));
}

/* In a nested wait of a worker, and in a task that runs in place: each level learns of it. */
static int32_t wait_inside(void* ctx) {
  OK(submit_drop(inner, fork_task, ctx, drop_here));
  const pool_status_t status = pool_group_wait(inner);
  if (!in_child()) return status;
  CHECK_STATUS(status, POOL_EFORKED);
  CHECK_STATUS(pool_task_set_failure(5, NULL), POOL_EINVAL); /* still of no task */
  return 0;
}
static int32_t submit_inside(void* ctx) {
  OK(submit_drop(inner, task_nothing, ctx, drop_here)); /* the queue is full */
  const pool_status_t status = submit_drop(inner, fork_task, ctx, drop_here);
  if (!in_child()) return status;
  CHECK_STATUS(status, POOL_EFORKED);
  return 0;
}
static void nested(pool_task_fn fn) {
  drops = 0;
  pool = make_pool_of(1, 1, POOL_OVERFLOW_BLOCK);
  group = make_group(pool);
  inner = make_group(pool);
  for (int i = 0; i < 3; i++) {
    OK(submit_drop(group, fn, &drops, drop_here));
    OK(pool_group_wait_for(group, LONG_NS));
    OK(pool_group_wait_for(inner, LONG_NS));
  }
  CHECK_EQ(drops, fn == wait_inside ? 6 : 9);
  expect_children(0);
  OK(pool_destroy(pool));
}

/* Turns of a loop, a job that runs early, a notification, a result that nobody wants. */
static atomic_int turns;
static int32_t fork_turn(void* ctx, uint64_t i) {
  (void)ctx;
  CHECK(!in_child());
  atomic_fetch_add(&turns, 1);
  if (i == 5) (void)fork_here();
  return 0;
}
static int32_t fork_job(void* ctx, void** result) {
  *result = ctx;
  return fork_task(ctx);
}
static int32_t leave_result(void* ctx, void** result) {
  *result = ctx;
  return 0;
}
static void expect_forked(pool_status_t status) {
  if (!in_child()) return;
  CHECK_STATUS(status, POOL_EFORKED);
  _exit(status_given);
}
static void* notified;
static void fork_notice(void* ctx, pool_status_t outcome) {
  (void)outcome;
  notified = ctx;
  (void)fork_here();
}
static void beyond_tasks(void) {
  pool = make_pool(1);
  other = make_group(pool);
  group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(other, task_gate, &gate));
  gate_await(&gate, 1);
  drops = 0;
  turns = 0;
  pool_status_t status = pool_group_apply(group, 20, 3, fork_turn, NULL);
  expect_forked(status);
  CHECK_STATUS(status, POOL_OK);
  CHECK_EQ(turns, 20);

  pool_job_t job;
  OK(pool_group_submit_job(group, fork_job, &drops, NULL, drop_here, &job));
  status = pool_job_wait(job);
  expect_forked(status);
  CHECK_STATUS(status, POOL_OK);
  OK(pool_job_release(job));
  OK(pool_group_submit_job(group, leave_result, &drops, NULL, fork_drop, &job));
  OK(pool_job_wait(job));
  OK(pool_group_wait(group));
  status = pool_job_release(job);
  expect_forked(status);
  CHECK_STATUS(status, POOL_OK);
  CHECK_EQ(drops, 2);
  CHECK_EQ(children, 3);
  expect_children(status_given);

  OK(pool_group_notify(group, fork_notice, &drops));
  gate_open(&gate);
  OK(pool_group_destroy(group));
  CHECK(notified == &drops);
  OK(pool_destroy(pool));
  expect_children(0);
}

int main(void) {
  if (!FOLLOWS_FORKS) {
    puts("SKIPPED: a sanitizer cannot follow threads that a child starts");
    return 0;
  }
  parent = getpid();
  for (int i = 0; i < 10; i++) {
    on_worker(fork_task, drop_here, POOL_OK);
    on_worker(fork_fail, drop_here, POOL_EFAILED);
    on_worker(fork_leave, drop_here, POOL_EFAILED);
    on_worker(task_nothing, fork_drop, POOL_OK);
    on_helper();
    nested(wait_inside);
    nested(submit_inside);
    beyond_tasks();
  }
  return 0;
}
