/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Quick tasks are claimed many at a time, and what threads keep of the pool's room is nobody's loss: a task behind one
 * that takes long does not wait for it, one that ends its thread takes none with it, nothing starts in a suspended
 * group, the bound and the counters are exact once nothing moves. */
#define _GNU_SOURCE
#include "rig.h"

enum { many = 20000, batch = 255 };

/* From here on batches of this group are large: as long as its tasks are quick. */
static void make_quick(pool_group_t group) {
  atomic_int runs = 0;
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < many; i++) OK(pool_group_submit(group, task_count, &runs));
    while (pool_group_poll(group) == POOL_EBUSY) sched_yield(); /* by workers alone */
  }
  CHECK_EQ(runs, 3 * many);
}

/* --- a task behind one that takes long --- */

static int32_t task_open(void* gate) {
  gate_open((gate_t*)gate);
  return 0;
}

static void check_behind(uint32_t workers, uint32_t help) {
  const pool_t pool = make_pool(workers);
  pool_group_options_t options = group_defaults();
  options.help = help;
  pool_group_t group = make_group_of(pool, &options);
  make_quick(group);
  atomic_int runs = 0;
  /* Longer if need be: whether a round's two tasks are claimed together is not certain, only that some are. */
  for (int round = 0; round < scaled(50) || (round < 20000 && stats_of(pool).steals == 0); round++) {
    gate_t gate = GATE_CLOSED;
    caller_t waiter;
    /* All are queued before the first can start, so that they are claimed together. */
    OK(pool_group_suspend(group));
    const int before = round % batch;
    for (int i = 0; i < before; i++) OK(pool_group_submit(group, task_count, &runs));
    OK(pool_group_submit(group, task_gate, &gate));
    OK(pool_group_submit(group, task_open, &gate)); /* while the other stands at the gate */
    for (int i = before; i < batch; i++) OK(pool_group_submit(group, task_count, &runs));
    if (round % 2 == 0) caller_start_asleep(&waiter, call_wait, &group);
    OK(pool_group_resume(group));
    if (round % 2 != 0) caller_start(&waiter, call_wait, &group);
    OK(caller_join(&waiter));
    CHECK_EQ(runs, (round + 1) * batch);
    const pool_group_stats_t stats = group_stats_of(group);
    CHECK_EQ(stats.queued, 0);
    CHECK_EQ(stats.running, 0);
  }
  CHECK(stats_of(pool).steals > 0);
  OK(pool_destroy(pool));
}

/* --- a task that ends its thread --- */

static int32_t task_exit(void* ctx) {
  (void)ctx;
  pthread_exit(NULL);
}

static void submit_with_exit(pool_group_t group, atomic_int* runs) {
  OK(pool_group_suspend(group));
  for (int i = 0; i < batch; i++) {
    if (i == batch / 2) OK(pool_group_submit(group, task_exit, NULL));
    OK(pool_group_submit(group, task_count, runs));
  }
}

static void check_exit(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_options_t options = group_defaults();
  options.help = POOL_HELP_NEVER;
  pool_group_t group = make_group_of(pool, &options);
  make_quick(group);
  atomic_int runs = 0;
  const int rounds = scaled(30);
  for (int round = 1; round <= rounds; round++) {
    submit_with_exit(group, &runs);
    OK(pool_group_resume(group));
    CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
    CHECK_EQ(runs, round * batch);
  }
  check_counts(group, (counts_t){(uint64_t)(3 * many + rounds * (batch + 1)), (uint64_t)(3 * many + rounds * batch),
                                 (uint64_t)rounds, 0, 0});
  OK(pool_destroy(pool));
}

/* On a helper, with every worker held elsewhere until the helper is gone: what is left is for them. */
static void* wait_and_die(void* group) {
  (void)pool_group_wait(*(pool_group_t*)group);
  CHECK(false);
  return NULL;
}
static void check_exit_of_helper(void) {
  const pool_t pool = make_pool(2);
  pool_group_t group = make_group(pool);
  make_quick(group);
  atomic_int runs = 0;
  const int rounds = scaled(20);
  for (int round = 1; round <= rounds; round++) {
    hold_t hold;
    hold_workers(&hold, pool, 2);
    submit_with_exit(group, &runs);
    OK(pool_group_resume(group));
    pthread_join(start(wait_and_die, &group), NULL);
    CHECK(runs < round * batch);
    CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
    release_workers(&hold);
    while (pool_group_poll(group) == POOL_EBUSY) sched_yield(); /* the workers alone */
    CHECK_EQ(runs, round * batch);
  }
  check_counts(group, (counts_t){(uint64_t)(3 * many + rounds * (batch + 1)), (uint64_t)(3 * many + rounds * batch),
                                 (uint64_t)rounds, 0, 0});
  OK(pool_destroy(pool));
}

/* --- suspend --- */

