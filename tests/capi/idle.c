/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * An idle pool costs nothing: none of its threads is scheduled once in two seconds, also while a task waits for a time
 * that is far. (The two seconds are what is measured over, they wait for nothing.) */
#define _GNU_SOURCE
#include "check.h"

enum { workers = 3 };

static gate_t gate = GATE_CLOSED;
static long number_after(const char* text, const char* label) {
  const char* at = strstr(text, label);
  CHECK(at != NULL);
  return strtol(at + strlen(label), NULL, 10);
}

/* Context switches of both kinds, of all threads of the pool. */
static void add_cost(const char* folder, pid_t thread, void* sum) {
  char path[320];
  char text[4096];
  snprintf(path, sizeof path, "%s/comm", folder);
  if (!read_proc(path, text, sizeof text) || strncmp(text, "pool-", 5) != 0) return; /* a sanitizer may have its own */
  await_sleep(thread);
  snprintf(path, sizeof path, "%s/status", folder);
  CHECK(read_proc(path, text, sizeof text));
  *(long*)sum += number_after(text, "\nvoluntary_ctxt_switches:") + number_after(text, "\nnonvoluntary_ctxt_switches:");
}
static long cost(void) {
  long sum = 0;
  each_thread(add_cost, &sum);
  return sum;
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
  const long before = cost();
  sleep(2);
  CHECK_EQ(cost(), before);
  OK(pool_group_cancel(group));
  OK(pool_destroy(pool));
  return 0;
}
