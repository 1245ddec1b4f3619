/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Who runs the tasks of a group that is waited for: POOL_HELP_NEVER, _UNTIMED and _ALWAYS, said by the pool or the
 * group, in waits with and without a time-out; inside a task the waiting thread always does. */
#define _GNU_SOURCE
#include "rig.h"

enum { tasks = 10 };

static note_t notes[tasks];

static int runs(void) {
  int count = 0;
  for (int i = 0; i < tasks; i++) count += notes[i].runs;
  return count;
}

static pool_t make_helping(uint32_t workers, uint32_t help) {
  pool_options_t options = pool_defaults();
  options.max_workers = workers;
  options.help = help;
  pool_t pool;
  OK(pool_create(&options, &pool));
  return pool;
}

/* The only worker is held: either the waiter runs the tasks, or they stand. */
static void check(uint32_t pool_help, uint32_t group_help, bool untimed_helps, bool timed_helps) {
  const pool_t pool = make_helping(1, pool_help);
  pool_group_options_t options = group_defaults();
  options.help = group_help;
  pool_group_t group = make_group_of(pool, &options);
  for (int timed = 0; timed < 3; timed++) {
    const bool helps = timed == 1 ? timed_helps : untimed_helps; /* 0: wait, 1: wait_for, 2: destroy */
    hold_t hold;
    hold_workers(&hold, pool, 1);
    memset(notes, 0, sizeof notes);
    for (int i = 0; i < tasks; i++) OK(submit_note(group, &notes[i], 0, 0));
    CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
    CHECK_EQ(runs(), 0);
    if (!timed_helps) {
      CHECK_STATUS(pool_group_wait_for(group, SHORT_NS), POOL_ETIMEDOUT);
      CHECK_EQ(runs(), 0);
    }
    caller_t waiter;
    pool_status_t (*const calls[])(void*) = {call_wait, call_wait_long, call_destroy};
    caller_start(&waiter, calls[timed], &group);
    if (helps) {
      OK(caller_join(&waiter));
      CHECK_EQ(runs(), tasks);
      release_workers(&hold);
    } else {
      CHECK(caller_settle(&waiter));
      CHECK_EQ(runs(), 0);
      release_workers(&hold);
      OK(caller_join(&waiter));
    }
    for (int i = 0; i < tasks; i++) {
      CHECK_NOTE(notes[i], 1, 1);
      CHECK((notes[i].ran_on == waiter.thread) == helps);
    }
  }
  OK(pool_destroy(pool));
}

/* Inside a task: help is never off, or this would never end. */
static pool_t inner_pool;
static int32_t wait_inside(void* timed) {
  const pool_group_t inner = make_group(inner_pool);
  note_t note = {0};
  OK(submit_note(inner, &note, 0, 0));
  OK(*(bool*)timed ? pool_group_wait_for(inner, LONG_NS) : pool_group_wait(inner));
  CHECK_NOTE(note, 1, 1);
  CHECK_EQ(note.ran_on, thread_id());
  OK(pool_group_destroy(inner));
  return 0;
}
static void check_inside(uint32_t help, bool timed) {
  inner_pool = make_helping(1, help);
  /* On the only worker: if this thread ran it, the worker could be faster at the inner task. */
  pool_group_options_t options = group_defaults();
  options.help = POOL_HELP_NEVER;
  const pool_group_t group = make_group_of(inner_pool, &options);
  OK(pool_group_submit(group, wait_inside, &timed));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(inner_pool));
}

/* A task on a thread that waits is inside a task as well. */
static void check_on_helper(void) {
  inner_pool = make_helping(1, POOL_HELP_ALWAYS);
  const pool_group_t group = make_group(inner_pool);
  hold_t hold;
  hold_workers(&hold, inner_pool, 1);
  bool timed = true;
  OK(pool_group_submit(group, wait_inside, &timed));
  OK(pool_group_wait_for(group, LONG_NS)); /* here: ALWAYS */
  release_workers(&hold);
  OK(pool_destroy(inner_pool));
}

/* Groups without options, one after the other in the same slot, of pools that say different things. */
static void check_next_pool(void) {
  enum { rounds = 4 };
  const pool_t pools[2] = {make_helping(1, POOL_HELP_NEVER), make_helping(1, POOL_HELP_ALWAYS)};
  for (int round = 0; round < rounds; round++) {
    const bool helps = round % 2 == 1;
    hold_t hold;
    hold_workers(&hold, pools[round % 2], 1);
    pool_group_t group;
    OK(pool_group_create(pools[round % 2], NULL, &group));
    note_t note = {0};
    OK(submit_note(group, &note, 0, 0));
    CHECK_STATUS(pool_group_wait_for(group, helps ? LONG_NS : SHORT_NS), helps ? POOL_OK : POOL_ETIMEDOUT);
    release_workers(&hold);
    OK(pool_group_destroy(group));
    CHECK_NOTE(note, 1, 1);
    CHECK((note.ran_on == thread_id()) == helps);
  }
  for (int i = 0; i < 2; i++) OK(pool_destroy(pools[i]));
}

int main(void) {
  for (uint32_t pool_help = POOL_HELP_DEFAULT; pool_help <= POOL_HELP_ALWAYS; pool_help++) {
    for (uint32_t group_help = POOL_HELP_DEFAULT; group_help <= POOL_HELP_ALWAYS; group_help++) {
      const uint32_t says = group_help != POOL_HELP_DEFAULT ? group_help : pool_help;
      check(pool_help, group_help, says != POOL_HELP_NEVER, says == POOL_HELP_ALWAYS);
    }
  }
  for (uint32_t help = POOL_HELP_DEFAULT; help <= POOL_HELP_ALWAYS; help++) {
    check_inside(help, false);
    check_inside(help, true);
  }
  check_on_helper();
  check_next_pool();
  return 0;
}
