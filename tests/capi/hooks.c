/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * on_thread_start and on_thread_stop: on each worker itself, once, before its first task and after its last one,
 * however it ends. In hooks, and in thread-local destructors of a worker, nothing blocks. */
#define _GNU_SOURCE
#include "staff.h"

static _Thread_local int phase; /* 0 new, 1 started, 2 has run a task, 3 stopped */
static atomic_int started, stopped, ran, wrong;
static int user;
static pool_t pool;
static pool_group_t group;

static void on_start(void* ctx) {
  if (ctx != &user || phase != 0) wrong++;
  phase = 1;
  started++;
}
static void on_stop(void* ctx) {
  if (ctx != &user || (phase != 1 && phase != 2)) wrong++;
  phase = 3;
  stopped++;
}
static int32_t run(void* gate) {
  if (phase != 1 && phase != 2) wrong++;
  phase = 2;
  ran++;
  if (gate != NULL) gate_pass((gate_t*)gate);
  return 0;
}
static int32_t leave(void* ctx) {
  (void)ctx;
  pthread_exit(NULL);
}

static void make(pool_options_t options, pool_hook_fn on_thread_start, pool_hook_fn on_thread_stop) {
  started = stopped = ran = wrong = 0;
  options.on_thread_start = on_thread_start;
  options.on_thread_stop = on_thread_stop;
  options.hook_user = &user;
  pool = make_pool_with(&options);
  group = make_group(pool);
}

static void check_once_each(uint32_t workers) {
  make(staff_options(0, workers, 100000), on_start, on_stop);
  for (int round = 1; round <= 5; round++) {
    gate_t gate = GATE_CLOSED;
    for (uint32_t i = 0; i < workers; i++) OK(pool_group_submit(group, run, &gate));
    gate_await(&gate, (int)workers);
    gate_open(&gate);
    OK(pool_group_wait_for(group, LONG_NS));
    await_workers(pool, 0);
    CHECK(started >= (int)workers * round);
    CHECK_EQ(started, stats_of(pool).workers_created);
    CHECK_EQ(stopped, started);
  }
  /* A task that ends its thread; and the end of the pool. */
  OK(pool_group_submit(group, leave, NULL));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_group_submit(group, run, NULL));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_destroy(pool));
  CHECK_EQ(started, stopped);
  CHECK_EQ(ran, (int)workers * 5 + 1);
  CHECK_EQ(wrong, 0);
}

/* --- nothing blocks --- */

static atomic_int looked, submitted;

static void expect_no_blocking(void) {
  CHECK_STATUS(pool_group_wait(group), POOL_EDEADLK);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_destroy(pool), POOL_EDEADLK);
  const pool_status_t status = pool_group_submit(group, task_count, &submitted);
  CHECK(status == POOL_OK || status == POOL_EFULL || status == POOL_ECLOSED);
  looked++;
}
static void look(void* ctx) {
  (void)ctx;
  expect_no_blocking();
}
static void check_no_blocking(void) {
  looked = submitted = 0;
  pool_options_t options = staff_options(0, 2, -1);
  options.queue_capacity = 1;
  make(options, look, look);
  for (int i = 0; i < 200; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
  CHECK(looked >= 2);
}

static pthread_key_t key;
static int32_t set_key(void* ctx) {
  pthread_setspecific(key, ctx);
  return 0;
}
static void at_thread_end(void* ctx) {
  (void)ctx;
  expect_no_blocking();
}
static void check_thread_local(int64_t idle_timeout) {
  CHECK_EQ(pthread_key_create(&key, at_thread_end), 0);
  looked = submitted = 0;
  make(staff_options(0, 1, idle_timeout), NULL, NULL);
  for (int i = 0; i < 20; i++) {
    const int before = looked;
    OK(pool_group_submit(group, set_key, &user));
    OK(pool_group_wait_for(group, LONG_NS));
    while (idle_timeout < 0 && looked == before) sched_yield();
  }
  /* What was submitted there is run. */
  while (idle_timeout < 0 && submitted != looked) sched_yield();
  OK(pool_destroy(pool));
  CHECK(looked >= 1);
  pthread_key_delete(key);
}

/* --- a start hook that ends its thread: the pool tries again, but not for ever at once --- */

static atomic_int exits;
static void exit_some(void* ctx) {
  (void)ctx;
  if (atomic_fetch_add(&exits, 1) < 2) pthread_exit(NULL);
}
static void exit_all(void* ctx) {
  (void)ctx;
  atomic_fetch_add(&exits, 1);
  pthread_exit(NULL);
}
static void check_exits(void) {
  exits = 0;
  make(staff_options(0, 1, INT64_MAX), exit_some, NULL);
  OK(pool_group_submit(group, task_count, &ran));
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(ran, 1);
  CHECK_EQ(exits, 3);
  OK(pool_destroy(pool));
  exits = 0;
  make(staff_options(0, 2, INT64_MAX), exit_all, NULL);
  const pool_status_t status = pool_group_submit(group, task_count, &ran);
  CHECK(status == POOL_OK || status == POOL_ETHREAD);
  while (exits == 0 || stats_of(pool).workers != 0) sched_yield();
  CHECK_EQ(ran, 0);
  OK(pool_group_wait(group)); /* this thread runs it */
  CHECK_EQ(ran, status == POOL_OK ? 1 : 0);
  OK(pool_destroy(pool));
}

int main(void) {
  for (int i = 0; i < worker_counts_size; i++) check_once_each(worker_counts[i]);
  check_no_blocking();
  check_thread_local(-1);
  check_thread_local(INT64_MAX);
  check_exits();
  return 0;
}
