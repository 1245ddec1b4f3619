/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * 100,000 groups alive in one pool, each with work, each found by the workers. */
#define _GNU_SOURCE
#include "check.h"

enum { most = 100000 };

int main(void) {
  static pool_group_t groups[most];
  static atomic_int counts[most];
  const pool_t pool = make_pool_of(2, POOL_UNBOUNDED, POOL_OVERFLOW_REJECT);
  const pool_t other = make_pool(1);
  for (int i = 0; i < most; i++) groups[i] = make_group(i % 1000 == 999 ? other : pool);
  gate_t gate = GATE_CLOSED;
  const pool_group_t gates = make_group(pool);
  for (int i = 0; i < 2; i++) OK(pool_group_submit(gates, task_gate, &gate));
  gate_await(&gate, 2);
  for (int i = 0; i < most; i++) {
    OK(pool_group_submit(groups[i], task_count, &counts[i]));
    OK(pool_group_submit(groups[i], task_count, &counts[i]));
  }
  gate_open(&gate);
  /* Timed waits, which do not help: the workers have to find each of them. */
  for (int i = most - 1; i >= 0; i--) {
    OK(pool_group_wait_for(groups[i], LONG_NS));
    CHECK_EQ(counts[i], 2);
  }
  for (int i = 0; i < most; i += 2) OK(pool_group_destroy(groups[i]));
  for (int i = 0; i < most; i += 2) groups[i] = make_group(pool);
  for (int i = 0; i < most; i++) OK(pool_group_submit(groups[i], task_count, &counts[i]));
  for (int i = 0; i < most; i++) OK(pool_group_wait_for(groups[i], LONG_NS));
  for (int i = 0; i < most; i++) CHECK_EQ(counts[i], 3);
  OK(pool_destroy(other));
  OK(pool_destroy(pool));
  return 0;
}
