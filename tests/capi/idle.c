/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * An idle pool costs nothing: none of its threads is scheduled once in two seconds, also while a task waits for a time
 * that is far, or tasks and a waiter for a resume. (The two seconds are what is measured over, they wait for nothing.)
 */
#define _GNU_SOURCE
#include "rig.h"

enum { workers = 3 };

static gate_t gate = GATE_CLOSED;
static long number_after(const char* text, const char* label) {
  const char* at = strstr(text, label);
  CHECK(at != NULL);
  return strtol(at + strlen(label), NULL, 10);
}

/* Context switches of both kinds, of all threads of the pool. */
typedef struct {
  int threads;
  long switches;
} cost_t;

static void add_cost(const char* folder, pid_t thread, void* arg) {
  cost_t* cost = arg;
  char path[320];
  char text[4096];
  snprintf(path, sizeof path, "%s/comm", folder);
  if (!read_proc(path, text, sizeof text) || strncmp(text, "pool-", 5) != 0) return; /* a sanitizer may have its own */
  await_sleep(thread);
  snprintf(path, sizeof path, "%s/status", folder);
  CHECK(read_proc(path, text, sizeof text));
  cost->threads++;
  cost->switches +=
      number_after(text, "\nvoluntary_ctxt_switches:") + number_after(text, "\nnonvoluntary_ctxt_switches:");
}
static cost_t cost(void) {
  cost_t sum = {0, 0};
  each_thread(add_cost, &sum);
  return sum;
}

/* The cost once the pool has come to rest. A thread that was just started has neither its name nor its last switch yet,
 * and one that is on its way to sleep is seen asleep a moment before that switch is counted. */
static long cost_at_rest(int threads) {
  for (;;) {
    const cost_t before = cost();
    usleep(50000);
    const cost_t after = cost();
    if (after.threads == threads && before.threads == threads && after.switches == before.switches)
      return after.switches;
  }
}

static void rest_for_two_seconds(int threads) {
  const long before = cost_at_rest(threads);
  sleep(2);
  CHECK_EQ(cost().switches, before);
}

static void* wait_for_group(void* group) {
  CHECK_EQ(pthread_setname_np(pthread_self(), "pool-waits"), 0); /* counted as one of the pool's */
  OK(pool_group_wait(*(const pool_group_t*)group));
  return NULL;
}

/* Tasks that may not start: of a group that takes them one by one, or several at a time. */
static void check_suspended(uint32_t limit) {
  const pool_t pool = make_pool(workers);
  pool_group_options_t options = group_defaults();
  options.max_concurrency = limit;
  pool_group_t group = make_group_of(pool, &options);
  for (int i = 0; i < 20000; i++) OK(pool_group_submit(group, task_nothing, NULL)); /* it learns that they are small */
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_suspend(group));
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_nothing, NULL));
  const pthread_t waiter = start(wait_for_group, &group);
  rest_for_two_seconds((int)stats_of(pool).workers + 1);
  OK(pool_group_resume(group));
  pthread_join(waiter, NULL);
  OK(pool_destroy(pool));
}

int main(void) {
  const pool_t pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  for (int i = 0; i < workers; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, workers);
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_nothing, NULL));
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  while (stats_of(pool).workers_idle != workers) sched_yield();
  OK(pool_group_submit_after(group, INT64_C(3600000000000), task_nothing, NULL, NULL));
  rest_for_two_seconds(workers + 1); /* and the thread that turns the timers */
  OK(pool_group_cancel(group));
  OK(pool_destroy(pool));
  check_suspended(0);
  check_suspended(1);
  check_suspended(1000);
  return 0;
}
