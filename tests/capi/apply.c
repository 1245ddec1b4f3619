/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_apply: each turn once, whatever the count, the grain, the group; by the calling thread alone where the
 * workers are busy; nested in tasks; with turns that fail, also inside a task of a group with a limit; cancelled at the
 * start and half-way; at a bound. */
#define _GNU_SOURCE
#include "rig.h"

enum { most = 10007 };

static atomic_int turns[most];
static atomic_int at_once, high, made;

static int32_t turn(void* ctx, uint64_t index) {
  CHECK(index < *(uint64_t*)ctx);
  atomic_fetch_add(&turns[index], 1);
  return 0;
}
static int32_t alone(void* ctx, uint64_t index) {
  const int in = atomic_fetch_add(&at_once, 1) + 1;
  if (in > atomic_load(&high)) atomic_store(&high, in);
  if (index % 16 == 0) sched_yield();
  atomic_fetch_sub(&at_once, 1);
  return turn(ctx, index);
}
static void check_turns(uint64_t count) {
  for (uint64_t i = 0; i < most; i++) CHECK_EQ(atomic_exchange(&turns[i], 0), i < count ? 1 : 0);
}

static const uint64_t counts[] = {0, 1, 2, 7, 63, 64, 65, 1000, most};
static const uint64_t grains[] = {0, 1, 3, 64, 100000, UINT64_MAX};
enum { count_cases = sizeof counts / sizeof counts[0], grain_cases = sizeof grains / sizeof grains[0] };

static void check_all(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  const pool_group_t serial = make_serial(pool);
  high = 0;
  for (int i = 0; i < count_cases; i++) {
    for (int j = 0; j < grain_cases; j++) {
      uint64_t count = counts[i];
      OK(pool_group_apply(group, count, grains[j], turn, &count));
      check_turns(count);
      OK(pool_group_apply(serial, count, grains[j], alone, &count));
      check_turns(count);
    }
  }
  CHECK_EQ(high, 1);
  OK(pool_group_wait(group));
  const pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.submitted, stats.succeeded);
  CHECK_STATUS(pool_group_apply(group, 3, 1, NULL, NULL), POOL_EINVAL);
  OK(pool_destroy(pool));
}

/* The workers are held, help is off: the calling thread makes every turn. */
static int32_t here(void* thread, uint64_t index) {
  (void)index;
  CHECK_EQ(*(pid_t*)thread, thread_id());
  atomic_fetch_add(&made, 1);
  return 0;
}
static void check_here(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_options_t options = group_defaults();
  options.help = POOL_HELP_NEVER;
  const pool_group_t group = make_group_of(pool, &options);
  hold_t hold;
  hold_workers(&hold, pool, workers);
  pid_t self = thread_id();
  made = 0;
  OK(pool_group_apply(group, 1000, 0, here, &self));
  CHECK_EQ(made, 1000);
  /* It waits for its turns, not for the group: something else of it may be unfinished. */
  OK(pool_group_enter(group));
  OK(pool_group_apply(group, 10, 3, here, &self));
  CHECK_EQ(made, 1010);
  OK(pool_group_leave(group, 0));
  release_workers(&hold);
  OK(pool_destroy(pool));
}

/* --- nested --- */

static pool_t nest_pool;
static pool_group_t nest_groups[3];

