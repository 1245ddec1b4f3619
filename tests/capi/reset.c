/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_reset makes an empty group as new, its counters apart; EBUSY as long as something is unfinished. What a
 * group remembers, it remembers until then. */
#define _GNU_SOURCE
#include "rig.h"

static void check_busy(pool_group_t group) { CHECK_STATUS(pool_group_reset(group), POOL_EBUSY); }

int main(void) {
  const pool_t pool = make_pool(1);
  pool_group_t group = make_group(pool);
  OK(pool_group_reset(group));
  hold_t hold;
  hold_workers(&hold, pool, 1);
  check_busy(hold.group); /* running */
  OK(pool_group_submit(group, task_fail, NULL));
  check_busy(group); /* queued */
  caller_t waiter;
  OK(pool_group_suspend(group));
  check_busy(group); /* suspended */
  caller_start_asleep(&waiter, call_wait, &group);
  check_busy(group); /* waited for */
  OK(pool_group_resume(group));
  CHECK_STATUS(caller_join(&waiter), POOL_EFAILED);
  OK(pool_group_reset(group));
  OK(pool_group_enter(group));
  check_busy(group); /* done elsewhere */
  OK(pool_group_leave(group, 3));
  release_workers(&hold);

  int32_t code = 0;
  char text[8] = "none";
  for (int round = 0; round < 3; round++) {
    OK(pool_group_submit(group, task_nothing, NULL));
    CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
    OK(pool_group_failure(group, &code, text, sizeof text));
    CHECK_EQ(code, 3);
  }
  OK(pool_group_reset(group));
  OK(pool_group_poll(group));
  OK(pool_group_wait(group));
  OK(pool_group_failure(group, &code, text, sizeof text));
  CHECK_EQ(code, 0);
  CHECK(strcmp(text, "") == 0);
  check_counts(group, (counts_t){5, 3, 2, 0, 0});

  /* The failure after the reset is the first one again. */
  OK(pool_group_submit(group, task_fail, NULL));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_failure(group, &code, NULL, 0));
  CHECK_EQ(code, 7);

  /* A cancel is forgotten; a suspension of an empty group is not the reset's business, and ends by resume. */
  OK(pool_group_reset(group));
  OK(pool_group_cancel(group));
  OK(pool_group_reset(group));
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  check_counts(group, (counts_t){7, 4, 3, 0, 0});

  /* Against tasks that come and go: it is refused or it is right. */
  for (int i = 0; i < scaled(3000); i++) {
    OK(pool_group_submit(group, i % 2 == 0 ? task_fail : task_nothing, NULL));
    const pool_status_t reset = pool_group_reset(group);
    CHECK(reset == POOL_OK || reset == POOL_EBUSY);
    const pool_status_t outcome = pool_group_wait(group);
    if (reset == POOL_EBUSY && i % 2 == 0) CHECK_STATUS(outcome, POOL_EFAILED);
    if (reset == POOL_OK) OK(outcome); /* it had run before the reset */
    OK(pool_group_reset(group));
  }
  OK(pool_destroy(pool));
  return 0;
}
