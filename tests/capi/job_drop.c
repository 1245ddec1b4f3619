/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A job's context is dropped once, whatever becomes of the job: after its run and before it can be seen finished, on
 * a worker, by a waiter that helps, in place, or as it ends its thread; when it is cancelled, by itself, with its group
 * or with its pool, or discarded, before the group is empty. One that was refused is the caller's. */
#define _GNU_SOURCE
#include "rig.h"

typedef struct {
  atomic_int runs, drops;
  pool_job_t job;
  bool exits, asks;
} context_t;

static int32_t run(void* ctx, void** result) {
  context_t* context = (context_t*)ctx;
  CHECK_EQ(context->drops, 0);
  atomic_fetch_add(&context->runs, 1);
  *result = ctx;
  if (context->exits) pthread_exit(NULL);
  return 0;
}
static void drop(void* ctx) {
  context_t* context = (context_t*)ctx;
  if (context->asks) CHECK_STATUS(pool_job_status(context->job, NULL), POOL_EBUSY);
  atomic_fetch_add(&context->drops, 1);
}
static void drop_result(void* result) { CHECK_EQ(((context_t*)result)->drops, 1); }

static void submit(pool_group_t group, context_t* context) {
  *context = (context_t){0};
  OK(pool_group_submit_job(group, run, context, drop, drop_result, &context->job));
}
static void check(const context_t* context, int runs) {
  CHECK_EQ(context->runs, runs);
  CHECK_EQ(context->drops, 1);
}

static pool_t pool;
static pool_group_t group;
static context_t context;

static void check_runs(void) {
  /* On a worker; the handle is let go of before, or after. */
  for (int i = 0; i < 100; i++) {
    submit(group, &context);
    if (i % 2 == 0) OK(pool_job_release(context.job));
    OK(pool_group_wait_for(group, LONG_NS));
    check(&context, 1);
    if (i % 2 == 1) OK(pool_job_release(context.job));
  }
  /* By a waiter. */
  hold_t hold;
  hold_workers(&hold, pool, 1);
  submit(group, &context);
  context.asks = true;
  OK(pool_job_wait(context.job));
  check(&context, 1);
  OK(pool_job_release(context.job));
  release_workers(&hold);
  /* It ends its thread. */
  hold_workers(&hold, pool, 1);
  submit(group, &context);
  context.exits = context.asks = true;
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  check(&context, 1);
  OK(pool_job_release(context.job));
}

static void check_cancelled(void) {
  hold_t hold;
  hold_workers(&hold, pool, 1);
  context_t both[2];
  const pool_group_t cancelled = make_group(pool);
  /* By its handle: its turn comes, but not its run. */
  submit(cancelled, &both[0]);
  OK(pool_job_cancel(both[0].job));
  CHECK_STATUS(pool_job_wait(both[0].job), POOL_ECANCELED);
  OK(pool_job_release(both[0].job));
  submit(cancelled, &both[1]);
  OK(pool_group_cancel(cancelled));
  CHECK_STATUS(pool_group_wait(cancelled), POOL_ECANCELED);
  check(&both[0], 0);
  check(&both[1], 0);
  OK(pool_job_release(both[1].job));
  OK(pool_group_destroy(cancelled));
  release_workers(&hold);
}

static void check_discarded(void) {
  static const uint32_t policies[] = {POOL_OVERFLOW_DISCARD_OLDEST, POOL_OVERFLOW_DISCARD_NEWEST};
  for (int i = 0; i < 2; i++) {
    pool_group_options_t options = group_defaults();
    options.queue_capacity = 1;
    options.overflow = policies[i];
    const pool_group_t full = make_group_of(pool, &options);
    hold_t hold;
    hold_workers(&hold, pool, 1);
    context_t both[2];
    submit(full, &both[0]);
    submit(full, &both[1]);
    check(&both[i], 0);
    CHECK_EQ(both[1 - i].drops, 0);
    release_workers(&hold);
    CHECK_STATUS(pool_group_wait_for(full, LONG_NS), POOL_EFAILED);
    check(&both[1 - i], 1);
    for (int n = 0; n < 2; n++) OK(pool_job_release(both[n].job));
    OK(pool_group_destroy(full));
  }
}

static void check_full(void) {
  pool_group_options_t options = group_defaults();
  options.queue_capacity = 1;
  options.overflow = POOL_OVERFLOW_REJECT;
  const pool_group_t refuses = make_group_of(pool, &options);
  options.overflow = POOL_OVERFLOW_CALLER_RUNS;
  const pool_group_t runs = make_group_of(pool, &options);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  OK(pool_group_submit(refuses, task_nothing, NULL));
  context = (context_t){0};
  CHECK_STATUS(pool_group_submit_job(refuses, run, &context, drop, NULL, &context.job), POOL_EFULL);
  CHECK_EQ(context.drops, 0);
  OK(pool_group_submit(runs, task_nothing, NULL));
  submit(runs, &context);
  check(&context, 1);
  OK(pool_job_release(context.job));
  release_workers(&hold);
  OK(pool_group_destroy(refuses));
  OK(pool_group_destroy(runs));
}

/* It ends the thread that submits it, in place: what it left goes to somebody, for nobody has its handle. */
static atomic_int results;

static void drop_counted(void* result) {
  CHECK_EQ(((context_t*)result)->drops, 1);
  atomic_fetch_add(&results, 1);
}
static void* submit_and_end(void* full) {
  pool_job_t job;
  (void)pool_group_submit_job(*(pool_group_t*)full, run, &context, drop, drop_counted, &job);
  CHECK(false); /* the thread has ended */
  return NULL;
}
static void check_exit_in_place(void) {
  pool_group_options_t options = group_defaults();
  options.queue_capacity = 1;
  options.overflow = POOL_OVERFLOW_CALLER_RUNS;
  pool_group_t full = make_group_of(pool, &options);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  OK(pool_group_submit(full, task_nothing, NULL));
  context = (context_t){0};
  context.exits = true;
  CHECK_EQ(pthread_join(start(submit_and_end, &full), NULL), 0);
  check(&context, 1);
  CHECK_EQ(results, 1);
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait(full), POOL_EFAILED);
  OK(pool_group_destroy(full));
}

int main(void) {
  pool = make_pool(1);
  group = make_group(pool);
  check_runs();
  check_cancelled();
  check_discarded();
  check_full();
  check_exit_in_place();
  /* With its pool. */
  hold_t hold;
  hold_workers(&hold, pool, 1);
  submit(group, &context);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, 0), POOL_ETIMEDOUT);
  release_workers(&hold);
  OK(pool_destroy(pool));
  check(&context, 0);
  OK(pool_job_release(context.job));
  return 0;
}
