/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Time-outs of waits: 0, negative, 1 ns, very long, for ever. Outside a task a timed wait runs nothing; inside a task
 * it helps, and still ends. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static pool_group_t group;
static atomic_int runs;
static pid_t main_thread;

static int32_t not_on_main(void* ctx) {
  (void)ctx;
  CHECK(thread_id() != main_thread);
  atomic_fetch_add(&runs, 1);
  return 0;
}

static void check_outside(void) {
  static const int64_t timeouts[] = {INT64_MIN, -1, 0, 1, 1000, SHORT_NS};
  gate_t gate = GATE_CLOSED;
  runs = 0;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  for (int i = 0; i < 20; i++) OK(pool_group_submit(group, not_on_main, NULL));
  for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
    CHECK_STATUS(pool_group_wait_for(group, timeouts[i]), POOL_ETIMEDOUT);
    CHECK_EQ(runs, 0);
  }
  gate_open(&gate);
  OK(pool_group_wait_for(group, INT64_MAX - 1)); /* a sum that saturates */
  CHECK_EQ(runs, 20);
  for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) OK(pool_group_wait_for(group, timeouts[i]));
  OK(pool_group_submit(group, not_on_main, NULL));
  OK(pool_group_wait_for(group, INT64_MAX)); /* for ever, and still it does not help */
  CHECK_EQ(runs, 21);
}

/* A task that submits itself again until it is told to stop. The bound is there for the day when nobody tells. */
static atomic_int stop, rounds;
static pool_group_t endless;
static int32_t again(void* ctx) {
  (void)ctx;
  if (atomic_load(&stop) == 0 && atomic_fetch_add(&rounds, 1) < 3000000) {
    OK(pool_group_submit(endless, again, NULL));
  } else {
    CHECK(atomic_load(&stop) != 0);
  }
  return 0;
}
static int32_t waits_for_endless(void* ctx) {
  (void)ctx;
  OK(pool_group_submit(endless, again, NULL));
  CHECK_STATUS(pool_group_wait_for(endless, SHORT_NS), POOL_ETIMEDOUT);
  CHECK(atomic_load(&rounds) > 0); /* the only worker is here: the wait has helped */
  atomic_store(&stop, 1);
  return 0;
}

/* A helping wait that finds nothing to run sleeps, and its time-out ends the sleep. */
static int32_t waits_for_gate(void* gate) {
  gate_await(gate, 1);
  CHECK_STATUS(pool_group_wait_for(endless, 0), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_group_wait_for(endless, 1), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_group_wait_for(endless, SHORT_NS), POOL_ETIMEDOUT);
  gate_open(gate);
  OK(pool_group_wait_for(endless, LONG_NS));
  return 0;
}

int main(void) {
  main_thread = thread_id();
  pool = make_pool(1);
  group = make_group(pool);
  endless = make_group(pool);
  check_outside();
  OK(pool_group_submit(group, waits_for_endless, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_wait_for(endless, LONG_NS));
  OK(pool_destroy(pool));

  pool = make_pool(2);
  group = make_group(pool);
  endless = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(endless, task_gate, &gate));
  OK(pool_group_submit(group, waits_for_gate, &gate));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
  return 0;
}
