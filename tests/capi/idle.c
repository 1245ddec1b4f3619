/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * An idle pool costs nothing: its workers are not scheduled once in two seconds. (The two seconds are what is
 * measured over, they wait for nothing.) */
#define _GNU_SOURCE
#include "check.h"

enum { workers = 3 };

static gate_t gate = GATE_CLOSED;
static atomic_int threads[workers], known;

static int32_t introduce(void* ctx) {
  (void)ctx;
  threads[atomic_fetch_add(&known, 1)] = thread_id();
  gate_pass(&gate);
  return 0;
}

static long number_after(const char* text, const char* label) {
  const char* at = strstr(text, label);
  CHECK(at != NULL);
  return strtol(at + strlen(label), NULL, 10);
}

/* Context switches of both kinds. */
static long cost(pid_t thread) {
  char path[64];
  char text[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)thread);
  CHECK(read_proc(path, text, sizeof text));
  return number_after(text, "\nvoluntary_ctxt_switches:") + number_after(text, "\nnonvoluntary_ctxt_switches:");
}

int main(void) {
  const pool_t pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  for (int i = 0; i < workers; i++) OK(pool_group_submit(group, introduce, NULL));
  gate_await(&gate, workers);
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_nothing, NULL));
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  while (stats_of(pool).workers_idle != workers) sched_yield();
  long before[workers];
  for (int i = 0; i < workers; i++) {
    await_sleep(threads[i]);
    before[i] = cost(threads[i]);
  }
  sleep(2);
  for (int i = 0; i < workers; i++) CHECK_EQ(cost(threads[i]), before[i]);
  OK(pool_destroy(pool));
  return 0;
}
