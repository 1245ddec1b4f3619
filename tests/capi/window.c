/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * What a thread has claimed and not started: by itself, if there is nobody else; DISCARD_OLDEST takes it first; a wait
 * with a deadline takes no more than it can stop at. */
#define _GNU_SOURCE
#include "rig.h"

enum { many = 60000, batch = 60 };

/* From here on batches of this group are large: as long as its tasks are quick. */
static void make_quick(pool_group_t group) {
  atomic_int runs = 0;
  for (int i = 0; i < many; i++) OK(submit_with(group, POOL_OVERFLOW_BLOCK, task_count, &runs));
  while (pool_group_poll(group) == POOL_EBUSY) sched_yield(); /* by workers alone */
  CHECK_EQ(runs, many);
}

typedef struct where {
  atomic_int runs, last, elsewhere; /* on another thread than the one before */
} where_t;

static int32_t task_where(void* ctx) {
  where_t* where = (where_t*)ctx;
  const int before = atomic_exchange(&where->last, thread_id());
  if (before != 0 && before != where->last) atomic_fetch_add(&where->elsewhere, 1);
  atomic_fetch_add(&where->runs, 1);
  return 0;
}

/* --- one's own, after a suspension --- */

typedef struct suspension {
  pool_group_t group;
  atomic_int over;
} suspension_t;

static int32_t task_suspend(void* ctx) {
  suspension_t* suspension = (suspension_t*)ctx;
  OK(pool_group_suspend(suspension->group));
  atomic_store(&suspension->over, 1);
  return 0;
}

/* The worker is busy elsewhere, so that the rest of its batch is the waiter's to run, once somebody has resumed it. */
static void check_own(bool is_timed, bool is_quick) {
  const pool_t pool = make_pool(1);
  pool_group_options_t options = group_defaults();
  options.help = POOL_HELP_ALWAYS;
  suspension_t suspension = {make_group_of(pool, &options), 0};
  if (is_quick) make_quick(suspension.group);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  where_t where = {0, 0, 0};
  OK(pool_group_submit(suspension.group, task_suspend, &suspension));
  for (int i = 0; i < batch; i++) OK(pool_group_submit(suspension.group, task_where, &where));
  caller_t waiter;
  caller_start(&waiter, is_timed ? call_wait_long : call_wait, &suspension.group);
  while (!suspension.over) sched_yield();
  CHECK(caller_settle(&waiter));
  CHECK_EQ(where.runs, 0);
  CHECK_EQ(group_stats_of(suspension.group).queued, batch);
  OK(pool_group_resume(suspension.group));
  OK(caller_join(&waiter));
  CHECK_EQ(where.runs, batch);
  CHECK_EQ(where.elsewhere, 0);
  CHECK_EQ(where.last, waiter.thread);
  release_workers(&hold);
  OK(pool_destroy(pool));
}

/* --- one's own, behind a child's task that waits for its parent --- */

static pool_group_t parent;
static int32_t wait_for_parent(void* ctx) {
  OK(ctx != NULL ? pool_group_wait_for(parent, LONG_NS) : pool_group_wait(parent));
  return 0;
}

static void check_child(bool is_timed) {
  const pool_t pool = make_pool(2);
  parent = make_group(pool);
  const pool_group_t child = make_child(pool, parent);
  make_quick(child);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(parent, task_gate, &gate)); /* what is waited for: on the other worker */
  gate_await(&gate, 1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  where_t where = {0, 0, 0};
  OK(pool_group_submit(child, wait_for_parent, is_timed ? &gate : NULL));
  for (int i = 0; i < batch; i++) OK(pool_group_submit(child, task_where, &where));
  release_workers(&hold);
  while (where.runs < batch) sched_yield();
  CHECK_EQ(where.elsewhere, 0);
  gate_open(&gate);
  OK(pool_group_wait_for(child, LONG_NS));
  CHECK_EQ(where.runs, batch);
  OK(pool_destroy(pool));
}

/* --- a deadline --- */

enum { long_ns = 5000000 };

static atomic_int waiter_thread, late;
static int64_t first_ns;

/* The wait began before its first task did, so that after this its deadline is over for certain. */
static int32_t task_long(void* ctx) {
  (void)ctx;
  if (thread_id() == waiter_thread) {
    const int64_t now = now_ns();
    if (first_ns == 0) first_ns = now;
    if (now >= first_ns + SHORT_NS) atomic_fetch_add(&late, 1);
  }
  burn(long_ns);
  return 0;
}

