/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Overflow policies from inside a task, on a worker and on a thread that waits: BLOCK and CALLER_RUNS run the task in
 * place, if its group has a free place for a running one, at most 64 inside each other; the others do as they do
 * outside; a task of another pool blocks. */
#define _GNU_SOURCE
#include "rig.h"

typedef struct {
  pool_group_t target;
  uint32_t overflow;
  pool_status_t status;
  note_t note;
  gate_t filled;
  pid_t ran_on;
} inner_t;

static int32_t submit_inside(void* ctx) {
  inner_t* inner = (inner_t*)ctx;
  inner->ran_on = thread_id();
  gate_pass(&inner->filled);
  inner->status = submit_note(inner->target, &inner->note, inner->overflow, 0);
  return 0;
}

typedef struct {
  pool_t pool;
  pool_group_t own, target;
} rig_t;

static rig_t begin(bool at_pool, uint32_t max_concurrency) {
  rig_t rig;
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  if (at_pool) options.queue_capacity = 2;
  OK(pool_create(&options, &rig.pool));
  rig.own = make_group(rig.pool);
  pool_group_options_t group_options = group_defaults();
  if (!at_pool) group_options.queue_capacity = 2;
  group_options.max_concurrency = max_concurrency;
  rig.target = make_group_of(rig.pool, &group_options);
  return rig;
}

/* A task that runs on the worker, or here, submits to a group whose queue is full. */
static void check_policy(bool at_pool, bool on_helper, uint32_t overflow) {
  rig_t rig = begin(at_pool, 0);
  inner_t inner = {.target = rig.target, .overflow = overflow, .filled = GATE_CLOSED};
  hold_t hold;
  note_t queued[2];
  memset(queued, 0, sizeof queued);
  caller_t waiter;
  if (on_helper) {
    hold_workers(&hold, rig.pool, 1);
    OK(pool_group_submit(rig.own, submit_inside, &inner));
    caller_start(&waiter, call_wait, &rig.own);
  } else {
    OK(pool_group_submit(rig.own, submit_inside, &inner));
  }
  gate_await(&inner.filled, 1);
  if (on_helper) CHECK_EQ(inner.ran_on, waiter.thread);
  for (int i = 0; i < 2; i++) OK(submit_note(rig.target, &queued[i], 0, 0));
  gate_open(&inner.filled);
  OK(on_helper ? caller_join(&waiter) : pool_group_wait_for(rig.own, LONG_NS));
  if (on_helper) release_workers(&hold);
  const bool discards = overflow == POOL_OVERFLOW_DISCARD_OLDEST || overflow == POOL_OVERFLOW_DISCARD_NEWEST;
  CHECK_STATUS(pool_group_wait_for(rig.target, LONG_NS), discards ? POOL_EFAILED : POOL_OK);
  switch (overflow) {
    case POOL_OVERFLOW_REJECT:
      CHECK_STATUS(inner.status, POOL_EFULL);
      CHECK_NOTE(inner.note, 0, 0);
      check_counts(rig.target, (counts_t){2, 2, 0, 0, 0});
      break;
    case POOL_OVERFLOW_DISCARD_OLDEST:
      OK(inner.status);
      CHECK_NOTE(queued[0], 0, 1);
      CHECK_EQ(queued[0].dropped_on, inner.ran_on);
      CHECK_NOTE(inner.note, 1, 1);
      check_counts(rig.target, (counts_t){3, 2, 0, 0, 1});
      break;
    case POOL_OVERFLOW_DISCARD_NEWEST:
      OK(inner.status);
      CHECK_NOTE(inner.note, 0, 1);
      CHECK_EQ(inner.note.dropped_on, inner.ran_on);
      check_counts(rig.target, (counts_t){3, 2, 0, 0, 1});
      break;
    default:
      OK(inner.status);
      CHECK_NOTE(inner.note, 1, 1);
      CHECK_EQ(inner.note.ran_on, inner.ran_on);
      CHECK_EQ(inner.note.dropped_on, inner.ran_on);
      CHECK(inner.note.ran_at < queued[0].ran_at);
      check_counts(rig.target, (counts_t){3, 3, 0, 0, 0});
      CHECK_EQ(stats_of(rig.pool).caller_runs, 1);
      CHECK_EQ(stats_of(rig.pool).blocked, 0);
      break;
  }
  OK(pool_destroy(rig.pool));
}

/* The group's only place for a running task is taken, by the submitting task itself. */
static int32_t submit_to_own(void* ctx) {
  inner_t* inner = (inner_t*)ctx;
  gate_pass(&inner->filled);
  for (uint32_t i = 0; i < 2; i++)
    CHECK_STATUS(submit_note(inner->target, &inner->note, i == 0 ? POOL_OVERFLOW_BLOCK : POOL_OVERFLOW_CALLER_RUNS, 0),
                 POOL_EFULL);
  return 0;
}
static void check_no_place(bool at_pool) {
  rig_t rig = begin(at_pool, 1);
  inner_t inner = {.target = rig.target, .filled = GATE_CLOSED};
  OK(pool_group_submit(rig.target, submit_to_own, &inner));
  gate_await(&inner.filled, 1);
  for (int i = 0; i < 2; i++) OK(pool_group_submit(rig.target, task_nothing, NULL));
  gate_open(&inner.filled);
  OK(pool_group_wait_for(rig.target, LONG_NS));
  CHECK_NOTE(inner.note, 0, 0);
  check_counts(rig.target, (counts_t){3, 3, 0, 0, 0});
  CHECK_EQ(stats_of(rig.pool).rejected, 2);
  OK(pool_destroy(rig.pool));
}

