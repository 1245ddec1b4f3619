/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * fork() with a busy pool. In the child every call on the parent's handles gives POOL_EFORKED, nothing of the parent's
 * is run or dropped, and a pool of the child's own works; nothing hangs (a child has an alarm) and the parent is
 * unharmed. Grandchildren too. */
#define _GNU_SOURCE
#include "check.h"

#include <pool/insight.h>
#include <sys/wait.h>
#include <unistd.h>

enum { workers = 2, queued = 5, capacity = 5 };

static pool_t pool;
static pool_group_t group;
static pool_job_t job;
static pool_timer_t timer;
static gate_t gate = GATE_CLOSED;
static atomic_int runs, drops;

static int32_t job_count(void* counter, void** result) {
  *result = counter;
  return task_count(counter);
}
static int32_t turn_count(void* counter, uint64_t i) {
  (void)i;
  return task_count(counter);
}

#define FORKED(call) CHECK_STATUS(call, POOL_EFORKED)

static void call_pool(pool_t of) {
  pool_group_t made = {7};
  pool_stats_t stats;
  FORKED(pool_group_create(of, NULL, &made));
  CHECK_EQ(made.id, 0);
  FORKED(pool_stats(of, &stats, sizeof stats));
  FORKED(pool_submit(of, task_count, &runs));
  FORKED(pool_resize(of, 0, 1));
  pool_histogram_t histogram;
  size_t length = 7;
  char text[8];
  FORKED(pool_timing(of, 1));
  FORKED(pool_histogram(of, POOL_HISTOGRAM_WAIT, &histogram, sizeof histogram));
  FORKED(pool_metrics(of, text, sizeof text, &length));
  FORKED(pool_dump(of, STDERR_FILENO));
  FORKED(pool_trace_start(of, "/dev/null", NULL));
  FORKED(pool_trace_stop(of, NULL));
  FORKED(pool_shutdown(of, POOL_SHUTDOWN_DRAIN, 0));
  FORKED(pool_shutdown(of, POOL_SHUTDOWN_CANCEL, INT64_MAX));
  FORKED(pool_destroy(of));
}

static void call_group(pool_group_t of) {
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = task_count;
  task.ctx = &runs;
  task.drop = drop_count;
  void* ctxs[1] = {&runs};
  size_t accepted = 7;
  pool_group_stats_t stats;
  int32_t code;
  char text[8];
  FORKED(pool_group_submit(of, task_count, &runs));
  FORKED(pool_group_submit_task(of, &task));
  FORKED(pool_group_submit_n(of, task_count, ctxs, 1, drop_count, &accepted));
  CHECK_EQ(accepted, 0);
  FORKED(pool_group_wait(of));
  FORKED(pool_group_wait_for(of, LONG_NS));
  FORKED(pool_group_wait_for(of, 0));
  FORKED(pool_group_poll(of));
  FORKED(pool_group_stats(of, &stats, sizeof stats));
  FORKED(pool_group_failure(of, &code, text, sizeof text));
  pool_job_t made = {7};
  FORKED(pool_group_submit_job(of, job_count, &runs, NULL, drop_count, &made));
  CHECK_EQ(made.id, 0);
  size_t count;
  FORKED(pool_group_jobs(of, NULL, 0, &count));
  FORKED(pool_group_apply(of, 3, 1, turn_count, &runs));
  FORKED(pool_group_enter(of));
  FORKED(pool_group_leave(of, 0));
  FORKED(pool_group_notify(of, notice_count, &drops));
  pool_timer_t later = {1};
  FORKED(pool_group_submit_after(of, 1, task_count, &runs, &later));
  CHECK_EQ(later.id, 0);
  FORKED(pool_timer_fire(timer));
  FORKED(pool_timer_cancel(timer));
  FORKED(pool_group_set_eventfd(of, -1));
  FORKED(pool_group_cancel(of));
  FORKED(pool_group_suspend(of));
  FORKED(pool_group_resume(of));
  FORKED(pool_group_reset(of));
  FORKED(pool_group_name(of, text, sizeof text));
  FORKED(pool_group_detach(of));
  FORKED(pool_group_destroy(of));
  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  options.parent_kind = POOL_PARENT_GROUP;
  options.parent = of;
  pool_group_t child;
  const pool_t mine = make_pool(1);
  FORKED(pool_group_create(mine, &options, &child));
  OK(pool_destroy(mine));
}

static void call_job(pool_job_t of) {
  int32_t code;
  void* result;
  FORKED(pool_job_wait(of));
  FORKED(pool_job_wait_for(of, LONG_NS));
  FORKED(pool_job_status(of, &code));
  FORKED(pool_job_result(of, &result));
  FORKED(pool_job_cancel(of));
  FORKED(pool_job_release(of));
}

/* What every child can do: all that a fresh process can. */
static void use_own(void) {
  const pool_t mine = make_pool(2);
  const pool_group_t work = make_group(mine);
  atomic_int count = 0;
  for (int i = 0; i < 100; i++) OK(submit_drop(work, task_count, &count, drop_count));
  OK(pool_group_wait(work));
  CHECK_EQ(count, 200);
  OK(pool_group_destroy(work));
  CHECK_STATUS(pool_group_destroy(work), POOL_EBADHANDLE);
  OK(pool_destroy(mine));
  CHECK_STATUS(pool_destroy(mine), POOL_EBADHANDLE);
}

