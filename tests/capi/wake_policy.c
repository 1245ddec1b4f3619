/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * POOL_WAKE_THRIFTY and POOL_WAKE_EAGER while another worker is awake and searches: it stands in its start hook, at a
 * gate, so that it is sure to look next and does not get there. Thrifty, nobody else is woken or created for what is
 * submitted meanwhile; eager, each submit wakes or creates one before it returns. */
#define _GNU_SOURCE
#include "rig.h"

static gate_t* hook_gate;    /* where workers stand as they start */
static atomic_int hook_from; /* from this one on, counted from 1 */
static atomic_int started;

static void on_start(void* unused) {
  (void)unused;
  if (atomic_fetch_add(&started, 1) + 1 >= atomic_load(&hook_from)) gate_pass(hook_gate);
}

static pool_t make(uint32_t workers, uint32_t wake_policy, gate_t* gate, int from) {
  pool_options_t options = pool_defaults();
  options.max_workers = workers;
  options.wake_policy = wake_policy;
  options.idle_timeout = INT64_MAX;
  options.on_thread_start = on_start;
  hook_gate = gate;
  atomic_store(&started, 0);
  atomic_store(&hook_from, from);
  pool_t pool;
  OK(pool_create(&options, &pool));
  return pool;
}

/* Submits to one group, or to a new one each time: a task that is not its group's first has to wake, too. */
static void check_created(uint32_t workers, uint32_t wake_policy, bool one_group) {
  gate_t gate = GATE_CLOSED;
  const pool_t pool = make(workers, wake_policy, &gate, 1);
  const bool eager = wake_policy == POOL_WAKE_EAGER;
  atomic_int runs = 0;
  const uint32_t tasks = 2 * workers;
  pool_group_t group = make_group(pool);
  for (uint32_t i = 1; i <= tasks; i++) {
    if (!one_group) group = make_group(pool);
    OK(pool_group_submit(group, task_count, &runs));
    /* All that there are stand at the gate. Eager, the first submit may make two: one that the pool has to have, and
     * one for the task. */
    const uint32_t now = stats_of(pool).workers;
    if (eager) CHECK(now >= (i < workers ? i : workers));
    if (!eager) CHECK_EQ(now, 1);
  }
  CHECK_EQ(runs, 0);
  gate_open(&gate);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(runs, tasks);
  OK(pool_destroy(pool));
}

static int32_t tell_thread(void* thread) {
  atomic_store((atomic_int*)thread, thread_id());
  return 0;
}

/* One worker is parked, another searches: it stands at its gate as it starts. */
static void check_parked(uint32_t wake_policy) {
  gate_t gate = GATE_CLOSED;
  const pool_t pool = make(2, wake_policy, &gate, 2);
  const pool_group_t group = make_group(pool);
  hold_t hold;
  atomic_int thread = 0;
  atomic_int runs = 0;
  hold_workers(&hold, pool, 1);
  OK(pool_group_submit(group, tell_thread, &thread)); /* for the second one, which is created */
  gate_await(&gate, 1);
  release_workers(&hold);
  while (atomic_load(&thread) == 0) sched_yield(); /* by the first one */
  await_idle(pool, 1);
  await_sleep(thread);
  for (int i = 1; i <= 20; i++) {
    OK(pool_group_submit(group, task_count, &runs));
    if (wake_policy != POOL_WAKE_EAGER) {
      CHECK_EQ(stats_of(pool).workers_idle, 1);
      CHECK_EQ(runs, 0);
      continue;
    }
    /* It is on its way; or it has come, and is parked again. */
    const uint32_t idle = stats_of(pool).workers_idle;
    CHECK(idle == 0 || atomic_load(&runs) == i);
    while (atomic_load(&runs) != i) sched_yield();
    await_idle(pool, 1);
  }
  gate_open(&gate);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(runs, 20);
  OK(pool_destroy(pool));
}

/* Nobody searches, and a group has tasks that may not be started: each further one wakes a worker all the same. */
static int64_t switches_of(pid_t thread) {
  char path[64];
  char text[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)thread);
  CHECK(read_proc(path, text, sizeof text));
  const char* line = strstr(text, "\nvoluntary_ctxt_switches:");
  CHECK(line != NULL);
  return strtoll(strchr(line, ':') + 1, NULL, 10);
}
static void check_further(uint32_t wake_policy) {
  gate_t gate = GATE_CLOSED;
  const pool_t pool = make(1, wake_policy, &gate, INT32_MAX);
  const pool_group_t group = make_group(pool);
  atomic_int thread = 0;
  OK(pool_group_submit(group, tell_thread, &thread));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_suspend(group));
  OK(pool_group_submit(group, task_nothing, NULL));
  for (int i = 0; i < 20; i++) {
    await_idle(pool, 1);
    await_sleep(thread);
    const int64_t before = switches_of(thread);
    OK(pool_group_submit(group, task_nothing, NULL));
    if (wake_policy != POOL_WAKE_EAGER) {
      CHECK_EQ(stats_of(pool).workers_idle, 1);
      continue;
    }
    /* It is awake, or asleep once more. */
    while (switches_of(thread) == before) sched_yield();
  }
  OK(pool_group_resume(group));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
}

static void check_counts_of(uint32_t workers) {
  for (uint32_t policy = POOL_WAKE_DEFAULT; policy <= POOL_WAKE_EAGER; policy++) {
    check_created(workers, policy, false);
    check_created(workers, policy, true);
  }
}

int main(void) {
  with_workers(check_counts_of);
  for (uint32_t policy = POOL_WAKE_DEFAULT; policy <= POOL_WAKE_EAGER; policy++) {
    check_parked(policy);
    check_further(policy);
  }
  return 0;
}
