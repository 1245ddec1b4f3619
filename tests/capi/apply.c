/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_apply: each turn once, whatever the count, the grain, the group; by the calling thread alone where the
 * workers are busy; nested in tasks; with turns that fail; cancelled at the start and half-way. */
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

int main(void) {
  with_workers(check_all);
  for (uint32_t workers = 1; workers <= 3; workers++) check_here(workers);
  with_workers(check_nested);
  for (uint32_t workers = 1; workers <= 3; workers++) check_ends(workers);
  return 0;
}
