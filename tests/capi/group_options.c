/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Options of a group: which values are in range; its name, cut and copied; and every function of groups and jobs
 * against handles that are none. */
#define _GNU_SOURCE
#include "rig.h"

static pool_t pool;

static pool_status_t try_group(const pool_group_options_t* options) {
  pool_group_t group = {5};
  const pool_status_t status = pool_group_create(pool, options, &group);
  CHECK((status == POOL_OK) == (group.id != 0));
  if (status == POOL_OK) {
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_wait(group));
    OK(pool_group_destroy(group));
  }
  return status;
}

#define TRY(field, value, expected)                   \
  do {                                                \
    pool_group_options_t options_ = group_defaults(); \
    options_.field = (value);                         \
    CHECK_STATUS(try_group(&options_), (expected));   \
  } while (0)

static void check_ranges(void) {
  for (uint32_t overflow = 0; overflow <= 5; overflow++) TRY(overflow, overflow, POOL_OK);
  TRY(overflow, 6, POOL_EINVAL);
  TRY(overflow, UINT32_MAX, POOL_EINVAL);
  TRY(queue_capacity, 1, POOL_OK);
  TRY(queue_capacity, 1000000000, POOL_OK);
  TRY(queue_capacity, POOL_UNBOUNDED, POOL_OK);
  TRY(queue_capacity, 1000000001, POOL_EINVAL);
  TRY(max_concurrency, 1, POOL_OK);
  TRY(max_concurrency, 1000, POOL_OK);
  TRY(max_concurrency, POOL_UNBOUNDED, POOL_OK);
  TRY(weight, 1, POOL_OK);
  TRY(weight, 1000, POOL_OK);
  TRY(weight, 1001, POOL_EINVAL);
  TRY(weight, UINT32_MAX, POOL_EINVAL);
  for (uint32_t help = 0; help <= 3; help++) TRY(help, help, POOL_OK);
  TRY(help, 4, POOL_EINVAL);
  for (uint32_t flag = 0; flag <= 1; flag++) {
    TRY(fail_fast, flag, POOL_OK);
    TRY(keep_jobs, flag, POOL_OK);
  }
  TRY(fail_fast, 2, POOL_EINVAL);
  TRY(keep_jobs, 2, POOL_EINVAL);
  TRY(limit_counts_suspended, 2, POOL_EINVAL);
  TRY(overflow_timeout, INT64_MAX, POOL_OK);
  TRY(overflow_timeout, INT64_MIN, POOL_OK);
  TRY(overflow_timeout, 1, POOL_OK);
}

static void check_names(void) {
  char given[64] = "a name of more than thirty-one bytes, which is too long";
  char text[64];
  pool_group_options_t options = group_defaults();
  const pool_group_t nameless = make_group(pool);
  OK(pool_group_name(nameless, text, sizeof text));
  CHECK(strcmp(text, "") == 0);
  options.name = given;
  const pool_group_t group = make_group_of(pool, &options);
  memset(given, 'x', sizeof given - 1); /* it was copied */
  OK(pool_group_name(group, text, sizeof text));
  CHECK(strcmp(text, "a name of more than thirty-one ") == 0);
  memset(text, 'y', sizeof text);
  OK(pool_group_name(group, text, 5));
  CHECK(strcmp(text, "a na") == 0);
  CHECK_EQ(text[5], 'y');
  OK(pool_group_name(group, text, 1));
  CHECK(strcmp(text, "") == 0);
  CHECK_STATUS(pool_group_name(group, text, 0), POOL_EINVAL);
  CHECK_STATUS(pool_group_name(group, NULL, 5), POOL_EINVAL);
  OK(pool_group_destroy(group));
  CHECK_STATUS(pool_group_name(group, text, 5), POOL_EBADHANDLE);
  const pool_group_t next = make_group(pool); /* maybe in the same slot */
  OK(pool_group_name(next, text, sizeof text));
  CHECK(strcmp(text, "") == 0);
  OK(pool_group_destroy(next));
  OK(pool_group_destroy(nameless));
}

static int32_t turn(void* ctx, uint64_t index) {
  (void)ctx;
  (void)index;
  return 0;
}
static void tell(void* ctx, pool_status_t outcome) {
  (void)ctx;
  (void)outcome;
}
static int32_t job(void* ctx, void** result) {
  *result = ctx;
  return 0;
}

static void check_group(pool_group_t group) {
  char text[4] = "abc";
  size_t count = 5;
  pool_job_t made = {5};
  CHECK_STATUS(pool_group_apply(group, 3, 1, turn, NULL), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_apply(group, 0, 1, turn, NULL), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_enter(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_leave(group, 0), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_notify(group, tell, NULL), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_set_eventfd(group, -1), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_cancel(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_suspend(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_resume(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_reset(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_name(group, text, sizeof text), POOL_EBADHANDLE);
  CHECK(strcmp(text, "abc") == 0);
  CHECK_STATUS(pool_group_jobs(group, NULL, 0, &count), POOL_EBADHANDLE);
  CHECK_EQ(count, 5);
  CHECK_STATUS(pool_group_submit_job(group, job, NULL, NULL, NULL, &made), POOL_EBADHANDLE);
  CHECK_EQ(made.id, 0);
}
static void check_job(pool_job_t handle) {
  int32_t code = 5;
  void* result = &code;
  CHECK_STATUS(pool_job_wait(handle), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_wait_for(handle, 0), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_wait_for(handle, LONG_NS), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_status(handle, &code), POOL_EBADHANDLE);
  CHECK_EQ(code, 5);
  CHECK_STATUS(pool_job_result(handle, &result), POOL_EBADHANDLE);
  CHECK(result == &code);
  CHECK_STATUS(pool_job_cancel(handle), POOL_EBADHANDLE);
  CHECK_STATUS(pool_job_release(handle), POOL_EBADHANDLE);
}
static void check_pool(pool_t handle) { CHECK_STATUS(pool_submit(handle, task_nothing, NULL), POOL_EBADHANDLE); }

static void check_handles(void) {
  const pool_group_t group = make_group(pool);
  pool_job_t made;
  OK(pool_group_submit_job(group, job, NULL, NULL, NULL, &made));
  OK(pool_job_wait(made));
  const uint64_t real[] = {pool.id, group.id, made.id};
  const uint64_t none[] = {0, 1, UINT64_MAX, INT64_MAX};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    check_group((pool_group_t){none[i]});
    check_job((pool_job_t){none[i]});
    check_pool((pool_t){none[i]});
  }
  for (int i = 0; i < 3; i++) {
    if (i != 0) check_pool((pool_t){real[i]});
    if (i != 1) check_group((pool_group_t){real[i]});
    if (i != 2) check_job((pool_job_t){real[i]});
    for (int bit = 0; bit < 64; bit++) {
      const uint64_t id = real[i] ^ UINT64_C(1) << bit;
      if (id == real[0] || id == real[1] || id == real[2]) continue;
      check_job((pool_job_t){id});
      check_group((pool_group_t){id});
    }
  }
  OK(pool_job_release(made));
  check_job(made);
  OK(pool_group_destroy(group));
  check_group(group);
  const pool_group_t again = make_group(pool);
  check_group(group);
  OK(pool_group_destroy(again));
}

int main(void) {
  pool = make_pool(1);
  check_ranges();
  check_names();
  check_handles();
  OK(pool_destroy(pool));
  return 0;
}
