/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_blocking_begin and _end: while a worker is inside, another one runs in its place, within burst_workers; it
 * stands by when the section is over, and is there for the next one. */
#define _GNU_SOURCE
#include "rig.h"

static pool_t make_blocking_pool_of(uint32_t max, uint32_t burst, int64_t idle_timeout, int64_t burst_delay) {
  pool_options_t options = pool_defaults();
  pool_t pool;
  options.max_workers = max;
  options.burst_workers = burst;
  options.idle_timeout = idle_timeout;
  options.burst_delay = burst_delay;
  OK(pool_create(&options, &pool));
  return pool;
}
/* No delay ever ends: only a section makes the pool run one more. */
static pool_t make_blocking_pool(uint32_t max, uint32_t burst, int64_t idle_timeout) {
  return make_blocking_pool_of(max, burst, idle_timeout, INT64_MAX);
}
static void await_workers(pool_t pool, uint32_t workers) {
  while (stats_of(pool).workers != workers) sched_yield();
}
static uint64_t blocked_in(pool_t pool) { return stats_of(pool).workers_blocked; }

/* --- a task that stands at a gate before its section, and at one inside --- */

typedef struct block {
  gate_t before, inside;
} block_t;
#define BLOCK_AT_ONCE \
  { {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, true}, GATE_CLOSED }

static int32_t block_at(void* ctx) {
  block_t* at = (block_t*)ctx;
  gate_pass(&at->before);
  OK(pool_blocking_begin());
  gate_pass(&at->inside);
  OK(pool_blocking_end());
  return 0;
}
static int32_t block_forgetfully(void* ctx) {
  block_t* at = (block_t*)ctx;
  gate_pass(&at->before);
  OK(pool_blocking_begin());
  OK(pool_blocking_begin());
  gate_pass(&at->inside);
  return 0;
}

/* As many as there is place for are replaced, and no more; `early`: what they make place for is queued before. */
static void check_replaced(uint32_t max, uint32_t burst, pool_task_fn block, bool early) {
  const pool_t pool = make_blocking_pool(max, burst, INT64_MAX);
  const pool_group_t blocked = make_group(pool);
  const pool_group_t group = make_group(pool);
  for (int round = 0; round < 3; round++) {
    block_t at = {GATE_CLOSED, GATE_CLOSED};
    gate_t standing = GATE_CLOSED;
    for (uint32_t i = 0; i < max; i++) OK(pool_group_submit(blocked, block, &at));
    gate_await(&at.before, (int)max);
    if (!early) gate_open(&at.before);
    if (!early) gate_await(&at.inside, (int)max);
    const uint32_t replaced = burst < max ? burst : max;
    for (uint32_t i = 0; i < replaced; i++) OK(pool_group_submit(group, task_gate, &standing));
    if (early) gate_open(&at.before);
    gate_await(&standing, (int)replaced);
    gate_await(&at.inside, (int)max);
    CHECK_EQ(blocked_in(pool), max);
    /* One more than there is place for: it is not run. */
    atomic_int runs = 0;
    OK(pool_group_submit(group, task_count, &runs));
    CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
    CHECK_EQ(runs, 0);
    CHECK_EQ(stats_of(pool).workers, max + replaced);
    gate_open(&at.inside);
    OK(pool_group_wait_for(blocked, LONG_NS));
    gate_open(&standing);
    OK(pool_group_wait_for(group, LONG_NS));
    CHECK_EQ(runs, 1);
    CHECK_EQ(blocked_in(pool), 0);
    await_idle(pool, max + replaced);
    CHECK_EQ(stats_of(pool).workers_created, max + replaced); /* in each round the same ones */
  }
  OK(pool_destroy(pool));
}

/* Nobody beyond max_workers: the task behind it waits. */
static void check_no_burst(void) {
  const pool_t pool = make_blocking_pool(1, 0, INT64_MAX);
  const pool_group_t blocked = make_group(pool);
  const pool_group_t group = make_group(pool);
  block_t at = BLOCK_AT_ONCE;
  atomic_int runs = 0;
  OK(pool_group_submit(blocked, block_at, &at));
  gate_await(&at.inside, 1);
  OK(pool_group_submit(group, task_count, &runs));
  CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
  CHECK_EQ(runs, 0);
  CHECK_EQ(stats_of(pool).workers_created, 1);
  CHECK_EQ(blocked_in(pool), 1);
  gate_open(&at.inside);
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(blocked_in(pool), 0);
  OK(pool_destroy(pool));
}

/* --- when the section is over, no more than max_workers go on --- */

typedef struct twice {
  gate_t in_first, between, in_second;
} twice_t;

/* Blocks, works, and blocks again. */
static int32_t block_twice(void* ctx) {
  twice_t* at = (twice_t*)ctx;
  OK(pool_blocking_begin());
  gate_pass(&at->in_first);
  OK(pool_blocking_end());
  gate_pass(&at->between);
  OK(pool_blocking_begin());
  gate_pass(&at->in_second);
  OK(pool_blocking_end());
  return 0;
}

