/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * burst_workers: when all workers are stuck and tasks wait, further threads run these, and leave. A pool that gets on
 * gets none. */
#define _GNU_SOURCE
#include "staff.h"

static atomic_int runs;

static pool_t make_burst_pool(uint32_t max, uint32_t burst, int64_t delay) {
  pool_options_t options = staff_options(0, max, INT64_MAX);
  options.burst_workers = burst;
  options.burst_delay = delay;
  return make_pool_with(&options);
}

static void check_stuck(uint32_t max, uint32_t burst, int64_t delay) {
  const pool_t pool = make_burst_pool(max, burst, delay);
  const pool_group_t stuck = make_group(pool);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (uint32_t i = 0; i < max; i++) OK(pool_group_submit(stuck, task_gate, &gate));
  gate_await(&gate, (int)max);
  for (int round = 0; round < 3; round++) {
    /* Another group, and this one: either is run by burst threads alone. */
    runs = 0;
    for (int i = 0; i < 10; i++) OK(pool_group_submit(i % 2 != 0 ? group : stuck, task_count, &runs));
    OK(pool_group_wait_for(group, LONG_NS));
    while (runs != 10) sched_yield();
    CHECK(stats_of(pool).workers_created > max);
    CHECK(stats_of(pool).workers_peak <= max + burst);
    await_workers(pool, max); /* they leave at once, though nobody's idle time is ever over */
  }
  /* All of them get stuck: up to the bound, and no further. */
  const uint64_t created = stats_of(pool).workers_created;
  for (uint32_t i = 0; i < burst; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, (int)(max + burst));
  CHECK_EQ(stats_of(pool).workers, max + burst);
  CHECK(stats_of(pool).workers_created >= created + burst);
  runs = 0;
  OK(pool_group_submit(group, task_count, &runs));
  CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
  CHECK_EQ(stats_of(pool).workers, max + burst);
  CHECK_EQ(runs, 0);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_wait_for(stuck, LONG_NS));
  await_workers(pool, max);
  await_idle(pool, max);
  OK(pool_destroy(pool));
}

/* Each task submits the next one, so that there always is one that waits, and always one that is started. */
static pool_group_t chain;
static int32_t link_on(void* ctx) {
  if (*(atomic_int*)ctx == 0) OK(pool_group_submit(chain, link_on, ctx));
  return 0;
}
static void check_getting_on(void) {
  enum { delay = 700000000 };
  const pool_t pool = make_burst_pool(1, 4, delay);
  chain = make_group(pool);
  atomic_int enough = 0;
  for (int i = 0; i < 10; i++) OK(pool_group_submit(chain, link_on, &enough));
  /* Five delays; what is measured over is no time that anything has to take. */
  for (int i = 0; i < 5; i++) CHECK_STATUS(pool_group_wait_for(chain, delay), POOL_ETIMEDOUT);
  CHECK_EQ(stats_of(pool).workers_created, 1);
  enough = 1;
  OK(pool_group_wait_for(chain, LONG_NS));
  CHECK_EQ(stats_of(pool).workers_created, 1);
  OK(pool_destroy(pool));
}

int main(void) {
  static const int64_t delays[] = {-1, 1, 1000000, 0};
  for (int i = 0; i < worker_counts_size; i++) {
    for (int d = 0; d < 4; d++) check_stuck(worker_counts[i], 1 + worker_counts[i] / 2, delays[d]);
  }
  check_stuck(1, 9, 1000000);
  check_getting_on();
  return 0;
}
