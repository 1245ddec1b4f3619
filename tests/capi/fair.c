/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Fairness between groups on one worker: a few tasks do not wait for another group's backlog, however many such groups
 * there are; an old group does not wait for a stream of new ones; shares of the worker's time go by weight, and by
 * time rather than by tasks.
 *
 * Nothing here is bounded by a time: what is counted is tasks that were started, each of which uses a known amount of
 * the processor. The bounds are wide, because the library measures what a batch takes by the clock: on a machine that
 * takes the processor away in the middle of it, a group is charged for what others used. */
#define _GNU_SOURCE
#include "rig.h"

enum { most = 128 };

static atomic_int started[most]; /* by group */
static atomic_int total;
static atomic_int before; /* how many others had been run when the last of the small group began */
static int small_number;
static atomic_int stop_at;
static int64_t cost[most];

/* A task of group *ctx: counts, until there have been enough. */
static int32_t work(void* ctx) {
  const int group = *(int*)ctx;
  if (atomic_load(&total) >= stop_at) return 0;
  if (group == small_number) atomic_store(&before, atomic_load(&total) - atomic_load(&started[group]));
  if (cost[group] != 0) burn(cost[group]);
  atomic_fetch_add(&started[group], 1);
  atomic_fetch_add(&total, 1);
  return 0;
}

static int numbers[most];

static pool_t begin(void) {
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  options.queue_capacity = POOL_UNBOUNDED;
  pool_t pool;
  OK(pool_create(&options, &pool));
  for (int i = 0; i < most; i++) {
    numbers[i] = i;
    atomic_store(&started[i], 0);
  }
  atomic_store(&total, 0);
  return pool;
}

/* A group with a few tasks, beside others with far more: it is done when they have hardly begun. */
static void check_backlog(int others, int few, int tasks, int64_t each) {
  const pool_t pool = begin();
  hold_t hold;
  hold_workers(&hold, pool, 1);
  stop_at = INT32_MAX;
  const int backlog = tasks / others;
  for (int i = 0; i < others; i++) {
    cost[i] = each;
    const pool_group_t group = make_group(pool);
    for (int j = 0; j < backlog; j++) OK(pool_group_submit(group, work, &numbers[i]));
  }
  const pool_group_t small = make_group(pool);
  cost[others] = each;
  small_number = others;
  for (int j = 0; j < few; j++) OK(pool_group_submit(small, work, &numbers[others]));
  gate_open(&hold.gate);
  OK(pool_group_wait_for(small, LONG_NS)); /* which does not help */
  stop_at = 0;
  /* A turn is about 50 us of work, five of these tasks: few / 5 + 1 turns of each of the others, and twenty times as
   * much for what the machine does meanwhile. In the order of the submits it would be all of them; of tasks that do
   * nothing a turn has some hundreds. */
  const int bound = each != 0 ? 100 * others * (few / 5 + 1) : tasks;
  if (atomic_load(&before) >= (bound < tasks / 2 ? bound : tasks / 2)) {
    fprintf(stderr, "%d tasks of %d groups were run before the %d of a small one\n", atomic_load(&before), others, few);
    check_failed();
  }
  OK(pool_destroy(pool));
}

/* Two groups with more than enough to do, until so many tasks are done: how often the second one had its turn for each
 * of the first one's. */
static double share(uint32_t weight0, uint32_t weight1, int64_t cost0, int64_t cost1, int tasks) {
  const pool_t pool = begin();
  hold_t hold;
  hold_workers(&hold, pool, 1);
  stop_at = tasks;
  small_number = -1;
  pool_group_t groups[2];
  for (int i = 0; i < 2; i++) {
    pool_group_options_t options = group_defaults();
    options.weight = i == 0 ? weight0 : weight1;
    groups[i] = make_group_of(pool, &options);
    cost[i] = i == 0 ? cost0 : cost1;
    for (int j = 0; j < tasks; j++) OK(pool_group_submit(groups[i], work, &numbers[i]));
  }
  release_workers(&hold);
  for (int i = 0; i < 2; i++) OK(pool_group_wait_for(groups[i], LONG_NS));
  CHECK_EQ(total, tasks);
  OK(pool_destroy(pool));
  return (double)started[1] / (started[0] > 0 ? started[0] : 1);
}

/* Up to twenty attempts: a processor that is taken away for milliseconds can spoil one, while a library that
 * goes by something else than it should never comes near. */
typedef struct {
  const char* what;
  uint32_t weights[2];
  int64_t costs[2];
  int tasks;
  double least, greatest;
} shares_t;