/* Of two tasks in the place of one that blocks the second has to wait while that one works. Without `is_said` it is
 * stuck there, and a burst comes, for which whoever stands by is good. */
static void check_stands_by(bool is_said) {
  const pool_t pool = make_blocking_pool_of(1, 1, INT64_MAX, is_said ? INT64_MAX : 1000000);
  const pool_group_t blocked = make_group(pool);
  const pool_group_t group = make_group(pool);
  twice_t at = {GATE_CLOSED, GATE_CLOSED, GATE_CLOSED};
  gate_t standing = GATE_CLOSED;
  atomic_int runs = 0;
  OK(pool_group_submit(blocked, block_twice, &at));
  gate_await(&at.in_first, 1);
  OK(pool_group_submit(group, task_gate, &standing));
  gate_await(&standing, 1);
  OK(pool_group_submit(blocked, task_count, &runs));
  gate_open(&at.in_first);
  gate_await(&at.between, 1);
  gate_open(&standing);
  if (is_said) {
    await_idle(pool, 1);
    OK(pool_group_submit(group, task_count, &runs));
    CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
    CHECK_EQ(runs, 0);
    gate_open(&at.between);
    gate_await(&at.in_second, 1);
  }
  while (runs != 1 + is_said) sched_yield();
  gate_open(&at.between);
  gate_open(&at.in_second);
  OK(pool_group_wait_for(blocked, LONG_NS));
  CHECK_EQ(stats_of(pool).workers_created, 2);
  OK(pool_destroy(pool));
}

/* Thousands of short sections: the threads there may be, and no others. And all of them leave in the end. */
static pool_t churned;
static atomic_bool is_over;
static int32_t block_for_a_moment(void* number) {
  const uintptr_t i = (uintptr_t)number;
  CHECK(stats_of(churned).workers <= 5);
  if (i % 3 == 0) return 0;
  OK(pool_blocking_begin());
  if (i % 7 == 0) usleep(50);
  if (i % 7 == 1) sched_yield();
  if (i % 5 != 0) OK(pool_blocking_end());
  return 0;
}
static void* sample(void* most) {
  while (!is_over) {
    const pool_stats_t stats = stats_of(churned);
    if (stats.workers > *(uint32_t*)most) *(uint32_t*)most = stats.workers;
    CHECK(stats.workers_blocked <= 5);
  }
  return NULL;
}
static void check_churn(int64_t idle_timeout) {
  churned = make_blocking_pool(2, 3, idle_timeout);
  is_over = false;
  uint32_t most = 0;
  const pthread_t sampler = start(sample, &most);
  const int count = scaled(6000);
  for (int round = 0; round < 4; round++) {
    const pool_group_t groups[2] = {make_group(churned), make_serial(churned)};
    for (int i = 0; i < count / 4; i++) OK(pool_group_submit(groups[i % 2], block_for_a_moment, (void*)(intptr_t)i));
    for (int i = 0; i < 2; i++) OK(pool_group_wait_for(groups[i], LONG_NS));
  }
  CHECK_EQ(blocked_in(churned), 0);
  if (idle_timeout == INT64_MAX) {
    CHECK(stats_of(churned).workers_created <= 5);
  } else {
    await_workers(churned, 0);
  }
  is_over = true;
  CHECK_EQ(pthread_join(sampler, NULL), 0);
  CHECK(most <= 5);
  OK(pool_destroy(churned));
}

/* --- the bounds change while somebody is inside --- */

static void check_resize(void) {
  const pool_t pool = make_blocking_pool(2, 1, INT64_MAX);
  const pool_group_t blocked = make_group(pool);
  const pool_group_t group = make_group(pool);
  block_t at = BLOCK_AT_ONCE;
  gate_t standing = GATE_CLOSED;
  atomic_int runs = 0;
  for (int i = 0; i < 2; i++) OK(pool_group_submit(blocked, block_at, &at));
  gate_await(&at.inside, 2);
  OK(pool_group_submit(group, task_gate, &standing));
  gate_await(&standing, 1);
  OK(pool_resize(pool, 0, 1));
  gate_open(&standing);
  await_workers(pool, 2); /* both inside */
  OK(pool_group_submit(group, task_count, &runs));
  CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
  CHECK_EQ(runs, 0);
  OK(pool_resize(pool, 0, 2));
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(runs, 1);
  CHECK_EQ(blocked_in(pool), 2);
  OK(pool_resize(pool, 0, 1));
  gate_open(&at.inside);
  OK(pool_group_wait_for(blocked, LONG_NS));
  await_workers(pool, 2);
  OK(pool_destroy(pool));
}

/* --- nesting, and who is inside --- */

static pool_t here;
static pool_group_t inner;

