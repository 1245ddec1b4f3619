/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors */
#include "shim.h"

#include <pthread.h>
#include <signal.h>

#include "_cgo_export.h"

/* The context of a Go task is its handle, which the library has copied. Whoever takes it leaves 0, so that the drop of
 * a task that has run need not cross into Go. */
static uintptr_t take(void* ctx) {
  uintptr_t* const task = ctx;
  const uintptr_t handle = *task;
  *task = 0;
  return handle;
}

/* What pool_go_run is told of its thread, see signal.go: it hears SIGURG anyway (Go has made it, or another task is
 * below us on its stack), or it is a worker. */
enum { HEARS, FIRST_TASK, FURTHER_TASK };

static int32_t run(void* ctx) {
  static __thread int32_t told = FIRST_TASK; /* at the next outermost task */
  static __thread int32_t depth;
  int32_t thread = depth > 0 ? HEARS : told;
  if (thread == FIRST_TASK) {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    told = sigismember(&blocked, SIGURG) ? FURTHER_TASK : HEARS;
    if (told == HEARS) thread = HEARS;
  }
  depth++;
  const int32_t result = pool_go_run(take(ctx), thread);
  depth--;
  return result;
}

static void drop(void* ctx) {
  const uintptr_t handle = take(ctx);
  if (handle != 0) pool_go_drop(handle);
}

static void empty(void* moment, pool_status_t outcome) {
  (void)outcome;
  pool_go_empty((uintptr_t)moment);
}

static pool_status_t submit(pool_group_t group, pool_task_fn fn, void* ctx, pool_drop_fn drop_fn, size_t copy_size,
                            uint32_t overflow, int64_t timeout) {
  pool_task_t task;
  pool_task_init(&task, sizeof task);
  task.fn = fn;
  task.ctx = ctx;
  task.drop = drop_fn;
  task.copy_size = copy_size;
  task.overflow = overflow;
  task.overflow_timeout = timeout;
  return pool_group_submit_task(group, &task);
}

pool_status_t pool_go_submit(pool_group_t group, uintptr_t task, uint32_t overflow, int64_t timeout) {
  return submit(group, run, &task, drop, sizeof task, overflow, timeout);
}

pool_status_t pool_go_submit_c(pool_group_t group, void* fn, void* ctx, void* drop_fn, size_t copy_size,
                               uint32_t overflow, int64_t timeout) {
  return submit(group, (pool_task_fn)fn, ctx, (pool_drop_fn)drop_fn, copy_size, overflow, timeout);
}

int32_t pool_go_call(void* fn, void* ctx) { return ((pool_task_fn)fn)(ctx); }

void pool_go_call_drop(void* drop_fn, void* ctx) { ((pool_drop_fn)drop_fn)(ctx); }

int32_t pool_go_is_inside(void) {
  pool_t pool;
  return pool_current_pool(&pool) == POOL_OK;
}

pool_status_t pool_go_wait(pool_group_t group, int64_t timeout, int32_t blocking) {
  const pool_status_t status = pool_group_poll(group);
  if (status != POOL_EBUSY || !(blocking || pool_go_is_inside())) return status;
  return timeout == INT64_MAX ? pool_group_wait(group) : pool_group_wait_for(group, timeout);
}

pool_status_t pool_go_notify(pool_group_t group, uintptr_t moment) {
  return pool_group_notify(group, empty, (void*)moment);
}

pool_options_t pool_go_options(void) {
  pool_options_t options;
  pool_options_init(&options, sizeof options);
  return options;
}

pool_group_options_t pool_go_group_options(void) {
  pool_group_options_t options;
  pool_group_options_init(&options, sizeof options);
  return options;
}