static void check_shares(const shares_t* shares) {
  if (SANITIZED) {
    printf("SKIPPED: %s; a sanitizer takes most of the time\n", shares->what);
    return;
  }
  for (int attempt = 1;; attempt++) {
    const double value =
        share(shares->weights[0], shares->weights[1], shares->costs[0], shares->costs[1], shares->tasks);
    printf("%s: %.2f\n", shares->what, value);
    if (value >= shares->least && value <= shares->greatest) return;
    CHECK(attempt < 20);
  }
}

/* An old group with tasks of a millisecond, beside so many others that have one such task each and are replaced when it
 * is done: how many of those are done when the old group is. Not more than `bound` is waited for. */
static atomic_int newcomers_done;
static int32_t newcomer(void* nothing) {
  (void)nothing;
  burn(1000000);
  atomic_fetch_add(&newcomers_done, 1);
  return 0;
}
static int newcomers_for(int olds, int others, int bound) {
  const pool_t pool = begin();
  hold_t hold;
  hold_workers(&hold, pool, 1);
  stop_at = INT32_MAX;
  small_number = -1;
  cost[0] = 1000000;
  atomic_store(&newcomers_done, 0);
  const pool_group_t old = make_group(pool);
  for (int i = 0; i < olds; i++) OK(pool_group_submit(old, work, &numbers[0]));
  gate_open(&hold.gate);
  for (int made = 0; atomic_load(&started[0]) < olds && atomic_load(&newcomers_done) < bound;) {
    if (made - atomic_load(&newcomers_done) >= others) continue;
    const pool_group_t group = make_group(pool);
    OK(pool_group_submit(group, newcomer, NULL));
    OK(pool_group_detach(group));
    ++made;
  }
  const int done = atomic_load(&newcomers_done);
  stop_at = 0;
  OK(pool_destroy(pool));
  return done;
}

/* Up to three attempts, as above: without the guard there are ten times as many. */
static void check_newcomers(int others, int bound) {
  for (int attempt = 1;; attempt++) {
    const int done = newcomers_for(20, others, bound);
    printf("%d newcomers, %d at once, for 20 tasks of an old group\n", done, others);
    if (done < bound) return;
    CHECK(attempt < 3);
  }
}

/* A group that has once used much makes no newcomer wait until the others have used as much. */
static int after_long_task(void) {
  const pool_t pool = begin();
  hold_t hold;
  hold_workers(&hold, pool, 1);
  stop_at = INT32_MAX;
  small_number = 2;
  cost[0] = 200000000;
  cost[1] = cost[2] = 20000;
  const pool_group_t heavy = make_group(pool);
  const pool_group_t others = make_group(pool);
  for (int i = 0; i < 3; i++) OK(pool_group_submit(heavy, work, &numbers[0]));
  for (int i = 0; i < 20000; i++) OK(pool_group_submit(others, work, &numbers[1]));
  gate_open(&hold.gate);
  while (atomic_load(&started[0]) == 0 || atomic_load(&started[1]) < 200) sched_yield();
  const pool_group_t newcomer_group = make_group(pool);
  const int begun = atomic_load(&total);
  OK(pool_group_submit(newcomer_group, work, &numbers[2]));
  OK(pool_group_wait_for(newcomer_group, LONG_NS));
  stop_at = 0;
  const int count = atomic_load(&before) - begun;
  OK(pool_destroy(pool));
  return count;
}
/* Up to ten attempts: the submit itself may be kept from the processor for that long. */
static void check_long_task(void) {
  for (int attempt = 1;; attempt++) {
    const int count = after_long_task();
    printf("%d tasks of 20 us before a newcomer's, after one of 200 ms\n", count);
    if (count < 1000) return;
    CHECK(attempt < 10);
  }
}

int main(void) {
  check_backlog(1, 1, 20000, 10000);
  check_backlog(1, 20, 20000, 10000);
  check_backlog(10, 5, 20000, 10000);
  check_backlog(100, 5, 20000, 10000);
  check_backlog(1, 1, 1000000, 0);
  check_backlog(1, 20, 1000000, 0);
  /* Fair would be 20 of each of the others. */
  check_newcomers(1, 80);
  check_newcomers(8, 640);
  check_long_task();
  static const shares_t all[] = {
      /* By turns or by order alike: this one only says that nobody starves. */
      {"equal weights", {1, 1}, {20000, 20000}, 4000, 0.5, 2},
      /* 3, give or take a half: without weights it is 1, and reversed 1/3. */
      {"weights 1 and 3", {1, 3}, {20000, 20000}, 4000, 2, 4.5},
      {"weights 3 and 1", {3, 1}, {20000, 20000}, 4000, 0.22, 0.5},
      /* By time ten of the short ones for each long one; by tasks one. */
      {"tasks of 200 us and of 20 us", {1, 1}, {200000, 20000}, 2000, 4, 25},
      {"tasks of 20 us and of 200 us", {1, 1}, {20000, 200000}, 2000, 0.04, 0.25},
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) check_shares(&all[i]);
  return 0;
}
