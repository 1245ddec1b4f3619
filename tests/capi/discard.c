/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * DISCARD_OLDEST drops exactly the oldest task of its own group that has not started, and never a stranger's;
 * DISCARD_NEWEST drops what comes; both on the submitter, and a discarded task keeps the wait from saying OK. */
#define _GNU_SOURCE
#include "rig.h"

enum { capacity = 3, tasks = 10 };

/* The oldest go, one by one, and what is left runs in order. */
static void check_oldest(bool serial, bool suspended) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  pool_group_options_t options = group_defaults();
  options.queue_capacity = capacity;
  options.overflow = POOL_OVERFLOW_DISCARD_OLDEST;
  options.max_concurrency = serial ? 1 : 0;
  const pool_group_t group = make_group_of(pool, &options);
  if (suspended) OK(pool_group_suspend(group));
  note_t notes[tasks];
  memset(notes, 0, sizeof notes);
  for (int i = 0; i < tasks; i++) {
    OK(submit_note(group, &notes[i], 0, 0));
    for (int j = 0; j <= i; j++) CHECK_NOTE(notes[j], 0, j <= i - capacity ? 1 : 0);
    if (i >= capacity) CHECK_EQ(notes[i - capacity].dropped_on, thread_id());
    CHECK_EQ(group_stats_of(group).queued, i < capacity ? i + 1 : capacity);
    CHECK_EQ(group_stats_of(group).discarded, i < capacity ? 0 : i + 1 - capacity);
    CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  }
  release_workers(&hold);
  if (suspended) OK(pool_group_resume(group));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  for (int i = 0; i < tasks; i++) CHECK_NOTE(notes[i], i >= tasks - capacity ? 1 : 0, 1);
  for (int i = tasks - capacity + 1; serial && i < tasks; i++) CHECK(notes[i].ran_at > notes[i - 1].ran_at);
  check_counts(group, (counts_t){tasks, capacity, 0, 0, tasks - capacity});
  CHECK_EQ(stats_of(pool).discarded, tasks - capacity);
  /* Sticky until the reset. */
  note_t fine = {0};
  OK(submit_note(group, &fine, 0, 0));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_group_reset(group));
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
}

/* At the pool's bound: strangers' tasks are not ours to drop. */
static void check_strangers(void) {
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  options.queue_capacity = capacity;
  options.overflow = POOL_OVERFLOW_DISCARD_OLDEST;
  pool_t pool;
  OK(pool_create(&options, &pool));
  hold_t hold;
  hold_workers(&hold, pool, 1);
  const pool_group_t stranger = make_group(pool);
  const pool_group_t group = make_group(pool);
  note_t strange[capacity];
  note_t own[2];
  memset(strange, 0, sizeof strange);
  memset(own, 0, sizeof own);
  OK(submit_note(stranger, &strange[0], 0, 0));
  OK(submit_note(stranger, &strange[1], 0, 0));
  OK(submit_note(group, &own[0], 0, 0));
  OK(submit_note(group, &own[1], 0, 0)); /* drops our own, though it is the youngest of all */
  CHECK_NOTE(own[0], 0, 1);
  OK(submit_note(stranger, &strange[2], 0, 0));
  CHECK_NOTE(strange[0], 0, 1);
  /* A group with nothing queued has nothing to drop, though one of its tasks runs and one is inside. */
  const pool_group_t empty = make_group(pool);
  note_t refused = {0};
  CHECK_STATUS(submit_note(empty, &refused, 0, 0), POOL_EFULL);
  OK(pool_group_enter(empty));
  CHECK_STATUS(submit_note(empty, &refused, 0, 0), POOL_EFULL);
  OK(pool_group_leave(empty, 0));
  CHECK_STATUS(submit_note(hold.group, &refused, 0, 0), POOL_EFULL);
  CHECK_NOTE(refused, 0, 0);
  OK(pool_group_poll(empty));
  CHECK_EQ(stats_of(pool).rejected, 3);
  CHECK_EQ(stats_of(pool).discarded, 2);
  CHECK_EQ(stats_of(pool).queued, capacity);
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  CHECK_STATUS(pool_group_wait_for(stranger, LONG_NS), POOL_EFAILED);
  CHECK_NOTE(own[1], 1, 1);
  CHECK_NOTE(strange[1], 1, 1);
  CHECK_NOTE(strange[2], 1, 1);
  OK(pool_destroy(pool));
}

/* The newest goes, also into a group that has no other task: which is empty again when the submit returns. */
static void check_newest(void) {
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  options.queue_capacity = capacity;
  options.overflow = POOL_OVERFLOW_DISCARD_NEWEST;
  pool_t pool;
  OK(pool_create(&options, &pool));
  hold_t hold;
  hold_workers(&hold, pool, 1);
  const pool_group_t stranger = make_group(pool);
  const pool_group_t group = make_group(pool);
  for (int i = 0; i < capacity; i++) OK(pool_group_submit(stranger, task_nothing, NULL));
  for (int round = 0; round < 100; round++) {
    note_t note = {0};
    OK(submit_note(group, &note, 0, 0));
    CHECK_NOTE(note, 0, 1);
    CHECK_EQ(note.dropped_on, thread_id());
    CHECK_STATUS(pool_group_poll(group), POOL_EFAILED);
    CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
    check_counts(group, (counts_t){(uint64_t)round + 1, 0, 0, 0, (uint64_t)round + 1});
    OK(pool_group_reset(group));
    OK(pool_group_poll(group));
  }
  /* Copies are dropped as copies. */
  atomic_int drops = 0;
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = task_nothing;
  task.ctx = &(atomic_int*){&drops};
  task.copy_size = sizeof(atomic_int*);
  OK(pool_group_submit_task(group, &task));
  release_workers(&hold);
  OK(pool_group_wait_for(stranger, LONG_NS));
  OK(pool_destroy(pool));
}

/* A drop that submits meets REJECT, whatever the policy. */
static pool_group_t again;
static pool_status_t again_status;
static void drop_submits(void* ctx) {
  (void)ctx;
  again_status = pool_group_submit(again, task_nothing, NULL);
}
static void check_drop_submits(void) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  pool_group_options_t options = group_defaults();
  options.queue_capacity = 1;
  options.overflow = POOL_OVERFLOW_DISCARD_NEWEST;
  again = make_group_of(pool, &options);
  OK(pool_group_submit(again, task_nothing, NULL));
  again_status = POOL_OK;
  OK(submit_drop(again, task_nothing, &again, drop_submits));
  CHECK_STATUS(again_status, POOL_EFULL);
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait_for(again, LONG_NS), POOL_EFAILED);
  check_counts(again, (counts_t){2, 1, 0, 0, 1});
  OK(pool_destroy(pool));
}

int main(void) {
  for (int serial = 0; serial < 2; serial++)
    for (int suspended = 0; suspended < 2; suspended++) check_oldest(serial, suspended);
  check_strangers();
  check_newest();
  check_drop_submits();
  return 0;
}