static void call_everything(void) {
  alarm(60);
  runs = 0;
  drops = 0;
  call_pool(pool);
  call_group(group);
  call_job(job);
  pool_t none;
  pool_group_t nowhere;
  CHECK_STATUS(pool_current_pool(&none), POOL_EINVAL);
  CHECK_STATUS(pool_current_group(&nowhere), POOL_EINVAL);
  CHECK_EQ(pool_worker_index(), -1);
  CHECK_EQ(pool_task_cancelled(), 0);
  CHECK_STATUS(pool_destroy((pool_t){group.id}), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_poll((pool_group_t){pool.id}), POOL_EBADHANDLE);
  CHECK_STATUS(pool_destroy((pool_t){0}), POOL_EBADHANDLE);
  use_own();
  call_pool(pool);
  call_group(group);
  CHECK_EQ(runs, 0);
}

static void in_child(void (*life)(void)) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    life();
    _exit(0);
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

/* A grandchild knows its parent's handles, and its grandparent's. */
static pool_t parents;
static pool_group_t parents_group;
static void grandchild(void) {
  alarm(60);
  call_pool(parents);
  call_group(parents_group);
  call_everything();
}
static void parent_of_one(void) {
  parents = make_pool(1);
  parents_group = make_group(parents);
  OK(pool_group_submit(parents_group, task_nothing, NULL));
  in_child(grandchild);
  OK(pool_group_wait(parents_group));
  OK(pool_destroy(parents));
  call_everything();
}

/* Handles of a later process, or of one that never was, are none. */
static void strange_eras(void) {
  for (uint64_t era = 0; era < 16; era++) {
    const pool_t other = {(pool.id & ~(UINT64_C(15) << 24)) | era << 24};
    pool_stats_t stats;
    CHECK_STATUS(pool_stats(other, &stats, sizeof stats), era == 0 ? POOL_OK : POOL_EBADHANDLE);
  }
}

/* What the parent has counts for nothing in the child. */
static void room_for_one(void) {
  alarm(60);
  use_own();
}
static void check_bounds(void) {
  enum { most = 1024 };
  static pool_t pools[most];
  for (int i = 0; i < most; i++) pools[i] = make_pool(1);
  pool_t more;
  CHECK_STATUS(pool_create(NULL, &more), POOL_ENOMEM);
  in_child(room_for_one);
  for (int i = 0; i < most; i++) OK(pool_destroy(pools[i]));
}

static void* block(void* ctx) {
  OK(submit_drop(group, task_count, ctx, drop_count)); /* the queue is full: stands in line */
  return NULL;
}
static void* wait_too(void* ctx) {
  OK(pool_group_wait_for(group, LONG_NS));
  return ctx;
}

int main(void) {
  if (!FOLLOWS_FORKS) {
    puts("SKIPPED: a sanitizer cannot follow threads that a child starts");
    return 0;
  }
  for (int round = 0; round < 10; round++) {
    runs = 0;
    gate = (gate_t)GATE_CLOSED;
    pool = make_pool_of(workers, capacity, POOL_OVERFLOW_BLOCK);
    group = make_group(pool);
    strange_eras();
    const pool_t clock = make_pool(1);
    OK(pool_group_submit_after(make_group(clock), INT64_MAX, task_count, &runs, &timer));
    OK(pool_group_submit_job(group, job_count, &runs, NULL, NULL, &job));
    OK(pool_job_wait(job));
    OK(pool_group_wait(group));
    runs = 0;
    in_child(call_everything); /* with nothing to do */
    OK(pool_job_release(job));
    for (int i = 0; i < workers; i++) OK(pool_group_submit(group, task_gate, &gate));
    gate_await(&gate, workers);
    OK(pool_group_submit_job(group, job_count, &runs, NULL, NULL, &job));
    for (int i = 1; i < queued; i++) OK(submit_drop(group, task_count, &runs, drop_count));
    const pthread_t blocked = start(block, &runs);
    const pthread_t waiting = start(wait_too, NULL);
    if (!SANITIZED || round == 0) in_child(call_everything);
    in_child(parent_of_one);
    CHECK_EQ(runs, 0);
    CHECK_EQ(stats_of(pool).workers, workers);
    gate_open(&gate);
    pthread_join(blocked, NULL);
    pthread_join(waiting, NULL);
    OK(pool_group_wait(group));
    OK(pool_job_wait(job));
    OK(pool_job_release(job));
    CHECK_EQ(runs, 2 * queued + 1); /* each ran, and all but the job were dropped */
    CHECK_EQ(group_stats_of(group).succeeded, workers + queued + 2);
    OK(pool_timer_cancel(timer));
    OK(pool_destroy(clock));
    OK(pool_destroy(pool));
  }
  check_bounds();
  return 0;
}
