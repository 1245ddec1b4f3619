/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * prestart: pool_create starts min_workers threads, all or none; they are kept, and without prestart none is started.
 */
#define _GNU_SOURCE
#include "staff.h"

static void check_count(uint32_t min, int before) {
  pool_options_t options = staff_options(min, min + 1, -1);
  pool_t pool = make_pool_with(&options);
  CHECK_EQ(stats_of(pool).workers, 0);
  CHECK_EQ(threads_now(), before);
  OK(pool_destroy(pool));

  options.prestart = 1;
  pool = make_pool_with(&options);
  CHECK_EQ(stats_of(pool).workers, min);
  CHECK_EQ(stats_of(pool).workers_created, min);
  CHECK_EQ(threads_now(), before + (int)min);
  await_idle(pool, min); /* their time is over at once, and they stay */
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (uint32_t i = 0; i < min; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, (int)min);
  CHECK(stats_of(pool).workers >= min);
  OK(pool_group_submit(group, task_gate, &gate)); /* one more leaves again */
  gate_await(&gate, (int)min + 1);
  CHECK_EQ(stats_of(pool).workers, min + 1);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  await_workers(pool, min);
  CHECK(stats_of(pool).workers_left >= 1);
  OK(pool_destroy(pool));
  while (threads_now() != before) sched_yield();
}

/* With fewer threads to be had than prestart wants: whatever the limit, all or none. */
static int no_thread(void) {
  if (!become_nobody() || !limit_threads(1) || can_start_thread()) return staff_skipped;
  enum { wanted = 8 };
  pool_options_t options = staff_options(wanted, wanted, 0);
  options.prestart = 1;
  const int before = threads_now();
  bool refused = false;
  for (rlim_t limit = 1;; limit++) {
    if (!limit_threads(limit)) return staff_skipped;
    pool_t pool = {7};
    const pool_status_t status = pool_create(&options, &pool);
    if (status == POOL_OK) {
      CHECK_EQ(stats_of(pool).workers, wanted);
      OK(pool_destroy(pool));
      break;
    }
    CHECK_STATUS(status, POOL_ETHREAD);
    CHECK_EQ(pool.id, 0);
    CHECK_EQ(threads_now(), before);
    refused = true;
  }
  CHECK(refused);
  /* All slots have been given back: that many pools can be made. */
  CHECK(limit_threads(1));
  for (int i = 0; i < 2000; i++) {
    pool_t pool;
    CHECK_STATUS(pool_create(&options, &pool), POOL_ETHREAD);
  }
  return 0;
}

int main(void) {
  check_in_child(no_thread, "prestart without threads");
  const int before = threads_at_first();
  for (int i = 0; i < worker_counts_size; i++) check_count(worker_counts[i], before);
  return 0;
}