static void check_pair(uint64_t outside, uint64_t inside) {
  CHECK_EQ(blocked_in(here), outside);
  CHECK_STATUS(pool_blocking_end(), POOL_EINVAL);
  OK(pool_blocking_begin());
  OK(pool_blocking_begin());
  CHECK_EQ(blocked_in(here), inside);
  OK(pool_blocking_end());
  CHECK_EQ(blocked_in(here), inside);
  OK(pool_blocking_end());
  CHECK_EQ(blocked_in(here), outside);
  CHECK_STATUS(pool_blocking_end(), POOL_EINVAL);
}
static int32_t check_counts_one(void* unused) {
  (void)unused;
  check_pair(0, 1);
  return 0;
}
/* Its thread is inside already, or takes no worker's place. */
static int32_t check_counts_none(void* already) {
  const uint64_t inside = *(uint64_t*)already;
  check_pair(inside, inside);
  return 0;
}
static int32_t forget_inside(void* unused) {
  (void)unused;
  OK(pool_blocking_begin());
  OK(pool_blocking_begin());
  return 0;
}
/* Each time it comes it is outside. */
static int32_t hand_back_inside(void* left) {
  CHECK_EQ(blocked_in(here), 0);
  OK(pool_blocking_begin());
  return --*(int*)left == 0 ? 0 : pool_task_again_after(1);
}
static int32_t check_wait_inside(void* unused) {
  (void)unused;
  uint64_t one = 1;
  OK(pool_group_submit(inner, check_counts_one, NULL));
  OK(pool_group_wait(inner)); /* here: it is one of ours, and this task is not inside */
  OK(pool_blocking_begin());
  OK(pool_group_submit(inner, check_counts_none, &one));
  OK(pool_group_wait(inner)); /* here as well */
  CHECK_EQ(blocked_in(here), 1);
  OK(pool_blocking_end());
  OK(pool_group_submit(inner, forget_inside, NULL));
  OK(pool_group_wait(inner));
  CHECK_EQ(blocked_in(here), 0);
  return 0;
}
static void does_nothing(void* count) {
  CHECK_EQ(blocked_in(here), 0);
  OK(pool_blocking_begin());
  CHECK_EQ(blocked_in(here), 0);
  OK(pool_blocking_end());
  OK(pool_blocking_end());
  drop_count(count);
}
static void notice_nothing(void* count, pool_status_t outcome) {
  CHECK_EQ(outcome, POOL_OK);
  does_nothing(count);
}
static void drop_none(void* gate) {
  (void)gate;
  CHECK_EQ(blocked_in(here), 0);
}
static int32_t exit_inside(void* unused) {
  OK(pool_blocking_begin());
  pthread_exit(unused);
}
static int32_t fail_inside(void* unused) {
  (void)unused;
  OK(pool_blocking_begin());
  return 7;
}

static void check_inside(void) {
  here = make_pool(1);
  const pool_group_t group = make_group(here);
  inner = make_group(here);
  atomic_int count = 0;
  uint64_t none = 0;
  OK(pool_group_submit(group, check_counts_one, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_submit(group, check_wait_inside, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  /* Drops and notifications; what the task forgot is over by then. */
  OK(submit_drop(group, forget_inside, NULL, drop_none));
  OK(submit_drop(group, task_nothing, &count, does_nothing));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_notify(group, notice_nothing, &count));
  while (count != 2) sched_yield();
  for (int i = 0; i < 3; i++) {
    OK(pool_group_submit(group, fail_inside, NULL));
    OK(submit_drop(group, fail_inside, &count, does_nothing));
    OK(pool_group_submit(group, exit_inside, NULL));
    OK(submit_drop(group, exit_inside, &count, does_nothing));
  }
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  CHECK_EQ(count, 8);
  int left[2] = {5, 5};
  OK(pool_group_submit(group, hand_back_inside, &left[0]));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(submit_drop(group, hand_back_inside, &left[1], drop_none));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  CHECK_EQ(blocked_in(here), 0);
  /* A thread that waits. */
  does_nothing(&count);
  hold_t hold;
  hold_workers(&hold, here, 1);
  OK(pool_group_submit(inner, check_counts_none, &none));
  OK(pool_group_wait(inner));
  release_workers(&hold);
  OK(pool_destroy(here));
}

static void hook(void* user) {
  OK(pool_blocking_begin());
  OK(pool_blocking_end());
  drop_count(user);
}
static void check_hooks(void) {
  atomic_int count = 0;
  pool_options_t options = pool_defaults();
  pool_t pool;
  options.max_workers = options.burst_workers = 1;
  options.on_thread_start = options.on_thread_stop = hook;
  options.hook_user = &count;
  OK(pool_create(&options, &pool));
  OK(pool_submit(pool, task_nothing, NULL));
  OK(pool_destroy(pool));
  CHECK_EQ(count, 2);
}

int main(void) {
  OK(pool_blocking_begin());
  OK(pool_blocking_end());
  OK(pool_blocking_end());
  static const uint32_t sizes[][2] = {{1, 1}, {1, 3}, {2, 1}, {3, 3}, {8, 4}, {64, 64}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    check_replaced(sizes[i][0], sizes[i][1], block_at, i % 2 == 0);
    check_replaced(sizes[i][0], sizes[i][1], block_forgetfully, i % 2 != 0);
  }
  check_no_burst();
  check_stands_by(true);
  check_stands_by(false);
  check_churn(INT64_MAX);
  check_churn(100000);
  check_resize();
  check_inside();
  check_hooks();
  return 0;
}
