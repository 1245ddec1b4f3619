/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * No function is a cancellation point, whatever it does inside: read files, write to the log, sleep until a thread can
 * be had, start threads, wait. A thread that somebody cancels meanwhile goes on to its own next cancellation point,
 * with its books in order. (A task that it runs while it helps may be one: see thread_exit.c.) */
#define _GNU_SOURCE
#include <pool/insight.h>

#include "check.h"

#include <errno.h>
#include <fcntl.h>

static atomic_int refuse; /* this many threads are refused */

#if !SANITIZED
#include <dlfcn.h>
/* The system has no thread to give: libpool waits a moment and tries again. */
int pthread_create(pthread_t* thread, const pthread_attr_t* attr, void* (*entry)(void*), void* argument) {
  static int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (real == NULL) {
    void* symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&real, &symbol, sizeof real);
  }
  if (atomic_load(&refuse) > 0) {
    atomic_fetch_sub(&refuse, 1);
    return EAGAIN;
  }
  return real(thread, attr, entry, argument);
}
#endif

static pool_t pool;
static pool_group_t group;
static atomic_int survived, counter;
static int nowhere; /* a descriptor */
static gate_t gate = GATE_CLOSED;

/* Ends the thread if its cancellation came through, and says so if it did not end before. */
static void expect_pending(void) {
  atomic_fetch_add(&survived, 1);
  pthread_testcancel();
  CHECK(false && "cancelled");
}

static void* call_everything(void* ctx) {
  (void)ctx;
  pthread_cancel(pthread_self());
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  pool_t mine;
  options.max_workers = UINT32_MAX;
  CHECK_STATUS(pool_create(&options, &mine), POOL_EINVAL); /* writes to the log */
  CHECK_STATUS(pool_default_configure(&options), POOL_EINVAL);
  options.max_workers = 0; /* reads what control groups say */
  OK(pool_create(&options, &mine));
  const pool_group_t work = make_group(mine);
  if (!SANITIZED) {
    refuse = 100;
    CHECK_STATUS(pool_group_submit(work, task_count, &counter), POOL_ETHREAD); /* sleeps in between */
  }
  refuse = 0;
  for (int i = 0; i < 10; i++) OK(submit_drop(work, task_count, &counter, drop_count)); /* starts threads */
  OK(pool_group_wait_for(work, LONG_NS));
  OK(pool_group_wait(work));
  (void)stats_of(mine);
  (void)group_stats_of(work);
  OK(pool_dump(mine, nowhere)); /* writes */
  CHECK_STATUS(pool_trace_start(mine, "/dev/full/none", NULL), POOL_EINVAL);
  OK(pool_trace_start(mine, "/dev/null", NULL)); /* opens a file */
  OK(pool_trace_stop(mine, NULL));               /* writes and closes it */
  OK(pool_trace_start(mine, "/dev/null", NULL)); /* which pool_destroy ends */
  OK(pool_group_submit(work, task_count, &counter));
  OK(pool_group_destroy(work));
  OK(pool_shutdown(mine, POOL_SHUTDOWN_DRAIN, LONG_NS)); /* joins threads */
  OK(pool_destroy(mine));
  expect_pending();
  return NULL;
}

/* Asleep in a wait, and in the line of a full queue. */
static void* wait_asleep(void* thread) {
  atomic_store((atomic_int*)thread, thread_id());
  OK(pool_group_wait_for(group, LONG_NS));
  expect_pending();
  return NULL;
}
static void* submit_asleep(void* thread) {
  atomic_store((atomic_int*)thread, thread_id());
  OK(submit_drop(group, task_count, &counter, drop_count));
  expect_pending();
  return NULL;
}
static void cancel_asleep(void* (*entry)(void*)) {
  atomic_int id = 0;
  const pthread_t thread = start(entry, &id);
  while (id == 0) sched_yield();
  await_sleep(id);
  pthread_cancel(thread);
  if (entry == submit_asleep) {
    CHECK_EQ(group_stats_of(group).queued, 1); /* it still stands in line */
  }
  gate_open(&gate);
  void* result = NULL;
  pthread_join(thread, &result);
  CHECK(result == PTHREAD_CANCELED);
  OK(pool_group_wait_for(group, LONG_NS));
}

int main(void) {
  nowhere = open("/dev/null", O_WRONLY);
  const int errors = dup(STDERR_FILENO);
  for (int round = 0; round < 20; round++) {
    survived = 0;
    counter = 0;
    void* result = NULL;
    dup2(nowhere, STDERR_FILENO); /* the lines are expected */
    pthread_join(start(call_everything, NULL), &result);
    dup2(errors, STDERR_FILENO);
    CHECK_EQ(survived, 1);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQ(counter, 21);

    void* (*const sleepers[])(void*) = {wait_asleep, submit_asleep};
    for (int i = 0; i < 2; i++) {
      survived = 0;
      counter = 0;
      gate = (gate_t)GATE_CLOSED;
      pool = make_pool_of(1, 1, POOL_OVERFLOW_BLOCK);
      group = make_group(pool);
      OK(pool_group_submit(group, task_gate, &gate));
      gate_await(&gate, 1);
      OK(submit_drop(group, task_count, &counter, drop_count)); /* the queue is full */
      cancel_asleep(sleepers[i]);
      CHECK_EQ(survived, 1);
      CHECK_EQ(counter, i == 0 ? 2 : 4);
      CHECK_EQ(group_stats_of(group).succeeded, i == 0 ? 2 : 3);
      OK(pool_destroy(pool));
    }
  }
  return 0;
}
