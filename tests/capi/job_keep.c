/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A group that keeps its jobs lists them in the order of their submits, finished and released ones too, until it is
 * reset or ended; others list none; jobs outlive their group and their pool. */
#define _GNU_SOURCE
#include "rig.h"

static atomic_int drops;

static int32_t square(void* ctx, void** result) {
  *result = ctx;
  return *(int*)ctx % 5 == 4 ? 4 : 0;
}
static void drop_result(void* result) {
  (void)result;
  atomic_fetch_add(&drops, 1);
}

enum { most = 300 };

static void check_list(pool_group_t group, const pool_job_t* jobs, size_t count) {
  pool_job_t list[most];
  size_t all = 7777;
  for (size_t capacity = 0; capacity <= most; capacity += 75) {
    memset(list, 0, sizeof list);
    OK(pool_group_jobs(group, capacity == 0 ? NULL : list, capacity, &all));
    CHECK_EQ(all, count);
    for (size_t i = 0; i < most; i++) CHECK_EQ(list[i].id, i < capacity && i < count ? jobs[i].id : 0);
  }
  CHECK_STATUS(pool_group_jobs(group, list, most, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_group_jobs(group, NULL, 1, &all), POOL_EINVAL);
}

static void check_keep(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_options_t options = group_defaults();
  options.keep_jobs = 1;
  const pool_group_t group = make_group_of(pool, &options);
  const pool_group_t other = make_group(pool);
  int numbers[most];
  pool_job_t jobs[most];
  drops = 0;
  check_list(group, jobs, 0);
  for (int i = 0; i < most; i++) {
    numbers[i] = i;
    OK(pool_group_submit_job(group, square, &numbers[i], NULL, drop_result, &jobs[i]));
    OK(pool_group_submit(group, task_nothing, NULL)); /* no job */
    if (i % 100 == 50) check_list(group, jobs, (size_t)i + 1);
  }
  pool_job_t stranger;
  OK(pool_group_submit_job(other, square, &numbers[0], NULL, NULL, &stranger));
  check_list(other, jobs, 0);
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  check_list(group, jobs, most);
  /* Released ones stay, with all that can be asked of them. */
  for (int i = 0; i < most; i += 2) OK(pool_job_release(jobs[i]));
  check_list(group, jobs, most);
  int claimed = 0;
  for (int i = 0; i < most; i++) {
    int32_t code = 9;
    void* result = NULL;
    CHECK_STATUS(pool_job_status(jobs[i], &code), i % 5 == 4 ? POOL_EFAILED : POOL_OK);
    CHECK_EQ(code, i % 5 == 4 ? 4 : 0);
    CHECK_STATUS(pool_job_wait(jobs[i]), i % 5 == 4 ? POOL_EFAILED : POOL_OK);
    if (i % 5 == 4 || i % 4 == 0) continue;
    if (i % 2 == 0) continue; /* released: who claims it is for the library to say */
    OK(pool_job_result(jobs[i], &result));
    CHECK(result == &numbers[i]);
    claimed++;
  }
  OK(pool_group_reset(group));
  check_list(group, jobs, 0);
  for (int i = 0; i < most; i += 2) CHECK_STATUS(pool_job_status(jobs[i], NULL), POOL_EBADHANDLE);
  /* Those that were not released are still their owners'. */
  for (int i = 1; i < most; i += 2) {
    const pool_status_t status = pool_job_release(jobs[i]);
    CHECK_STATUS(status, POOL_OK);
  }
  CHECK_EQ(drops, most - claimed);
  OK(pool_group_submit_job(group, square, &numbers[0], NULL, drop_result, &jobs[0]));
  check_list(group, jobs, 1);
  OK(pool_group_wait(group));
  OK(pool_job_release(jobs[0]));
  OK(pool_group_destroy(group)); /* the end of the group lets go of it */
  CHECK_STATUS(pool_job_status(jobs[0], NULL), POOL_EBADHANDLE);
  CHECK_EQ(drops, most - claimed + 1);
  OK(pool_job_release(stranger));
  OK(pool_destroy(pool));
}

/* A released job of a group that keeps its jobs and goes with its pool. */
static void check_pool_end(void) {
  const pool_t pool = make_pool(1);
  pool_group_options_t options = group_defaults();
  options.keep_jobs = 1;
  const pool_group_t group = make_group_of(pool, &options);
  int number = 1;
  pool_job_t jobs[10];
  drops = 0;
  for (int i = 0; i < 10; i++) OK(pool_group_submit_job(group, square, &number, NULL, drop_result, &jobs[i]));
  for (int i = 0; i < 5; i++) OK(pool_job_release(jobs[i]));
  OK(pool_destroy(pool));
  CHECK_EQ(drops, 5);
  for (int i = 0; i < 5; i++) CHECK_STATUS(pool_job_status(jobs[i], NULL), POOL_EBADHANDLE);
  for (int i = 5; i < 10; i++) {
    void* result = NULL;
    OK(pool_job_wait(jobs[i]));
    OK(pool_job_status(jobs[i], NULL));
    if (i % 2 == 0) OK(pool_job_result(jobs[i], &result));
    OK(pool_job_release(jobs[i]));
    CHECK_STATUS(pool_job_release(jobs[i]), POOL_EBADHANDLE);
  }
  CHECK_EQ(drops, 8);
}

/* Jobs that outlive their group and their pool, some unfinished at that moment. */
static void check_outlive(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  int number = 2;
  pool_job_t jobs[30];
  drops = 0;
  for (int i = 0; i < 30; i++) {
    const pool_group_t group = make_group(pool);
    OK(pool_group_submit_job(group, square, &number, NULL, drop_result, &jobs[i]));
    if (i % 3 == 0) OK(pool_group_destroy(group));
    if (i % 3 == 1) OK(pool_group_detach(group));
  }
  OK(pool_destroy(pool));
  for (int i = 0; i < 30; i++) {
    OK(pool_job_wait_for(jobs[i], 0));
    OK(pool_job_wait(jobs[i]));
    CHECK_STATUS(pool_job_cancel(jobs[i]), POOL_EBUSY);
    void* result = NULL;
    if (i % 2 == 0) OK(pool_job_result(jobs[i], &result));
    if (i % 2 == 0) CHECK(result == &number);
    OK(pool_job_release(jobs[i]));
  }
  CHECK_EQ(drops, 15);
}

int main(void) {
  with_workers(check_keep);
  check_pool_end();
  with_workers(check_outlive);
  return 0;
}