/* The tasks are in the window of the worker, which stands at a gate, or all in the queue. */
static void check_deadline(bool are_claimed) {
  const pool_t pool = make_pool(1);
  pool_group_options_t options = group_defaults();
  options.help = POOL_HELP_ALWAYS;
  const pool_group_t group = make_group_of(pool, &options);
  make_quick(group);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  gate_t gate = GATE_CLOSED;
  if (are_claimed) OK(pool_group_submit(group, task_gate, &gate));
  for (int i = 0; i < batch; i++) OK(pool_group_submit(group, task_long, NULL));
  if (are_claimed) {
    release_workers(&hold);
    gate_await(&gate, 1);
  }
  first_ns = 0;
  late = 0;
  waiter_thread = thread_id();
  CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
  CHECK(late <= 1);
  waiter_thread = 0;
  gate_open(&gate);
  OK(pool_group_cancel(group));
  if (!are_claimed) release_workers(&hold);
  OK(pool_destroy(pool));
}

/* --- DISCARD_OLDEST: what is claimed is older than what is not --- */

/* A pool whose worker has claimed tasks[0] and some after it, and stands in the first. */
static pool_t make_discarding(pool_group_t* group, note_t* tasks, int count, gate_t* gate) {
  const pool_t pool = make_pool_of(1, 4096, POOL_OVERFLOW_DISCARD_OLDEST);
  *group = make_group(pool);
  make_quick(*group);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  tasks[0].gate = gate;
  for (int i = 0; i < count; i++) OK(submit_note(*group, &tasks[i], 0, 0));
  release_workers(&hold);
  gate_await(gate, 1);
  CHECK_EQ(stats_of(pool).queued, count - 1);
  CHECK_EQ(group_stats_of(*group).queued, count - 1);
  CHECK_EQ(group_stats_of(*group).running, 1);
  return pool;
}

/* `dropped` of them after the first are, in their order; the others run. */
static void check_dropped(pool_group_t group, const note_t* tasks, int count, int dropped, gate_t* gate) {
  for (int i = 1; i <= dropped; i++) {
    CHECK_NOTE(tasks[i], 0, 1);
    CHECK(i == 1 || tasks[i].dropped_at > tasks[i - 1].dropped_at);
  }
  gate_open(gate);
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  for (int i = 0; i < count; i++) CHECK_NOTE(tasks[i], i < 1 || i > dropped ? 1 : 0, 1);
}

/* The group fills the pool: partly in the window, partly behind it. */
static void check_discard(void) {
  enum { capacity = 4096, more = 600 };
  note_t* tasks = (note_t*)calloc(capacity + more, sizeof *tasks);
  CHECK(tasks != NULL);
  gate_t gate = GATE_CLOSED;
  pool_group_t group;
  const pool_t pool = make_discarding(&group, tasks, capacity, &gate);
  for (int i = capacity; i < capacity + more; i++) {
    OK(submit_note(group, &tasks[i], 0, 0));
    CHECK_EQ(stats_of(pool).queued, capacity);
  }
  CHECK_EQ(stats_of(pool).discarded, more - 1);
  check_dropped(group, tasks, capacity + more, more - 1, &gate);
  OK(pool_destroy(pool));
  free(tasks);
}

/* Others fill it: all that this group has is in the window. */
static void check_discard_claimed(void) {
  enum { more = 2 * batch };
  note_t tasks[batch + more];
  memset(tasks, 0, sizeof tasks);
  gate_t gate = GATE_CLOSED;
  pool_group_t group;
  const pool_t pool = make_discarding(&group, tasks, batch, &gate);
  const pool_group_t other = make_group(pool);
  atomic_int runs = 0;
  int accepted = 0;
  while (submit_with(other, POOL_OVERFLOW_REJECT, task_count, &runs) == POOL_OK) accepted++;
  CHECK_EQ(accepted, 4096 - (batch - 1));
  for (int i = batch; i < batch + more; i++) OK(submit_note(group, &tasks[i], 0, 0));
  CHECK_EQ(stats_of(pool).discarded, more);
  CHECK_EQ(group_stats_of(group).queued, batch - 1);
  check_dropped(group, tasks, batch + more, more, &gate);
  OK(pool_group_wait(other));
  CHECK_EQ(runs, accepted);
  OK(pool_destroy(pool));
}

int main(void) {
  for (int i = 0; i < scaled(5); i++) {
    for (int j = 0; j < 4; j++) check_own(j % 2 != 0, j / 2 != 0);
    check_child(false);
    check_child(true);
  }
  check_deadline(true);
  check_deadline(false);
  check_discard();
  check_discard_claimed();
  return 0;
}