static int32_t nested_turn(void* depth, uint64_t index) {
  (void)index;
  const int at = *(int*)depth;
  atomic_fetch_add(&made, 1);
  if (at == 2) return 0;
  int next = at + 1;
  OK(pool_group_apply(nest_groups[next], 5, 1, nested_turn, &next));
  return 0;
}
static int32_t nested_task(void* depth) {
  OK(pool_group_apply(nest_groups[0], 5, 2, nested_turn, depth));
  return 0;
}
static int32_t own_turn(void* ctx, uint64_t index) {
  (void)ctx;
  (void)index;
  atomic_fetch_add(&made, 1);
  return 0;
}
static int32_t own_task(void* group) {
  OK(pool_group_apply(*(pool_group_t*)group, 100, 7, own_turn, NULL));
  return 0;
}
static void check_nested(uint32_t workers) {
  nest_pool = make_pool(workers);
  for (int i = 0; i < 3; i++) nest_groups[i] = make_group(nest_pool);
  pool_group_t group = make_group(nest_pool);
  int depth = 0;
  made = 0;
  OK(pool_group_submit(group, nested_task, &depth));
  OK(pool_group_wait_for(group, LONG_NS)); /* a wait that does not help: the workers do it */
  CHECK_EQ(made, 5 + 25 + 125);
  /* In a task of the very group: it waits for the turns alone. */
  made = 0;
  for (int i = 0; i < 10; i++) OK(pool_group_submit(group, own_task, &group));
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(made, 1000);
  OK(pool_destroy(nest_pool));
}

/* --- turns that fail, groups that are cancelled --- */

static int32_t every_tenth(void* ctx, uint64_t index) {
  (void)ctx;
  atomic_fetch_add(&made, 1);
  return index % 10 == 3 ? (int32_t)index : 0;
}
static int32_t cancel_at(void* group, uint64_t index) {
  if (atomic_fetch_add(&made, 1) == 1000) OK(pool_group_cancel(*(pool_group_t*)group));
  (void)index;
  return 0;
}
static int32_t fail_at(void* ctx, uint64_t index) {
  (void)ctx;
  (void)index;
  return atomic_fetch_add(&made, 1) == 1000 ? 5 : 0;
}
static void check_ends(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  for (int grain = 0; grain < 20; grain += 5) {
    made = 0;
    CHECK_STATUS(pool_group_apply(group, 1000, (uint64_t)grain, every_tenth, NULL), POOL_EFAILED);
    CHECK_EQ(made, 1000);
    CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
    int32_t code = 0;
    OK(pool_group_failure(group, &code, NULL, 0));
    CHECK_EQ(code % 10, 3);
    /* An earlier failure is not this loop's. */
    uint64_t count = 10;
    OK(pool_group_apply(group, count, 1, turn, &count));
    check_turns(count);
    CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
    OK(pool_group_reset(group));
  }
  /* Far too many to be made, or to be submitted one by one. */
  for (int i = 0; i < 2; i++) {
    made = 0;
    const uint64_t grain = i == 0 ? 1 : 0;
    CHECK_STATUS(pool_group_apply(group, UINT64_C(1) << 40, grain, cancel_at, &group), POOL_ECANCELED);
    CHECK(made > 1000);
    CHECK_STATUS(pool_group_apply(group, 5, 1, turn, NULL), POOL_ECANCELED);
    const pool_status_t waited = pool_group_wait(group);
    CHECK(waited == POOL_OK || waited == POOL_ECANCELED); /* as there were tasks left of it, or not */
    OK(pool_group_reset(group));
  }
  pool_group_options_t options = group_defaults();
  options.fail_fast = 1;
  const pool_group_t fast = make_group_of(pool, &options);
  made = 0;
  CHECK_STATUS(pool_group_apply(fast, UINT64_C(1) << 40, 1, fail_at, NULL), POOL_EFAILED);
  CHECK(made > 1000);
  CHECK_STATUS(pool_group_submit(fast, task_nothing, NULL), POOL_ECANCELED);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_STATUS(pool_group_apply(group, 5, 1, turn, NULL), POOL_ECLOSED);
  OK(pool_destroy(pool));
}

/* --- in a task of a group with a limit: the loop runs in that very task, which is not what fails --- */

enum { how_returned, how_told, how_both, how_kinds };

static int how;
static gate_t all_in;

