/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_resize: both ways while tasks run; all or nothing; only while the pool is open. */
#define _GNU_SOURCE
#include "staff.h"

static void check_up_and_down(uint32_t most, int before) {
  const pool_options_t options = staff_options(0, 1, INT64_MAX);
  const pool_t pool = make_pool_with(&options);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (uint32_t i = 0; i < most; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  CHECK_EQ(stats_of(pool).workers, 1);
  /* Up: the tasks that wait are run at once. */
  OK(pool_resize(pool, 0, most));
  gate_await(&gate, (int)most);
  CHECK_EQ(stats_of(pool).workers, most);
  /* Down: what runs is finished, and nothing further is begun by those that are too many. */
  OK(pool_resize(pool, 1, 1));
  CHECK_EQ(stats_of(pool).running, most);
  gate_t second = GATE_CLOSED;
  for (uint32_t i = 0; i < most; i++) OK(pool_group_submit(group, task_gate, &second));
  gate_open(&gate);
  await_workers(pool, 1);
  gate_await(&second, 1);
  CHECK_EQ(stats_of(pool).running, 1);
  CHECK_EQ(stats_of(pool).queued, most - 1);
  CHECK_EQ(stats_of(pool).workers_left, most - 1);
  gate_open(&second);
  OK(pool_group_wait_for(group, LONG_NS));
  /* Idle ones leave, too, though their time is never over. */
  OK(pool_resize(pool, 0, most));
  gate_t third = GATE_CLOSED;
  for (uint32_t i = 0; i < most; i++) OK(pool_group_submit(group, task_gate, &third));
  gate_await(&third, (int)most);
  gate_open(&third);
  OK(pool_group_wait_for(group, LONG_NS));
  await_idle(pool, most);
  OK(pool_resize(pool, 0, 1));
  await_workers(pool, 1);
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
  while (threads_now() != before) sched_yield();
}

/* min_workers: those beyond a lower one may leave now; missing ones are started with prestart. */
static void check_min(void) {
  pool_options_t options = staff_options(4, 4, 1);
  options.prestart = 1;
  const pool_t pool = make_pool_with(&options);
  await_idle(pool, 4);
  OK(pool_resize(pool, 2, 4));
  await_workers(pool, 2);
  await_idle(pool, 2);
  CHECK_EQ(stats_of(pool).workers_left, 2);
  OK(pool_resize(pool, 7, 8));
  await_workers(pool, 7); /* at once, unless some of those that left hold their places still */
  await_idle(pool, 7);
  OK(pool_resize(pool, 0, 8));
  await_workers(pool, 0);
  CHECK_STATUS(pool_resize(pool, 3, 2), POOL_EINVAL);
  CHECK_STATUS(pool_resize(pool, 0, 32768), POOL_EINVAL);
  OK(pool_resize(pool, 1, 0));
  await_workers(pool, 1);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0));
  CHECK_STATUS(pool_resize(pool, 0, 2), POOL_ECLOSED);
  OK(pool_destroy(pool));
  CHECK_STATUS(pool_resize(pool, 0, 2), POOL_EBADHANDLE);
  CHECK_STATUS(pool_resize((pool_t){0}, 0, 2), POOL_EBADHANDLE);

  options.min_workers = 0;
  options.prestart = 0;
  options.burst_workers = 32767 - 4;
  const pool_t bursts = make_pool_with(&options);
  CHECK_STATUS(pool_resize(bursts, 0, 5), POOL_EINVAL);
  OK(pool_resize(bursts, 3, 3));
  CHECK_EQ(stats_of(bursts).workers, 0);
  OK(pool_destroy(bursts));
}

/* From inside a task, down to fewer than there are: the caller's own thread may be the one that goes. */
static pool_t own;
static int32_t resize_down(void* gate) {
  OK(pool_resize(own, 0, 1));
  gate_pass((gate_t*)gate);
  return 0;
}
static void check_inside(void) {
  for (int i = 0; i < 50; i++) {
    own = make_pool(3);
    const pool_group_t group = make_group(own);
    gate_t gate = GATE_CLOSED;
    atomic_int runs = 0;
    for (int j = 0; j < 3; j++) OK(pool_group_submit(group, j < 2 ? task_gate : resize_down, &gate));
    gate_await(&gate, 3);
    for (int j = 0; j < 20; j++) OK(pool_group_submit(group, task_count, &runs));
    gate_open(&gate);
    OK(pool_group_wait_for(group, LONG_NS));
    CHECK_EQ(runs, 20);
    OK(pool_destroy(own));
  }
}

/* With fewer threads to be had than prestart wants: the old bounds. */
static int no_thread(void) {
  if (!become_nobody() || !limit_threads(1) || can_start_thread()) return staff_skipped;
  pool_options_t options = staff_options(0, 3, INT64_MAX);
  options.prestart = 1;
  const pool_t pool = make_pool_with(&options);
  CHECK_STATUS(pool_resize(pool, 1, 5), POOL_ETHREAD);
  CHECK_EQ(stats_of(pool).workers, 0);
  CHECK(limit_threads(RLIM_INFINITY));
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (int i = 0; i < 5; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 3);
  CHECK_EQ(stats_of(pool).workers, 3);
  CHECK(limit_threads(1));
  CHECK_STATUS(pool_resize(pool, 4, 5), POOL_ETHREAD);
  CHECK_EQ(stats_of(pool).workers, 3);
  OK(pool_resize(pool, 3, 5)); /* none is missing */
  CHECK(limit_threads(RLIM_INFINITY));
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_resize(pool, 5, 5));
  CHECK_EQ(stats_of(pool).workers, 5);
  OK(pool_destroy(pool));
  return 0;
}

int main(void) {
  check_in_child(no_thread, "resize without threads");
  const int before = threads_at_first();
  for (int i = 0; i < worker_counts_size; i++) check_up_and_down(worker_counts[i], before);
  check_min();
  check_inside();
  return 0;
}
