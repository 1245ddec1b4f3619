/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * max_concurrency: so many tasks of the group run at once, workers and waiters together, and never one more; what waits
 * for a place is started as soon as one is free; other groups do not notice. */
#define _GNU_SOURCE
#include "rig.h"

static atomic_int now, high, total;

static void enter_place(void) {
  const int in = atomic_fetch_add(&now, 1) + 1;
  int seen = atomic_load(&high);
  while (in > seen && !atomic_compare_exchange_weak(&high, &seen, in)) continue;
}
static int32_t at_gate(void* gate) {
  enter_place();
  gate_pass((gate_t*)gate);
  atomic_fetch_sub(&now, 1);
  return 0;
}
static int32_t quick(void* unused) {
  (void)unused;
  enter_place();
  if (atomic_fetch_add(&total, 1) % 32 == 0) sched_yield();
  atomic_fetch_sub(&now, 1);
  return 0;
}

static pool_group_t limited(pool_t pool, uint32_t places) {
  pool_group_options_t options = group_defaults();
  options.max_concurrency = places;
  return make_group_of(pool, &options);
}

/* Places are taken by tasks at a gate; nobody starts one more, though workers idle and threads help; then the rest. */
static void check_places(uint32_t workers, uint32_t places, int helpers) {
  const pool_t pool = make_pool(workers);
  pool_group_t group = limited(pool, places);
  const uint32_t by_worker = places < workers ? places : workers;
  const int reached = (int)(places < workers + (uint32_t)helpers ? places : workers + (uint32_t)helpers);
  gate_t gate = GATE_CLOSED;
  now = high = total = 0;
  const int tasks = 3 * (int)places + 8;
  for (int i = 0; i < tasks; i++) OK(pool_group_submit(group, at_gate, &gate));
  gate_await(&gate, (int)by_worker);
  caller_t waiters[3];
  for (int i = 0; i < helpers; i++) caller_start_asleep(&waiters[i], call_wait, &group);
  gate_await(&gate, reached);
  /* Another group gets the workers that are left, and they find nothing to start afterwards. */
  if (workers > by_worker) {
    const pool_group_t other = make_group(pool);
    OK(pool_group_submit(other, task_nothing, NULL));
    OK(pool_group_wait_for(other, LONG_NS));
    const pool_stats_t stats = stats_of(pool);
    await_idle(pool, stats.workers - by_worker);
  }
  CHECK_EQ(atomic_load(&now), reached);
  CHECK_EQ(group_stats_of(group).running, reached);
  CHECK_EQ(group_stats_of(group).queued, tasks - reached);
  gate_open(&gate);
  for (int i = 0; i < 2000; i++) OK(pool_group_submit(group, quick, NULL));
  OK(pool_group_wait(group));
  for (int i = 0; i < helpers; i++) OK(caller_join(&waiters[i]));
  CHECK_EQ(high, reached);
  CHECK_EQ(total, 2000);
  CHECK_EQ(now, 0);
  OK(pool_destroy(pool));
}

/* Groups with a limit beside each other, submitters and helpers at work: each keeps to its own. */
static pool_group_t crowded[3];
static atomic_int crowd_now[3], crowd_high[3];

static int32_t crowd_task(void* number) {
  const int i = *(int*)number;
  const int in = atomic_fetch_add(&crowd_now[i], 1) + 1;
  CHECK(in <= i + 1);
  if (in > atomic_load(&crowd_high[i])) atomic_store(&crowd_high[i], in);
  atomic_fetch_sub(&crowd_now[i], 1);
  return 0;
}
static void* crowd_submit(void* unused) {
  static int numbers[3] = {0, 1, 2};
  const int rounds = scaled(1000);
  for (int i = 0; i < rounds; i++) {
    for (int j = 0; j < 3; j++) OK(pool_group_submit(crowded[j], crowd_task, &numbers[j]));
    if (i % 50 == 0) OK(pool_group_wait(crowded[i % 3]));
  }
  return unused;
}
static void check_crowd(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  for (uint32_t i = 0; i < 3; i++) crowded[i] = limited(pool, i + 1);
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) threads[i] = start(crowd_submit, NULL);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  const uint64_t all = 3 * (uint64_t)scaled(1000);
  for (int i = 0; i < 3; i++) {
    OK(pool_group_wait_for(crowded[i], LONG_NS)); /* workers alone have to come to the end of it */
    check_counts(crowded[i], (counts_t){all, all, 0, 0, 0});
  }
  OK(pool_destroy(pool));
}

int main(void) {
  for (uint32_t places = 1; places <= 3; places++) {
    check_places(8, places, 0);
    check_places(8, places, 3);
    check_places(1, places, 3);
    check_places(2, places, 1);
  }
  check_places(8, 10, 3);
  check_places(64, 7, 0);
  with_workers(check_crowd);
  return 0;
}
