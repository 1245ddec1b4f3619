/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A serial queue: in the order of the submits, never two at once, each happens before the next (what the tasks touch is
 * not atomic), also while its tasks wait for others, several threads help, and submits are refused or run in place. */
#define _GNU_SOURCE
#include "rig.h"

enum { submitters = 3 };

typedef enum { plain, nested, helped, caller_runs, in_place_inside, kinds } kind_t;

static pool_t pool;
static pool_group_t serial;
static kind_t kind;
static int each;
/* Not atomic on purpose. */
static int inside, done, last[submitters];
static atomic_int at_work;

typedef struct {
  int submitter, number;
} ctx_t;

static int32_t step(void* arg) {
  const ctx_t* ctx = (const ctx_t*)arg;
  CHECK_EQ(inside, 0);
  inside = 1;
  CHECK_EQ(ctx->number, last[ctx->submitter] + 1);
  last[ctx->submitter] = ctx->number;
  if (kind == nested && ctx->number % 16 == 0) {
    /* Waits for another group meanwhile: the place is ours all the same. */
    const pool_group_t group = make_group(pool);
    atomic_int count = 0;
    for (int i = 0; i < 3; i++) OK(pool_group_submit(group, task_count, &count));
    OK(pool_group_wait(group));
    CHECK_EQ(count, 3);
    OK(pool_group_destroy(group));
  }
  if (ctx->number % 64 == 0) sched_yield();
  done++;
  CHECK_EQ(inside, 1);
  inside = 0;
  return 0;
}

static pool_status_t submit_step(int submitter, int number) {
  const ctx_t ctx = {submitter, number};
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = step;
  ctx_t copy = ctx;
  task.ctx = &copy;
  task.copy_size = sizeof copy;
  return pool_group_submit_task(serial, &task);
}

static void submit_all(int submitter) {
  for (int i = 1; i <= each; i++) {
    for (;;) {
      const pool_status_t status = submit_step(submitter, i);
      if (status == POOL_OK) break;
      CHECK(kind == caller_runs || kind == in_place_inside);
      CHECK_STATUS(status, POOL_EFULL); /* its place is taken, or others come first */
      sched_yield();
    }
  }
  atomic_fetch_sub(&at_work, 1);
}
static void* submit_thread(void* number) {
  submit_all(*(int*)number);
  return NULL;
}
static int32_t submit_task(void* number) {
  submit_all(*(int*)number);
  return 0;
}
static void* help_thread(void* unused) {
  while (atomic_load(&at_work) > 0) OK(pool_group_wait(serial));
  return unused;
}

static void check(uint32_t workers) {
  pool = make_pool(workers);
  pool_group_options_t options = group_defaults();
  options.max_concurrency = 1;
  if (kind == caller_runs || kind == in_place_inside) {
    options.queue_capacity = 4;
    options.overflow = kind == caller_runs ? POOL_OVERFLOW_CALLER_RUNS : POOL_OVERFLOW_BLOCK;
  }
  serial = make_group_of(pool, &options);
  const pool_group_t outer = make_group(pool);
  inside = done = 0;
  memset(last, 0, sizeof last);
  each = scaled(kind == plain || kind == helped ? 2000 : 300); /* the others cost a wait, or a refusal, at a time */
  atomic_store(&at_work, submitters);
  int numbers[submitters];
  pthread_t threads[submitters];
  pthread_t helpers[2];
  for (int i = 0; i < submitters; i++) numbers[i] = i;
  for (int i = 0; i < submitters; i++) {
    if (kind == in_place_inside) {
      OK(pool_group_submit(outer, submit_task, &numbers[i]));
    } else {
      threads[i] = start(submit_thread, &numbers[i]);
    }
  }
  for (int i = 0; kind == helped && i < 2; i++) helpers[i] = start(help_thread, NULL);
  for (int i = 0; kind != in_place_inside && i < submitters; i++) pthread_join(threads[i], NULL);
  for (int i = 0; kind == helped && i < 2; i++) pthread_join(helpers[i], NULL);
  /* The one worker may be busy with a task that submits to a full queue: somebody has to run what is in it. */
  while (kind == in_place_inside && atomic_load(&at_work) > 0) OK(pool_group_wait(serial));
  OK(pool_group_wait(outer));
  OK(pool_group_wait(serial));
  CHECK_EQ(done, submitters * each);
  for (int i = 0; i < submitters; i++) CHECK_EQ(last[i], each);
  const uint64_t all = (uint64_t)submitters * (uint64_t)each;
  check_counts(serial, (counts_t){all, all, 0, 0, 0});
  OK(pool_destroy(pool));
}

/* One submitter and one worker, everything queued before anything starts: the whole order is known. */
static void check_order(void) {
  pool = make_pool(1);
  serial = make_serial(pool);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  inside = done = 0;
  memset(last, 0, sizeof last);
  kind = plain;
  for (int i = 1; i <= 3000; i++) OK(submit_step(0, i));
  release_workers(&hold);
  OK(pool_group_wait(serial)); /* two at it: the worker and us */
  CHECK_EQ(done, 3000);
  OK(pool_destroy(pool));
}

int main(void) {
  check_order();
  for (kind = 0; kind < kinds; kind++) with_workers(check);
  return 0;
}
