/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * What becomes of a job: its outcome, its code, its result, which is handed over once or else dropped once, whatever
 * the order of the calls; cancelled, discarded and released ones; stale handles. */
#define _GNU_SOURCE
#include "rig.h"

typedef struct {
  int32_t code;
  bool sets_failure, leaves;
  gate_t* gate;
  atomic_int runs, drops; /* of the result */
  atomic_int ran_on;
} job_ctx_t;

static int32_t run(void* ctx, void** result) {
  job_ctx_t* job = (job_ctx_t*)ctx;
  CHECK(*result == NULL);
  atomic_fetch_add(&job->runs, 1);
  atomic_store(&job->ran_on, thread_id());
  if (job->gate != NULL) gate_pass(job->gate);
  if (job->leaves) *result = job;
  if (job->sets_failure) OK(pool_task_set_failure(99, "text"));
  return job->code;
}
static void drop_result(void* result) { atomic_fetch_add(&((job_ctx_t*)result)->drops, 1); }

static pool_job_t submit(pool_group_t group, job_ctx_t* ctx, pool_drop_fn drop) {
  pool_job_t job;
  OK(pool_group_submit_job(group, run, ctx, NULL, drop, &job));
  CHECK(job.id != 0);
  return job;
}

static void check_stale(pool_job_t job) {
  int32_t code = 5;
  void* result = &code;
  CHECK_STATUS(pool_job_status(job, &code), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_result(job, &result), POOL_EBADHANDLE);
  CHECK(result == &code && code == 5);
  CHECK_STATUS(pool_job_wait(job), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_wait_for(job, 0), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_cancel(job), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_release(job), POOL_EBADHANDLE);
}

static void check_success(pool_t pool, bool claim, bool leaves, bool with_drop) {
  const pool_group_t group = make_group(pool);
  job_ctx_t ctx = {.leaves = leaves};
  const pool_job_t job = submit(group, &ctx, with_drop ? drop_result : NULL);
  OK(pool_job_wait(job));
  OK(pool_job_wait_for(job, 0));
  int32_t code = 5;
  OK(pool_job_status(job, &code));
  CHECK_EQ(code, 0);
  OK(pool_job_status(job, NULL));
  CHECK_STATUS(pool_job_cancel(job), POOL_EBUSY);
  CHECK_STATUS(pool_job_result(job, NULL), POOL_EINVAL);
  if (claim) {
    void* result = &code;
    OK(pool_job_result(job, &result));
    CHECK(result == (leaves ? &ctx : NULL));
    result = &code;
    CHECK_STATUS(pool_job_result(job, &result), POOL_ECLOSED);
    CHECK(result == &code);
    OK(pool_job_status(job, NULL));
  }
  OK(pool_group_wait(group));
  CHECK_EQ(ctx.drops, 0); /* as long as somebody could still claim it */
  OK(pool_job_release(job));
  check_stale(job);
  OK(pool_group_destroy(group));
  CHECK_EQ(ctx.runs, 1);
  CHECK_EQ(ctx.drops, leaves && !claim && with_drop ? 1 : 0);
}

static void check_failure(pool_t pool, bool sets_failure) {
  const pool_group_t group = make_group(pool);
  job_ctx_t ctx = {.code = sets_failure ? 0 : -8, .sets_failure = sets_failure, .leaves = true};
  const pool_job_t job = submit(group, &ctx, drop_result);
  CHECK_STATUS(pool_job_wait(job), POOL_EFAILED);
  int32_t code = 5;
  CHECK_STATUS(pool_job_status(job, &code), POOL_EFAILED);
  CHECK_EQ(code, sets_failure ? 99 : -8);
  void* result = &code;
  CHECK_STATUS(pool_job_result(job, &result), POOL_EFAILED);
  CHECK(result == &code);
  CHECK_STATUS(pool_job_cancel(job), POOL_EBUSY);
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_failure(group, &code, NULL, 0));
  CHECK_EQ(code, sets_failure ? 99 : -8);
  OK(pool_job_release(job));
  CHECK_EQ(ctx.drops, 1);
  check_counts(group, (counts_t){1, 0, 1, 0, 0});
  OK(pool_group_destroy(group));
}

/* Unfinished: nothing can be had yet; the job counts as any task of its group. */
static void check_unfinished(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  job_ctx_t ctx = {.gate = &gate, .leaves = true};
  const pool_job_t job = submit(group, &ctx, drop_result);
  gate_await(&gate, 1);
  int32_t code = 5;
  void* result = &code;
  CHECK_STATUS(pool_job_status(job, &code), POOL_EBUSY);
  CHECK_STATUS(pool_job_result(job, &result), POOL_EBUSY);
  CHECK(result == &code);
  CHECK_STATUS(pool_job_wait_for(job, 0), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_job_wait_for(job, SHORT_NS), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_job_cancel(job), POOL_EBUSY); /* it has started */
  CHECK_EQ(group_stats_of(group).running, 1);
  gate_open(&gate);
  OK(pool_job_wait_for(job, LONG_NS));
  OK(pool_group_wait(group));
  check_counts(group, (counts_t){1, 1, 0, 0, 0});
  OK(pool_job_release(job));
  CHECK_EQ(ctx.drops, 1);
  OK(pool_destroy(pool));
}

/* Never run: cancelled by itself, with its group, with its pool; discarded at the bound. */
typedef enum { by_job, by_group, by_pool, oldest, newest, ways } way_t;

