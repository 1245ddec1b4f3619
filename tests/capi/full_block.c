/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * POOL_OVERFLOW_BLOCK from outside: submitters stand in line, first come first served, REJECT refuses meanwhile, and a
 * shutdown sends the whole line away. */
#define _GNU_SOURCE
#include "check.h"

enum { submitters = 4 };

typedef struct {
  pool_group_t group;
  int number;
  atomic_int thread;
  atomic_int result;
} submitter_t;

static pthread_mutex_t order_mutex = PTHREAD_MUTEX_INITIALIZER;
static int order[16];
static int order_size;

static int32_t note(void* ctx) {
  const int number = ((submitter_t*)ctx)->number;
  pthread_mutex_lock(&order_mutex);
  order[order_size++] = number;
  pthread_mutex_unlock(&order_mutex);
  return 0;
}

static void* submit(void* arg) {
  submitter_t* submitter = arg;
  atomic_store(&submitter->thread, thread_id());
  const pool_status_t status = pool_group_submit(submitter->group, note, submitter);
  atomic_store(&submitter->result, status);
  return NULL;
}

/* Starts it, and comes back once it sleeps: the only place where it can is the line, as nobody contends for anything.
 */
static pthread_t line_up(submitter_t* submitter, pool_group_t group, int number) {
  submitter->group = group;
  submitter->number = number;
  atomic_store(&submitter->thread, 0);
  atomic_store(&submitter->result, 1);
  const pthread_t thread = start(submit, submitter);
  while (atomic_load(&submitter->thread) == 0) sched_yield();
  await_sleep(atomic_load(&submitter->thread));
  CHECK_EQ(atomic_load(&submitter->result), 1);
  return thread;
}

static void check_line(bool close) {
  const pool_t pool = make_pool_of(1, 1, POOL_OVERFLOW_BLOCK);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  submitter_t first = {.group = group, .number = 0};
  OK(pool_group_submit(group, note, &first));
  order_size = 0;

  submitter_t in_line[submitters];
  pthread_t threads[submitters];
  pool_task_t rejecting;
  OK(pool_task_init(&rejecting, sizeof rejecting));
  rejecting.fn = task_nothing;
  rejecting.overflow = POOL_OVERFLOW_REJECT;
  for (int i = 0; i < submitters; i++) {
    threads[i] = line_up(&in_line[i], group, i + 1);
    CHECK_STATUS(pool_group_submit_task(group, &rejecting), POOL_EFULL);
    CHECK_EQ(stats_of(pool).queued, 1);
  }
  if (close) {
    CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_ETIMEDOUT);
    for (int i = 0; i < submitters; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < submitters; i++) CHECK_STATUS(in_line[i].result, POOL_ECLOSED);
    CHECK_STATUS(pool_group_submit(group, note, &first), POOL_ECLOSED);
    gate_open(&gate);
  } else {
    gate_open(&gate);
    for (int i = 0; i < submitters; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < submitters; i++) CHECK_STATUS(in_line[i].result, POOL_OK);
  }
  OK(pool_group_wait_for(group, LONG_NS)); /* a timed wait does not help: the worker alone runs the tasks */
  const int expected = close ? 1 : submitters + 1;
  CHECK_EQ(order_size, expected);
  /* With one place, nobody can pass the one before him: he is served when that one's task has started. */
  for (int i = 0; i < expected; i++) CHECK_EQ(order[i], i);
  CHECK_EQ(group_stats_of(group).submitted, expected + 1);
  OK(pool_destroy(pool));
}

int main(void) {
  for (int i = 0; i < 20; i++) {
    check_line(false);
    check_line(true);
  }
  return 0;
}
