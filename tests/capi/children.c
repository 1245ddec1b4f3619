/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Groups that are children of others: a wait for the parent runs their tasks, and never a stranger's, and does not wait
 * for them; a wait for the child leaves the parent's alone; a cancel goes down; who may be a parent. */
#define _GNU_SOURCE
#include "rig.h"

static void await_drops(note_t* notes, int count) {
  for (int i = 0; i < count; i++)
    while (atomic_load(&notes[i].drops) == 0) sched_yield();
}

/* The worker is held and the parent kept open: what runs is run by the thread that waits for the parent. */
static void check_help(bool before, bool grandchild) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  pool_group_t parent = make_group(pool);
  pool_group_t stranger = make_group(pool);
  pool_group_t child = {0};
  note_t notes[10];
  note_t strange[10];
  memset(notes, 0, sizeof notes);
  memset(strange, 0, sizeof strange);
  OK(pool_group_enter(parent));
  if (before) child = make_child(pool, grandchild ? make_child(pool, parent) : parent);
  for (int i = 0; before && i < 10; i++) OK(submit_note(child, &notes[i], 0, 0));
  for (int i = 0; i < 5; i++) OK(submit_note(stranger, &strange[i], 0, 0));
  caller_t waiter;
  caller_start(&waiter, call_wait, &parent);
  if (!before) {
    /* The child comes while its parent's waiter sleeps. */
    CHECK(caller_settle(&waiter));
    child = make_child(pool, grandchild ? make_child(pool, parent) : parent);
    for (int i = 0; i < 10; i++) OK(submit_note(child, &notes[i], 0, 0));
  }
  await_drops(notes, 10);
  for (int i = 0; i < 10; i++) CHECK_EQ(notes[i].ran_on, waiter.thread);
  for (int i = 5; i < 10; i++) OK(submit_note(stranger, &strange[i], 0, 0));
  CHECK(caller_settle(&waiter));
  for (int i = 0; i < 10; i++) CHECK_NOTE(strange[i], 0, 0);
  /* It does not wait for the child. */
  OK(pool_group_enter(child));
  OK(pool_group_leave(parent, 0));
  OK(caller_join(&waiter));
  CHECK_STATUS(pool_group_poll(child), POOL_EBUSY);
  OK(pool_group_leave(child, 0));
  release_workers(&hold);
  OK(pool_group_wait_for(child, LONG_NS));
  OK(pool_group_wait_for(parent, LONG_NS));
  OK(pool_destroy(pool));
}

static void check_upwards(void) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  const pool_group_t parent = make_group(pool);
  const pool_group_t child = make_child(pool, parent);
  const pool_group_t sibling = make_child(pool, parent);
  note_t parents = {0};
  note_t siblings = {0};
  note_t own = {0};
  OK(submit_note(parent, &parents, 0, 0));
  OK(submit_note(sibling, &siblings, 0, 0));
  OK(submit_note(child, &own, 0, 0));
  OK(pool_group_wait(child));
  CHECK_EQ(own.ran_on, thread_id());
  CHECK_NOTE(parents, 0, 0);
  CHECK_NOTE(siblings, 0, 0);
  release_workers(&hold);
  OK(pool_destroy(pool));
}

/* On a pool of one: a task waits for its children's parent, deep down. */
static pool_t nest_pool;
static atomic_int nest_runs;
static int32_t nest(void* ctx) {
  const intptr_t depth = (intptr_t)ctx;
  atomic_fetch_add(&nest_runs, 1);
  if (depth == 0) return 0;
  pool_group_options_t options = group_defaults();
  options.parent_kind = POOL_PARENT_CURRENT;
  const pool_group_t group = make_group_of(nest_pool, &options);
  for (int i = 0; i < 2; i++) OK(pool_group_submit(group, nest, (void*)(depth - 1))); /* NOLINT: a number */
  OK(pool_group_wait(group));
  OK(pool_group_destroy(group));
  return 0;
}
static void check_nested(uint32_t workers) {
  nest_pool = make_pool(workers);
  const pool_group_t group = make_group(nest_pool);
  atomic_store(&nest_runs, 0);
  OK(pool_group_submit(group, nest, (void*)(intptr_t)8)); /* NOLINT */
  OK(pool_group_wait(group));
  CHECK_EQ(nest_runs, 511);
  OK(pool_destroy(nest_pool));
}

/* --- cancel --- */