static int32_t fail_turn(void* ctx, uint64_t index) {
  (void)ctx;
  if (index % 3 != 1) return 0;
  if (how != how_returned) OK(pool_task_set_failure(40 + (int32_t)index, "a turn"));
  return how != how_told ? 30 + (int32_t)index : 0;
}
static int32_t nest_failing_turn(void* group, uint64_t index) {
  CHECK_STATUS(pool_group_apply(*(pool_group_t*)group, 5, 1, fail_turn, NULL), POOL_EFAILED);
  return index == 100 ? 1 : 0;
}
static int32_t loop_that_fails(void* group) {
  CHECK_STATUS(pool_group_apply(*(pool_group_t*)group, 10, 1, fail_turn, NULL), POOL_EFAILED);
  OK(pool_group_apply(*(pool_group_t*)group, 4, 1, nest_failing_turn, group));
  gate_pass(&all_in);
  return 0;
}
static int32_t fail_around_loops(void* group) {
  /* What the task says of itself stays, whatever the loops in it do, and is no failure of theirs. */
  OK(pool_task_set_failure(7, "the task"));
  CHECK_STATUS(pool_group_apply(*(pool_group_t*)group, 10, 1, fail_turn, NULL), POOL_EFAILED);
  OK(pool_group_apply(*(pool_group_t*)group, 10, 1, own_turn, NULL));
  return 0;
}
static void check_limited(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  for (uint32_t limit = 1; limit <= 2; limit++) {
    pool_group_options_t options = group_defaults();
    options.max_concurrency = limit;
    pool_group_t group = make_group_of(pool, &options);
    for (how = 0; how < how_kinds; how++) {
      all_in = (gate_t)GATE_CLOSED;
      OK(pool_group_submit(group, loop_that_fails, &group));
      gate_await(&all_in, 1); /* by a worker; below by whoever comes first */
      gate_open(&all_in);
      OK(pool_group_wait(group));
    }
    check_counts(group, (counts_t){how_kinds, how_kinds, 0, 0, 0});
    for (how = 0; how < how_kinds; how++) {
      OK(pool_group_submit(group, fail_around_loops, &group));
      CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
      int32_t code = 0;
      char text[POOL_FAILURE_TEXT_MAX];
      OK(pool_group_failure(group, &code, text, sizeof text));
      CHECK_EQ(code, 7);
      CHECK(strcmp(text, "the task") == 0);
      OK(pool_group_reset(group));
    }
    check_counts(group, (counts_t){2 * how_kinds, how_kinds, how_kinds, 0, 0});
  }
  OK(pool_destroy(pool));
}

/* --- at a bound: the tasks that a loop would like to have are not the user's, so that nothing was rejected --- */

static void check_bound(uint32_t workers) {
  const pool_t pool = make_pool_of(workers, 1, POOL_OVERFLOW_REJECT);
  const pool_group_t group = make_group(pool);
  pool_group_options_t options = group_defaults();
  options.queue_capacity = 1;
  const pool_group_t bounded = make_group_of(pool, &options);
  hold_t hold = {.gate = GATE_CLOSED};
  hold.group = make_group(pool);
  for (uint32_t i = 1; i <= workers; i++) { /* one after the other: there is one place */
    OK(pool_group_submit(hold.group, task_gate, &hold.gate));
    gate_await(&hold.gate, (int)i);
  }
  pid_t self = thread_id();
  made = 0;
  OK(pool_group_apply(group, 100, 1, here, &self));
  OK(pool_group_apply(bounded, 100, 1, here, &self));
  CHECK_EQ(made, 200);
  CHECK_EQ(stats_of(pool).rejected, 0);
  /* The first one is: the loop is refused with it. */
  OK(pool_group_submit(group, task_nothing, NULL));
  CHECK_STATUS(pool_group_apply(group, 100, 1, here, &self), POOL_EFULL);
  CHECK_EQ(made, 200);
  CHECK_EQ(stats_of(pool).rejected, 1);
  OK(pool_group_wait(group));
  release_workers(&hold);
  OK(pool_destroy(pool));
}

int main(void) {
  with_workers(check_all);
  with_workers(check_here);
  with_workers(check_nested);
  with_workers(check_ends);
  with_workers(check_limited);
  with_workers(check_bound);
  return 0;
}