static void check_not_run(way_t way, bool waited) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  pool_group_options_t options = group_defaults();
  if (way == oldest || way == newest) options.queue_capacity = 1;
  if (way == oldest) options.overflow = POOL_OVERFLOW_DISCARD_OLDEST;
  if (way == newest) options.overflow = POOL_OVERFLOW_DISCARD_NEWEST;
  const pool_group_t group = make_group_of(pool, &options);
  atomic_int others = 0;
  if (way == newest) OK(pool_group_submit(group, task_count, &others));
  job_ctx_t ctx = {.leaves = true};
  const pool_job_t job = submit(group, &ctx, drop_result);
  if (way != newest) {
    CHECK_STATUS(pool_job_wait_for(job, 0), POOL_ETIMEDOUT);
    CHECK_STATUS(pool_job_status(job, NULL), POOL_EBUSY);
  }
  if (way == by_job) {
    OK(pool_job_cancel(job));
    const pool_status_t again = pool_job_cancel(job);
    CHECK(again == POOL_OK || again == POOL_EBUSY); /* "it is over", or "it will not run" */
  }
  if (way == by_group) OK(pool_group_cancel(group));
  if (way == by_pool) CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, 0), POOL_ETIMEDOUT);
  if (way == oldest) OK(pool_group_submit(group, task_count, &others));
  const bool discarded = way == oldest || way == newest;
  const pool_status_t outcome = discarded ? POOL_EFAILED : POOL_ECANCELED;
  if (waited && way != by_pool) CHECK_STATUS(pool_job_wait(job), outcome); /* though the worker is held */
  gate_open(&hold.gate);
  CHECK_STATUS(pool_job_wait_for(job, LONG_NS), outcome);
  CHECK_STATUS(pool_job_wait(job), outcome);
  int32_t code = 5;
  void* result = &code;
  CHECK_STATUS(pool_job_status(job, &code), outcome);
  CHECK_STATUS(pool_job_result(job, &result), outcome);
  CHECK(result == &code);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), outcome);
  check_counts(group, (counts_t){discarded ? 2 : 1, discarded ? 1 : 0, 0, discarded ? 0 : 1, discarded ? 1 : 0});
  OK(pool_job_release(job));
  check_stale(job);
  CHECK_EQ(ctx.runs, 0);
  CHECK_EQ(ctx.drops, 0);
  OK(pool_destroy(pool));
}

/* Let go of before it starts, while it runs, after it ended: run all the same, and what it leaves is dropped. */
static void check_release(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  job_ctx_t running = {.gate = &gate, .leaves = true};
  job_ctx_t queued = {.leaves = true};
  job_ctx_t failing = {.leaves = true, .code = 3};
  job_ctx_t over = {.leaves = true};
  const pool_job_t jobs[4] = {submit(group, &running, drop_result), submit(group, &queued, drop_result),
                              submit(group, &failing, drop_result), submit(group, &over, drop_result)};
  gate_await(&gate, 1);
  for (int i = 0; i < 3; i++) OK(pool_job_release(jobs[i]));
  for (int i = 0; i < 3; i++) check_stale(jobs[i]);
  gate_open(&gate);
  OK(pool_job_wait(jobs[3]));
  OK(pool_job_release(jobs[3]));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  CHECK_EQ(running.drops, 1);
  CHECK_EQ(queued.drops, 1);
  CHECK_EQ(failing.drops, 1);
  CHECK_EQ(over.drops, 1);
  check_counts(group, (counts_t){4, 3, 1, 0, 0});
  OK(pool_destroy(pool));
}

/* A refused submit makes no job. */
static void check_refused(void) {
  const pool_t pool = make_pool_of(1, 1, POOL_OVERFLOW_REJECT);
  const pool_group_t group = make_group(pool);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  job_ctx_t ctx = {.leaves = true};
  pool_job_t job = {5};
  CHECK_STATUS(pool_group_submit_job(group, NULL, &ctx, NULL, drop_result, &job), POOL_EINVAL);
  CHECK_EQ(job.id, 0);
  CHECK_STATUS(pool_group_submit_job(group, run, &ctx, NULL, drop_result, NULL), POOL_EINVAL);
  OK(pool_group_submit(group, task_nothing, NULL));
  job.id = 5;
  CHECK_STATUS(pool_group_submit_job(group, run, &ctx, NULL, drop_result, &job), POOL_EFULL);
  CHECK_EQ(job.id, 0);
  release_workers(&hold);
  OK(pool_group_wait(group));
  CHECK_EQ(ctx.runs + ctx.drops, 0);
  /* Slots are used again, handles are not. */
  uint64_t before = 0;
  for (int i = 0; i < 2000; i++) {
    job = submit(group, &ctx, drop_result);
    CHECK(job.id != before);
    OK(pool_job_wait(job));
    if (before != 0) CHECK_STATUS(pool_job_status((pool_job_t){before}, NULL), POOL_EBADHANDLE);
    OK(pool_job_release(job));
    before = job.id;
  }
  OK(pool_group_wait(group));
  CHECK_EQ(ctx.drops, 2000);
  OK(pool_destroy(pool));
}

int main(void) {
  const pool_t pool = make_pool(2);
  for (int i = 0; i < 8; i++) check_success(pool, i & 1, (i & 2) != 0, (i & 4) != 0);
  check_failure(pool, false);
  check_failure(pool, true);
  OK(pool_destroy(pool));
  check_unfinished();
  for (way_t way = 0; way < ways; way++) {
    check_not_run(way, false);
    check_not_run(way, true);
  }
  check_release();
  check_refused();
  return 0;
}