/* At the pool's bound a serial queue in which nothing is queued or running has a free place. */
static void check_serial_in_place(void) {
  rig_t rig = begin(true, 1);
  inner_t inner = {.target = rig.target, .overflow = POOL_OVERFLOW_CALLER_RUNS, .filled = GATE_CLOSED};
  OK(pool_group_submit(rig.own, submit_inside, &inner));
  gate_await(&inner.filled, 1);
  for (int i = 0; i < 2; i++) OK(pool_group_submit(rig.own, task_nothing, NULL));
  gate_open(&inner.filled);
  OK(pool_group_wait_for(rig.own, LONG_NS));
  OK(inner.status);
  CHECK_EQ(inner.note.ran_on, inner.ran_on);
  check_counts(rig.target, (counts_t){1, 1, 0, 0, 0});
  OK(pool_destroy(rig.pool));
}

/* --- 64 inside each other, begun outside or in a task --- */

static pool_group_t deep;
static uint32_t deep_overflow;
static int depth, deepest, refused;

static int32_t dive(void* ctx) {
  depth++;
  if (depth > deepest) deepest = depth;
  const pool_status_t status = submit_with(deep, deep_overflow, dive, ctx);
  if (status != POOL_OK) {
    CHECK_STATUS(status, POOL_EFULL);
    refused++;
  }
  depth--;
  return 0;
}
static int32_t dive_at_gate(void* gate) {
  gate_pass((gate_t*)gate);
  return dive(gate);
}
static void check_depth(bool at_pool, bool from_outside, uint32_t overflow) {
  rig_t rig = begin(at_pool, 0);
  hold_t hold;
  gate_t gate = GATE_CLOSED;
  deep = rig.target;
  deep_overflow = overflow;
  depth = deepest = refused = 0;
  if (from_outside) {
    hold_workers(&hold, rig.pool, 1);
  } else {
    OK(pool_group_submit(deep, dive_at_gate, &gate));
    gate_await(&gate, 1);
  }
  for (int i = 0; i < 2; i++) OK(pool_group_submit(deep, task_nothing, NULL));
  if (from_outside) {
    OK(submit_with(deep, overflow, dive, NULL));
    release_workers(&hold);
  } else {
    gate_open(&gate);
  }
  OK(pool_group_wait_for(deep, LONG_NS));
  CHECK_EQ(deepest, from_outside ? 64 : 65); /* with the one that was queued */
  CHECK_EQ(refused, 1);
  CHECK_EQ(stats_of(rig.pool).caller_runs, 64);
  OK(pool_destroy(rig.pool));
}

/* Inside a task of one pool, at the bound of another one: there is nothing of it that this thread could keep up. */
static void check_other_pool(void) {
  rig_t rig = begin(true, 0);
  const pool_t other = make_pool(1);
  const pool_group_t group = make_group(other);
  hold_t hold;
  hold_workers(&hold, rig.pool, 1);
  for (int i = 0; i < 2; i++) OK(pool_group_submit(rig.own, task_nothing, NULL));
  inner_t inner = {.target = rig.target, .overflow = POOL_OVERFLOW_BLOCK, .filled = GATE_CLOSED};
  OK(pool_group_submit(group, submit_inside, &inner));
  gate_await(&inner.filled, 1);
  const pid_t thread = inner.ran_on;
  gate_open(&inner.filled);
  while (stats_of(rig.pool).blocked == 0) sched_yield();
  await_sleep(thread);
  CHECK_NOTE(inner.note, 0, 0);
  release_workers(&hold);
  OK(pool_group_wait_for(group, LONG_NS));
  OK(inner.status);
  OK(pool_group_wait_for(rig.target, LONG_NS));
  CHECK(inner.note.ran_on != thread);
  OK(pool_destroy(other));
  OK(pool_destroy(rig.pool));
}

int main(void) {
  for (int at_pool = 0; at_pool < 2; at_pool++) {
    for (int on_helper = 0; on_helper < 2; on_helper++)
      for (uint32_t overflow = POOL_OVERFLOW_BLOCK; overflow <= POOL_OVERFLOW_DISCARD_NEWEST; overflow++)
        check_policy(at_pool, on_helper, overflow);
    check_no_place(at_pool);
    check_depth(at_pool, false, POOL_OVERFLOW_BLOCK);
    check_depth(at_pool, false, POOL_OVERFLOW_CALLER_RUNS);
    check_depth(at_pool, true, POOL_OVERFLOW_CALLER_RUNS);
  }
  check_serial_in_place();
  check_other_pool();
  return 0;
}
