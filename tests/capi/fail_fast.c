/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A fail-fast group: the first failure, of a task, a job, a turn or what is done elsewhere, cancels it; without the
 * option nothing of the kind. */
#define _GNU_SOURCE
#include "rig.h"

enum { tasks = 100 };

static int32_t fail_at_gate(void* gate) {
  gate_pass((gate_t*)gate);
  return pool_task_set_failure(42, "first");
}
static int32_t fail_job(void* gate, void** result) {
  (void)result;
  gate_pass((gate_t*)gate);
  OK(pool_task_set_failure(42, "first"));
  return 0;
}

static pool_group_t make(pool_t pool, uint32_t fail_fast) {
  pool_group_options_t options = group_defaults();
  options.fail_fast = fail_fast;
  return make_group_of(pool, &options);
}

typedef enum { task, job, elsewhere, kinds } kind_t;

static void check(kind_t kind, bool fast) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make(pool, fast);
  const pool_group_t other = make_group(pool);
  gate_t gate = GATE_CLOSED;
  hold_t hold;
  pool_job_t made = {0};
  if (kind == task) OK(pool_group_submit(group, fail_at_gate, &gate));
  if (kind == job) OK(pool_group_submit_job(group, fail_job, &gate, NULL, NULL, &made));
  if (kind == elsewhere) {
    hold_workers(&hold, pool, 1);
    OK(pool_group_enter(group));
  } else {
    gate_await(&gate, 1);
  }
  note_t notes[tasks];
  memset(notes, 0, sizeof notes);
  for (int i = 0; i < tasks; i++) OK(submit_note(group, &notes[i], 0, 0));
  atomic_int others = 0;
  OK(pool_group_submit(other, task_count, &others));
  if (kind == elsewhere) {
    OK(pool_group_leave(group, 42));
    if (fast) CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_ECANCELED);
    release_workers(&hold);
  } else {
    gate_open(&gate);
  }
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  for (int i = 0; i < tasks; i++) CHECK_NOTE(notes[i], fast ? 0 : 1, 1);
  check_counts(group, (counts_t){tasks + 1, fast ? 0 : tasks, 1, fast ? tasks : 0, 0});
  int32_t code = 0;
  OK(pool_group_failure(group, &code, NULL, 0));
  CHECK_EQ(code, 42);
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), fast ? POOL_ECANCELED : POOL_OK);
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_wait(other));
  CHECK_EQ(others, 1);
  if (kind == job) {
    CHECK_STATUS(pool_job_status(made, &code), POOL_EFAILED);
    OK(pool_job_release(made));
  }
  /* As new after the reset: it runs tasks, and the next failure cancels again. */
  OK(pool_group_reset(group));
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  OK(pool_group_submit(group, task_fail, NULL));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), fast ? POOL_ECANCELED : POOL_OK);
  OK(pool_destroy(pool));
}

/* Children go with it, and a task that runs is told. */
static atomic_int told;
static int32_t until_told(void* gate) {
  gate_pass((gate_t*)gate);
  while (pool_task_cancelled() == 0) sched_yield();
  atomic_fetch_add(&told, 1);
  return 0;
}
static void check_children(uint32_t workers) {
  if (workers < 3) return;
  const pool_t pool = make_pool(workers);
  const pool_group_t group = make(pool, 1);
  const pool_group_t child = make_child(pool, group);
  gate_t gate = GATE_CLOSED;
  told = 0;
  OK(pool_group_submit(group, until_told, &gate));
  OK(pool_group_submit(child, until_told, &gate));
  gate_await(&gate, 2);
  gate_open(&gate);
  OK(pool_group_submit(group, task_fail, NULL));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_group_wait_for(child, LONG_NS));
  CHECK_EQ(told, 2);
  CHECK_STATUS(pool_group_submit(child, task_nothing, NULL), POOL_ECANCELED);
  OK(pool_destroy(pool));
}

int main(void) {
  for (kind_t kind = 0; kind < kinds; kind++)
    for (int fast = 0; fast < 2; fast++) check(kind, fast);
  with_workers(check_children);
  return 0;
}
