/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Workers above min_workers that idle for idle_timeout leave; the one that works stays, and the last min_workers. A
 * pool that has shrunk to nothing works as before. */
#define _GNU_SOURCE
#include "staff.h"

static atomic_int served_by;

static int32_t tell_thread(void* ctx) {
  (void)ctx;
  served_by = thread_id();
  return 0;
}

/* Runs so many tasks at once, so that there are as many workers, then lets them idle. */
static void fill(pool_t pool, pool_group_t group, uint32_t workers) {
  gate_t gate = GATE_CLOSED;
  for (uint32_t i = 0; i < workers; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, (int)workers);
  CHECK_EQ(stats_of(pool).workers, workers);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
}

static void check_shrinks(uint32_t min, uint32_t max, int64_t idle_timeout, int before) {
  const pool_options_t options = staff_options(min, max, idle_timeout);
  const pool_t pool = make_pool_with(&options);
  const pool_group_t group = make_group(pool);
  for (int round = 1; round <= 3; round++) {
    fill(pool, group, max);
    await_workers(pool, min);
    await_idle(pool, min);
    /* More than that if one came too late for its task, and left. */
    const pool_stats_t stats = stats_of(pool);
    CHECK(stats.workers_left >= (max - min) * (uint64_t)round);
    CHECK_EQ(stats.workers_created, stats.workers_left + min);
    CHECK_EQ(stats_of(pool).workers_peak, max);
    CHECK(threads_now() <= before + (int)min + 1); /* a housekeeper */
  }
  OK(pool_destroy(pool));
  while (threads_now() != before) sched_yield();
}

/* Tasks come one after the other, and one worker is enough for them: it is the same one all the time, and it is the one
 * that is left. Says whether it was: if this program was held up for longer than the time-out, any may be left. */
static bool keeps_the_warm_one(uint32_t max) {
  const pool_options_t options = staff_options(1, max, 100000000);
  const pool_t pool = make_pool_with(&options);
  const pool_group_t group = make_group(pool);
  fill(pool, group, max);
  await_idle(pool, max);
  OK(pool_group_submit(group, tell_thread, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  const int warm = served_by;
  bool same = true;
  while (stats_of(pool).workers != 1) {
    const pool_stats_t stats = stats_of(pool);
    if (stats.workers_idle != stats.workers) continue; /* the warm one is on its way to the top */
    OK(pool_group_submit(group, tell_thread, NULL));
    OK(pool_group_wait_for(group, LONG_NS));
    same = same && served_by == warm;
  }
  OK(pool_group_submit(group, tell_thread, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  same = same && served_by == warm;
  OK(pool_destroy(pool));
  return same;
}

int main(void) {
  const int before = threads_at_first();
  for (int i = 0; i < worker_counts_size; i++) {
    const uint32_t max = worker_counts[i];
    check_shrinks(0, max, -1, before);
    check_shrinks(0, max, 1000000, before);
    check_shrinks(1, max, -1, before);
    check_shrinks(max / 2, max, 1000000, before);
    if (max == 1) continue;
    int tries = 0;
    while (!keeps_the_warm_one(max)) CHECK(++tries < 10);
  }
  /* For ever: nobody leaves, and no housekeeper is needed. */
  const pool_options_t options = staff_options(0, 3, INT64_MAX);
  const pool_t pool = make_pool_with(&options);
  fill(pool, make_group(pool), 3);
  await_idle(pool, 3);
  CHECK_EQ(threads_now(), before + 3);
  OK(pool_destroy(pool));
  return 0;
}
