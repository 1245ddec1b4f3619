/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A batch takes turns with other groups: one that was claimed when tasks were quick does not hold up others now that
 * they are long, and what is stuck in windows behind tasks that block runs though another group always has work. */
#define _GNU_SOURCE
#include "rig.h"

enum { many = 20000 };

/* From here on batches of this group are large: as long as its tasks are quick. */
static void make_quick(pool_group_t group) {
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < many; i++) OK(pool_group_submit(group, task_nothing, NULL));
    while (pool_group_poll(group) == POOL_EBUSY) sched_yield(); /* by workers alone */
  }
}

/* --- a newcomer --- */

enum { longs = 200, soon = 20, turn_ns = 200000 };

static pool_group_t newcomers;
static atomic_int started, started_before;

static int32_t task_newcomer(void* ctx) {
  (void)ctx;
  atomic_store(&started_before, started);
  return 0;
}
static int32_t task_long(void* ctx) {
  (void)ctx;
  if (atomic_fetch_add(&started, 1) == 0) OK(pool_group_submit(newcomers, task_newcomer, NULL));
  burn(turn_ns);
  return 0;
}

static void check_newcomer(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  newcomers = make_group(pool);
  for (int round = 0; round < scaled(5); round++) {
    make_quick(group);
    started = 0;
    started_before = 0;
    hold_t hold;
    hold_workers(&hold, pool, 1);
    for (int i = 0; i < longs; i++) OK(pool_group_submit(group, task_long, NULL));
    release_workers(&hold);
    while (pool_group_poll(group) == POOL_EBUSY || pool_group_poll(newcomers) == POOL_EBUSY) sched_yield();
    CHECK_EQ(started, longs);
    CHECK(started_before >= 1 && started_before < soon);
  }
  OK(pool_destroy(pool));
}

/* --- behind one that blocks --- */

enum { hidden = 100, rivals = 8, most_turns = 20000, rival_ns = 20000, most_stuck = 3 };

static pool_group_t rival;
static atomic_int runs, wanted, turns;

/* Goes on until all that is hidden has run; or for so many turns, and it never will. */
static int32_t task_rival(void* ctx) {
  (void)ctx;
  burn(rival_ns);
  CHECK(atomic_fetch_add(&turns, 1) < most_turns);
  if (runs < wanted) OK(pool_group_submit(rival, task_rival, NULL));
  return 0;
}

/* So many workers stand before what they have claimed; the one that is left never runs out of other work. */
static void check_hidden(int stuck) {
  const pool_t pool = make_pool((uint32_t)stuck + 1);
  pool_group_t groups[most_stuck];
  gate_t gates[most_stuck];
  hold_t holds[most_stuck + 1];
  for (int i = 0; i < stuck; i++) groups[i] = make_group(pool);
  rival = make_group(pool);
  for (int round = 0; round < scaled(5); round++) {
    for (int i = 0; i < stuck; i++) make_quick(groups[i]);
    runs = 0;
    turns = 0;
    wanted = stuck * hidden;
    for (int i = 0; i <= stuck; i++) hold_workers(&holds[i], pool, 1);
    for (int i = 0; i < stuck; i++) {
      gates[i] = (gate_t)GATE_CLOSED;
      OK(pool_group_submit(groups[i], task_gate, &gates[i]));
      for (int task = 0; task < hidden; task++) OK(pool_group_submit(groups[i], task_count, &runs));
      release_workers(&holds[i]);
      gate_await(&gates[i], 1); /* the one has claimed them, and stands in the first */
    }
    for (int i = 0; i < rivals; i++) OK(pool_group_submit(rival, task_rival, NULL));
    release_workers(&holds[stuck]);
    while (pool_group_poll(rival) == POOL_EBUSY) sched_yield();
    CHECK_EQ(runs, wanted);
    for (int i = 0; i < stuck; i++) {
      gate_open(&gates[i]);
      while (pool_group_poll(groups[i]) == POOL_EBUSY) sched_yield();
    }
  }
  OK(pool_destroy(pool));
}

int main(void) {
  check_newcomer();
  for (int stuck = 1; stuck <= most_stuck; stuck++) check_hidden(stuck);
  return 0;
}