static void check_cancel(bool destroy_middle) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  const pool_group_t top = make_group(pool);
  const pool_group_t middle = make_child(pool, top);
  const pool_group_t bottom = make_child(pool, middle);
  const pool_group_t sibling = make_child(pool, top);
  const pool_group_t stranger = make_group(pool);
  note_t notes[3];
  memset(notes, 0, sizeof notes);
  OK(submit_note(bottom, &notes[0], 0, 0));
  OK(submit_note(sibling, &notes[1], 0, 0));
  OK(submit_note(stranger, &notes[2], 0, 0));
  if (destroy_middle) OK(pool_group_destroy(middle));
  OK(pool_group_cancel(bottom)); /* never upwards */
  OK(pool_group_enter(top));
  OK(pool_group_leave(top, 0));
  OK(pool_group_cancel(top));
  CHECK_STATUS(pool_group_submit(sibling, task_nothing, NULL), POOL_ECANCELED);
  if (!destroy_middle) CHECK_STATUS(pool_group_submit(middle, task_nothing, NULL), POOL_ECANCELED);
  /* Cancelled from the start. */
  const pool_group_t late = make_child(pool, top);
  CHECK_STATUS(pool_group_submit(late, task_nothing, NULL), POOL_ECANCELED);
  /* Each is reset by itself. */
  OK(pool_group_reset(top));
  OK(pool_group_submit(top, task_nothing, NULL));
  CHECK_STATUS(pool_group_submit(late, task_nothing, NULL), POOL_ECANCELED);
  OK(pool_group_reset(late));
  OK(pool_group_submit(late, task_nothing, NULL));
  release_workers(&hold);
  OK(pool_group_wait(stranger));
  OK(pool_group_wait(late));
  CHECK_STATUS(pool_group_wait(bottom), POOL_ECANCELED);
  CHECK_STATUS(pool_group_wait(sibling), POOL_ECANCELED);
  CHECK_NOTE(notes[0], 0, 1);
  CHECK_NOTE(notes[1], 0, 1);
  CHECK_NOTE(notes[2], 1, 1);
  OK(pool_destroy(pool));
}

/* A grandchild is cancelled with its grandparent, told while it runs, and sent out of its line. */
static int32_t until_told(void* gate) {
  gate_pass((gate_t*)gate);
  CHECK_EQ(pool_task_cancelled(), 1);
  return 0;
}
static void check_deep(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t top = make_group(pool);
  pool_group_t group = top;
  for (int i = 0; i < 20; i++) group = make_child(pool, group);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, until_told, &gate));
  gate_await(&gate, 1);
  note_t note = {0};
  OK(submit_note(group, &note, 0, 0));
  OK(pool_group_cancel(top));
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_ECANCELED);
  gate_open(&gate);
  CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
  CHECK_NOTE(note, 0, 1);
  OK(pool_destroy(pool));
}

/* A slot that was a child's, or a parent's, belongs to somebody else now. */
static void check_slots(void) {
  const pool_t pool = make_pool(1);
  for (int i = 0; i < 200; i++) {
    const pool_group_t parent = make_group(pool);
    OK(pool_group_destroy(make_child(pool, parent)));
    const pool_group_t free = make_group(pool);
    OK(pool_group_cancel(parent));
    OK(pool_group_submit(free, task_nothing, NULL));
    const pool_group_t orphan = make_child(pool, free);
    OK(pool_group_destroy(free));
    const pool_group_t next = make_group(pool);
    OK(pool_group_cancel(next));
    OK(pool_group_submit(orphan, task_nothing, NULL));
    OK(pool_group_wait(orphan));
    OK(pool_group_destroy(orphan));
    OK(pool_group_destroy(next));
    OK(pool_group_destroy(parent));
  }
  OK(pool_destroy(pool));
}

/* --- who may be a parent --- */

static void check_options(void) {
  const pool_t pool = make_pool(1);
  const pool_t other = make_pool(1);
  pool_group_options_t options = group_defaults();
  pool_group_t made = {5};
  options.parent_kind = POOL_PARENT_GROUP;
  CHECK_STATUS(pool_group_create(pool, &options, &made), POOL_EBADHANDLE); /* none */
  CHECK_EQ(made.id, 0);
  options.parent = make_group(other);
  CHECK_STATUS(pool_group_create(pool, &options, &made), POOL_EINVAL); /* of another pool */
  OK(pool_group_destroy(options.parent));
  CHECK_STATUS(pool_group_create(pool, &options, &made), POOL_EBADHANDLE); /* ended */
  options.parent_kind = 3;
  CHECK_STATUS(pool_group_create(pool, &options, &made), POOL_EINVAL);
  options.parent_kind = POOL_PARENT_NONE;
  CHECK_STATUS(pool_group_create(pool, &options, &made), POOL_EINVAL); /* and yet there is one */
  options.parent = (pool_group_t){0};
  options.parent_kind = POOL_PARENT_CURRENT; /* outside a task: none */
  OK(pool_group_create(pool, &options, &made));
  OK(pool_group_submit(made, task_nothing, NULL));
  OK(pool_group_wait(made));
  OK(pool_destroy(other));
  OK(pool_destroy(pool));
}

static pool_t current_pool_;
static pool_group_t current_child, current_other;
static int32_t make_current(void* other) {
  pool_group_options_t options = group_defaults();
  options.parent_kind = POOL_PARENT_CURRENT;
  current_child = make_group_of(current_pool_, &options);
  /* Of another pool than the task's: none. */
  current_other = make_group_of(*(pool_t*)other, &options);
  return 0;
}
static void check_current(void) {
  current_pool_ = make_pool(1);
  pool_t other = make_pool(1);
  const pool_group_t group = make_group(current_pool_);
  OK(pool_group_submit(group, make_current, &other));
  OK(pool_group_wait(group));
  OK(pool_group_cancel(group));
  CHECK_STATUS(pool_group_submit(current_child, task_nothing, NULL), POOL_ECANCELED);
  OK(pool_group_submit(current_other, task_nothing, NULL));
  OK(pool_destroy(other));
  OK(pool_destroy(current_pool_));
}

int main(void) {
  for (int before = 0; before < 2; before++)
    for (int grandchild = 0; grandchild < 2; grandchild++) check_help(before, grandchild);
  check_upwards();
  with_workers(check_nested);
  check_cancel(false);
  check_cancel(true);
  check_deep();
  check_slots();
  check_options();
  check_current();
  return 0;
}
