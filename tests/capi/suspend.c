/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A suspended group starts nothing, on no worker and in no wait, and holds up nobody else; resume, cancel, detach,
 * shutdown and the end of the pool let it go on. */
#define _GNU_SOURCE
#include "rig.h"

enum { tasks = 20 };

static note_t notes[tasks];

static void submit_notes(pool_group_t group) {
  memset(notes, 0, sizeof notes);
  for (int i = 0; i < tasks; i++) OK(submit_note(group, &notes[i], 0, 0));
}
static int runs(void) {
  int count = 0;
  for (int i = 0; i < tasks; i++) count += notes[i].runs;
  return count;
}
static int drops(void) {
  int count = 0;
  for (int i = 0; i < tasks; i++) count += notes[i].drops;
  return count;
}

/* All workers have looked around and are parked again, and nothing of the group has started. */
static void check_stands(pool_t pool, pool_group_t group, uint32_t workers) {
  const pool_group_t other = make_group(pool);
  for (uint32_t i = 0; i < workers; i++) OK(pool_group_submit(other, task_nothing, NULL));
  OK(pool_group_wait_for(other, LONG_NS));
  await_idle(pool, stats_of(pool).workers);
  CHECK_EQ(runs(), 0);
  CHECK_EQ(drops(), 0);
  CHECK_EQ(group_stats_of(group).queued, tasks);
  CHECK_EQ(group_stats_of(group).running, 0);
  CHECK_EQ(stats_of(pool).queued, tasks);
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
  CHECK_EQ(runs(), 0);
  OK(pool_group_destroy(other));
}

static void check_resume(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_options_t options = group_defaults();
  options.help = POOL_HELP_ALWAYS;
  pool_group_t group = make_group_of(pool, &options);
  OK(pool_group_suspend(group));
  OK(pool_group_suspend(group)); /* it does not count */
  OK(pool_group_wait(group));    /* nothing is queued, so it is empty */
  submit_notes(group);
  check_stands(pool, group, workers);
  caller_t waiters[2];
  caller_start_asleep(&waiters[0], call_wait, &group);
  caller_start_asleep(&waiters[1], call_wait_long, &group);
  CHECK_EQ(runs(), 0);
  OK(pool_group_resume(group));
  for (int i = 0; i < 2; i++) OK(caller_join(&waiters[i]));
  CHECK_EQ(runs(), tasks);
  OK(pool_group_resume(group));
  /* Without anybody who waits: the workers alone. */
  OK(pool_group_suspend(group));
  submit_notes(group);
  check_stands(pool, group, workers);
  OK(pool_group_resume(group));
  while (pool_group_poll(group) == POOL_EBUSY) sched_yield();
  CHECK_EQ(runs(), tasks);
  check_counts(group, (counts_t){2 * tasks, 2 * tasks, 0, 0, 0});
  /* Over and over, against a stream of tasks. */
  for (int i = 0; i < 300; i++) {
    OK(pool_group_suspend(group));
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_resume(group));
    if (i % 3 == 0) OK(pool_group_wait_for(group, LONG_NS));
  }
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
}

/* Every worker is busy elsewhere: a helper that sleeps is the only one who can run it when it is resumed. */
static void check_helper_wakes(void) {
  const pool_t pool = make_pool(2);
  hold_t hold;
  hold_workers(&hold, pool, 2);
  pool_group_t group = make_group(pool);
  OK(pool_group_suspend(group));
  submit_notes(group);
  caller_t waiter;
  caller_start_asleep(&waiter, call_wait, &group);
  OK(pool_group_resume(group));
  OK(caller_join(&waiter));
  for (int i = 0; i < tasks; i++) CHECK_EQ(notes[i].ran_on, waiter.thread);
  release_workers(&hold);
  OK(pool_destroy(pool));
}

/* A task that runs goes on, and what comes after it waits. */
static int32_t suspend_own(void* group) {
  OK(pool_group_suspend(*(pool_group_t*)group));
  return 0;
}
static void check_running(void) {
  const pool_t pool = make_pool(1);
  pool_group_t group = make_serial(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  submit_notes(group);
  OK(pool_group_suspend(group));
  gate_open(&gate);
  while (group_stats_of(group).succeeded < 1) sched_yield();
  check_stands(pool, group, 1);
  OK(pool_group_resume(group));
  OK(pool_group_submit(group, suspend_own, &group));
  while (group_stats_of(group).succeeded < tasks + 2) sched_yield();
  submit_notes(group);
  check_stands(pool, group, 1);
  OK(pool_group_resume(group));
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
}

typedef enum { by_cancel, by_detach, by_drain, by_cancelling, by_destroy, ends } end_t;

static void check_end(end_t how, uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  OK(pool_group_suspend(group));
  submit_notes(group);
  check_stands(pool, group, workers);
  caller_t waiter;
  caller_start_asleep(&waiter, call_wait, &group);
  const bool dropped = how == by_cancel || how == by_cancelling;
  pool_status_t waited = dropped ? POOL_ECANCELED : POOL_OK;
  switch (how) {
    case by_cancel:
      OK(pool_group_cancel(group));
      break;
    case by_detach:
      waited = POOL_ECLOSED;
      OK(pool_group_detach(group));
      break;
    case by_drain:
      OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
      CHECK_STATUS(pool_group_suspend(group), POOL_ECLOSED);
      break;
    case by_cancelling:
      OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS));
      break;
    default:
      break;
  }
  if (how == by_destroy) {
    OK(pool_destroy(pool));
    const pool_status_t status = caller_join(&waiter);
    CHECK(status == POOL_OK || status == POOL_ECLOSED); /* it saw the last task, or the end */
  } else {
    CHECK_STATUS(caller_join(&waiter), waited);
    OK(pool_destroy(pool));
  }
  CHECK_EQ(runs(), dropped ? 0 : tasks);
  CHECK_EQ(drops(), tasks);
}

/* The next group in the slot of one that was suspended. */
static void check_slot(void) {
  const pool_t pool = make_pool(1);
  for (int i = 0; i < 100; i++) {
    const pool_group_t group = make_group(pool);
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_wait_for(group, LONG_NS));
    OK(pool_group_suspend(group));
    OK(pool_group_destroy(group));
  }
  OK(pool_destroy(pool));
}

int main(void) {
  with_workers(check_resume);
  for (int i = 0; i < 20; i++) check_helper_wakes();
  check_running();
  for (end_t how = 0; how < ends; how++)
    for (uint32_t workers = 1; workers <= 3; workers++) check_end(how, workers);
  check_slot();
  return 0;
}
