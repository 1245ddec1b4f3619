/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * More notifications than a group can tell apart: POOL_EBUSY, and those that were accepted all come, once. */
#define _GNU_SOURCE
#include "check.h"

static atomic_int told;
static void tell(void* ctx, pool_status_t outcome) {
  (void)outcome;
  atomic_fetch_add(&told, (int)(intptr_t)ctx);
}

int main(void) {
  const pool_t pool = make_pool(2);
  const pool_group_t group = make_group(pool);
  for (int round = 0; round < 3; round++) {
    OK(pool_group_enter(group));
    int accepted = 0;
    pool_status_t status = POOL_OK;
    while (accepted < 100000) {
      status = pool_group_notify(group, tell, (void*)(intptr_t)1); /* NOLINT: a number as a context */
      if (status != POOL_OK) break;
      accepted++;
    }
    CHECK_STATUS(status, POOL_EBUSY);
    CHECK(accepted > 1000);
    CHECK_EQ(told, 0);
    OK(pool_group_leave(group, 0));
    OK(pool_group_wait(group));
    while (atomic_load(&told) < accepted) sched_yield();
    CHECK_STATUS(pool_group_poll(group), POOL_OK);
    atomic_store(&told, 0);
  }
  OK(pool_group_destroy(group));
  CHECK_EQ(told, 0);
  OK(pool_destroy(pool));
  return 0;
}
