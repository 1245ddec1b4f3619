/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The first failure of a group: its code and its text, cut where it has to be; what pool_task_set_failure takes. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static char long_text[400];

typedef struct {
  int32_t set[2]; /* codes for pool_task_set_failure; 0: no call */
  const char* text[2];
  int32_t result;
} plan_t;

static int32_t follow(void* ctx) {
  const plan_t* plan = ctx;
  for (int i = 0; i < 2; i++) {
    if (plan->set[i] != 0) OK(pool_task_set_failure(plan->set[i], plan->text[i]));
  }
  return plan->result;
}

static void check_plan(plan_t plan, int32_t code, const char* text) {
  const pool_group_t group = make_group(pool);
  int32_t got = 99;
  char buffer[256];
  OK(pool_group_failure(group, &got, buffer, sizeof buffer));
  CHECK_EQ(got, 0);
  CHECK_EQ(buffer[0], 0);
  OK(pool_group_submit(group, follow, &plan));
  CHECK_STATUS(pool_group_wait(group), code != 0 ? POOL_EFAILED : POOL_OK);
  CHECK_EQ(group_stats_of(group).failed, code != 0 ? 1 : 0);
  OK(pool_group_failure(group, &got, buffer, sizeof buffer));
  CHECK_EQ(got, code);
  CHECK(strcmp(buffer, text) == 0);
  /* Cut to what the caller has, always ended, and nothing behind it. */
  for (size_t size = 0; size <= 140; size++) {
    memset(buffer, 0x7e, sizeof buffer);
    OK(pool_group_failure(group, &got, buffer, size));
    const size_t length = strlen(text);
    const size_t kept = size == 0 ? 0 : (length < size - 1 ? length : size - 1);
    CHECK(memcmp(buffer, text, kept) == 0);
    if (size != 0) CHECK_EQ(buffer[kept], 0);
    for (size_t i = size; i < sizeof buffer; i++) CHECK_EQ(buffer[i], 0x7e);
  }
  OK(pool_group_failure(group, NULL, buffer, sizeof buffer));
  OK(pool_group_failure(group, &got, NULL, 0));
  OK(pool_group_destroy(group));
}

static int32_t try_codes(void* ctx) {
  (void)ctx;
  CHECK_STATUS(pool_task_set_failure(0, "no failure"), POOL_EINVAL);
  CHECK_STATUS(pool_task_set_failure(INT32_MIN, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_task_set_failure(INT32_MIN + 1, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_task_set_failure(INT32_MIN + 255, NULL), POOL_EINVAL);
  return 0;
}
static int32_t set_outermost(void* ctx) {
  (void)ctx;
  OK(pool_task_set_failure(INT32_MIN + 256, NULL));
  return 0;
}
static void set_in_drop(void* ctx) {
  (void)ctx;
  CHECK_STATUS(pool_task_set_failure(5, "too late"), POOL_EINVAL);
}

/* A task that waits runs another one inside itself: each has its own failure. */
static pool_group_t inner;
static int32_t fails_inside(void* ctx) {
  OK(pool_task_set_failure(21, "outer"));
  OK(pool_group_submit(inner, follow, ctx));
  CHECK_STATUS(pool_group_wait(inner), POOL_EFAILED);
  return 0;
}

int main(void) {
  memset(long_text, 'x', sizeof long_text - 1);
  char cut[POOL_FAILURE_TEXT_MAX];
  memset(cut, 'x', sizeof cut - 1);
  cut[sizeof cut - 1] = '\0';
  pool = make_pool(1);
  check_plan((plan_t){{0, 0}, {NULL, NULL}, 0}, 0, "");
  check_plan((plan_t){{0, 0}, {NULL, NULL}, 7}, 7, "");
  check_plan((plan_t){{0, 0}, {NULL, NULL}, -7}, -7, "");
  check_plan((plan_t){{0, 0}, {NULL, NULL}, INT32_MIN + 200}, INT32_MIN + 200, ""); /* the library's: fails, too */
  check_plan((plan_t){{5, 0}, {"five", NULL}, 0}, 5, "five");
  check_plan((plan_t){{5, 0}, {"five", NULL}, 9}, 5, "five"); /* whatever it returns */
  check_plan((plan_t){{5, 6}, {"five", "six"}, 0}, 6, "six"); /* the last call counts */
  check_plan((plan_t){{5, 6}, {"five", NULL}, 0}, 6, "");
  check_plan((plan_t){{5, 0}, {"", NULL}, 0}, 5, "");
  check_plan((plan_t){{5, 0}, {long_text, NULL}, 0}, 5, cut);
  check_plan((plan_t){{5, 0}, {cut, NULL}, 0}, 5, cut);
  check_plan((plan_t){{5, 0}, {cut + 1, NULL}, 0}, 5, cut + 1);

  pool_group_t group = make_group(pool);
  OK(submit_drop(group, try_codes, NULL, set_in_drop));
  OK(pool_group_wait(group));
  OK(pool_group_submit(group, set_outermost, NULL));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  int32_t code = 0;
  OK(pool_group_failure(group, &code, NULL, 0));
  CHECK_EQ(code, INT32_MIN + 256);
  /* The first one stays, though more fail; all count. */
  for (int i = 0; i < 10; i++) OK(pool_group_submit(group, task_fail, NULL));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_failure(group, &code, NULL, 0));
  CHECK_EQ(code, INT32_MIN + 256);
  CHECK_EQ(group_stats_of(group).failed, 11);
  OK(pool_group_destroy(group));

  group = make_group(pool);
  inner = make_group(pool);
  plan_t plan = {{22, 0}, {"inner", NULL}, 0};
  char text[16];
  OK(pool_group_submit(group, fails_inside, &plan));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_group_failure(group, &code, text, sizeof text));
  CHECK_EQ(code, 21);
  CHECK(strcmp(text, "outer") == 0);
  OK(pool_group_failure(inner, &code, text, sizeof text));
  CHECK_EQ(code, 22);
  CHECK(strcmp(text, "inner") == 0);
  OK(pool_destroy(pool));
  return 0;
}