static void check_suspend(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  make_quick(group);
  for (int round = 0; round < scaled(30); round++) {
    atomic_int runs = 0;
    for (int i = 0; i < many / 2; i++) OK(pool_group_submit(group, task_count, &runs));
    caller_t waiter;
    if (round % 2 != 0) caller_start(&waiter, call_wait, &group);
    OK(pool_group_suspend(group));
    /* What had started ends. */
    while (group_stats_of(group).running != 0) sched_yield();
    const int before = runs;
    CHECK_EQ(group_stats_of(group).queued, many / 2 - before);
    /* The pool is told after the group. */
    while (stats_of(pool).queued != (uint64_t)(many / 2 - before)) sched_yield();
    for (int i = 0; i < 50; i++) {
      sched_yield();
      CHECK_EQ(runs, before);
    }
    OK(pool_group_resume(group));
    if (round % 2 != 0) OK(caller_join(&waiter));
    OK(pool_group_wait(group));
    CHECK_EQ(runs, many / 2);
  }
  OK(pool_destroy(pool));
}

/* What a suspension leaves with a thread that has claimed it is that thread's to run, too: the only worker resumes the
 * group and waits for it. */
static pool_group_t left;
static int32_t suspend_left(void* ctx) {
  (void)ctx;
  OK(pool_group_suspend(left));
  return 0;
}
static int32_t resume_left(void* ctx) {
  (void)ctx;
  OK(pool_group_resume(left));
  OK(pool_group_wait(left));
  return 0;
}
static void check_left(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t other = make_group(pool);
  left = make_group(pool);
  make_quick(left);
  for (int round = 0; round < scaled(20); round++) {
    atomic_int runs = 0;
    hold_t hold;
    hold_workers(&hold, pool, 1);
    for (int i = 0; i < batch; i++) OK(pool_group_submit(left, i == 3 ? suspend_left : task_count, &runs));
    release_workers(&hold);
    while (runs < 3 || group_stats_of(left).queued != batch - 4 || group_stats_of(left).running != 0) sched_yield();
    CHECK_EQ(runs, 3);
    OK(pool_group_submit(other, resume_left, NULL));
    while (pool_group_poll(other) == POOL_EBUSY) sched_yield();
    CHECK_EQ(runs, batch - 1);
  }
  OK(pool_destroy(pool));
}

/* --- the bound --- */

typedef struct keeper {
  pool_t pool;
  gate_t* quiet;
  gate_t* end;
} keeper_t;

/* Submits, helps, and then keeps what it has of the room: it lives on. */
static void* keep(void* ctx) {
  keeper_t* keeper = (keeper_t*)ctx;
  const pool_group_t group = make_group(keeper->pool);
  atomic_int runs = 0;
  for (int i = 0; i < 300; i++) OK(pool_group_submit(group, task_count, &runs));
  OK(pool_group_wait(group));
  OK(pool_group_submit(group, task_count, &runs));
  OK(pool_group_wait(group));
  gate_pass(keeper->quiet);
  gate_pass(keeper->end);
  OK(pool_group_destroy(group));
  return NULL;
}

static void check_exact(uint32_t capacity, uint32_t overflow) {
  enum { workers = 2, keepers = 3 };
  const pool_t pool = make_pool_of(workers, capacity, overflow);
  gate_t quiet = GATE_CLOSED;
  gate_t end = GATE_CLOSED;
  keeper_t keeper = {pool, &quiet, &end};
  pthread_t threads[keepers];
  for (int i = 0; i < keepers; i++) threads[i] = start(keep, &keeper);
  gate_await(&quiet, keepers);
  hold_t hold;
  hold_workers(&hold, pool, workers);
  gate_open(&quiet);
  gate_await(&end, keepers);
  CHECK_EQ(stats_of(pool).queued, 0);
  CHECK_EQ(stats_of(pool).running, workers);
  pool_group_t group = make_group(pool);
  atomic_int runs = 0;
  for (uint32_t i = 0; i < capacity; i++) {
    OK(submit_with(group, POOL_OVERFLOW_REJECT, task_count, &runs));
    if (i % 1000 == 0) CHECK_EQ(stats_of(pool).queued, i + 1);
  }
  CHECK_EQ(stats_of(pool).queued, capacity);
  CHECK_STATUS(submit_with(group, POOL_OVERFLOW_REJECT, task_count, &runs), POOL_EFULL);
  CHECK_EQ(stats_of(pool).running, workers);
  CHECK_EQ(stats_of(pool).rejected, 1);
  release_workers(&hold);
  OK(pool_group_wait(group));
  CHECK_EQ(runs, capacity);
  gate_open(&end);
  for (int i = 0; i < keepers; i++) pthread_join(threads[i], NULL);
  while (stats_of(pool).running != 0) sched_yield();
  CHECK_EQ(stats_of(pool).queued, 0);
  OK(pool_destroy(pool));
}

int main(void) {
  static const uint32_t workers[] = {2, 3, 8};
  for (int i = 0; i < 3; i++) {
    check_behind(workers[i], POOL_HELP_NEVER);
    check_behind(workers[i], POOL_HELP_ALWAYS);
    check_suspend(workers[i]);
    check_exit(workers[i]);
  }
  check_exit_of_helper();
  check_suspend(1);
  check_left();
  check_exact(4096, POOL_OVERFLOW_DEFAULT);
  check_exact(65536, POOL_OVERFLOW_DEFAULT);
  check_exact(1000, POOL_OVERFLOW_DEFAULT);
  return 0;
}
