/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_poll: POOL_EBUSY while there are unfinished tasks, then the outcome; what the tasks did happens before
 * that return (plain variables, for ThreadSanitizer); it never runs a task. */
#define _GNU_SOURCE
#include "check.h"

typedef struct {
  pid_t caller;
  int plain[16];
} context_t;

static int32_t write_plain(void* ctx) {
  context_t* context = ctx;
  CHECK(thread_id() != context->caller);
  for (int i = 0; i < 16; i++) context->plain[i]++;
  return 0;
}

static pool_status_t poll_until_done(pool_group_t group) {
  for (;;) {
    const pool_status_t status = pool_group_poll(group);
    if (status != POOL_EBUSY) return status;
    sched_yield();
  }
}

int main(void) {
  const pool_t pool = make_pool(2);
  pool_group_t group = make_group(pool);
  OK(pool_group_poll(group)); /* empty from the beginning */
  context_t contexts[8];
  memset(contexts, 0, sizeof contexts);
  for (int i = 0; i < 8; i++) contexts[i].caller = thread_id();
  for (int round = 1; round <= 200; round++) {
    for (int i = 0; i < 8; i++) OK(pool_group_submit(group, write_plain, &contexts[i]));
    OK(poll_until_done(group));
    for (int i = 0; i < 8; i++) {
      for (int j = 0; j < 16; j++) CHECK_EQ(contexts[i].plain[j], round);
    }
  }
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY); /* queued */
  gate_await(&gate, 1);
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY); /* running */
  gate_open(&gate);
  OK(poll_until_done(group));
  OK(pool_group_submit(group, task_fail, NULL));
  CHECK_STATUS(poll_until_done(group), POOL_EFAILED);
  CHECK_STATUS(pool_group_poll(group), POOL_EFAILED);
  OK(pool_group_submit(group, task_nothing, NULL));
  CHECK_STATUS(poll_until_done(group), POOL_EFAILED); /* it sticks */
  OK(pool_destroy(pool));
  return 0;
}
