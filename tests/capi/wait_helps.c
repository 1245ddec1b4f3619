/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_wait runs tasks of its own group, and of no other one. */
#define _GNU_SOURCE
#include "check.h"

static pid_t main_thread;
static atomic_int own, strange;

static int32_t own_task(void* ctx) {
  (void)ctx;
  CHECK_EQ(thread_id(), main_thread);
  atomic_fetch_add(&own, 1);
  return 0;
}
static int32_t strange_task(void* ctx) {
  (void)ctx;
  CHECK(thread_id() != main_thread);
  atomic_fetch_add(&strange, 1);
  return 0;
}

int main(void) {
  main_thread = thread_id();
  const pool_t pool = make_pool(1);
  const pool_group_t occupied = make_group(pool);
  const pool_group_t group = make_group(pool);
  const pool_group_t stranger = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(occupied, task_gate, &gate));
  gate_await(&gate, 1);
  /* The only worker stands at the gate: what runs now runs here. */
  for (int i = 0; i < 1000; i++) {
    OK(pool_group_submit(stranger, strange_task, NULL));
    OK(pool_group_submit(group, own_task, NULL));
  }
  OK(pool_group_wait(group));
  CHECK_EQ(own, 1000);
  CHECK_EQ(strange, 0);
  /* Destroy waits in the same way. */
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, own_task, NULL));
  OK(pool_group_destroy(group));
  CHECK_EQ(own, 1100);
  CHECK_EQ(strange, 0);
  CHECK_STATUS(pool_group_poll(stranger), POOL_EBUSY);
  gate_open(&gate);
  OK(pool_group_wait_for(stranger, LONG_NS));
  CHECK_EQ(strange, 1000);
  OK(pool_destroy(pool));
  return 0;
}
