/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_notify: once each, in the order of the calls, on a worker, after the last drop, at once if the group is
 * empty; waits do not wait for it, destroy and the end of the pool do; from a group that is used again many times. */
#define _GNU_SOURCE
#include "rig.h"

static atomic_int next, fired, drops;
static _Atomic pid_t notified_on;

typedef struct {
  int number, drops;
  int32_t worker;
  pool_status_t outcome;
  bool fired;
} fire_t;

static void fire(void* ctx, pool_status_t outcome) {
  fire_t* at = (fire_t*)ctx;
  CHECK(!at->fired);
  at->fired = true;
  at->outcome = outcome;
  notified_on = thread_id();
  at->drops = atomic_load(&drops);
  at->number = atomic_fetch_add(&next, 1);
  atomic_fetch_add(&fired, 1); /* the last touch */
}
static void at_gate(void* gate, pool_status_t outcome) {
  CHECK_EQ(outcome, POOL_OK);
  gate_pass((gate_t*)gate);
}

/* Registered while the group is busy; a waiter helps, a cancel drops: the notifications come after all of it. */
static void check_order(uint32_t workers, bool cancel) {
  const pool_t pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  hold_t hold;
  hold_workers(&hold, pool, workers);
  next = drops = 0;
  fire_t fires[5];
  memset(fires, 0, sizeof fires);
  for (int i = 0; i < 5; i++) {
    for (int j = 0; j < 20; j++) OK(submit_drop(group, task_nothing, &drops, drop_count));
    OK(pool_group_notify(group, fire, &fires[i]));
  }
  if (cancel) OK(pool_group_cancel(group));
  CHECK_STATUS(pool_group_wait(group), cancel ? POOL_ECANCELED : POOL_OK); /* here: the workers are held, */
  CHECK_EQ(next, 0);                                                       /* so nobody could be told */
  release_workers(&hold);
  OK(pool_group_destroy(group));
  CHECK_EQ(next, 5);
  for (int i = 0; i < 5; i++) {
    CHECK(fires[i].fired);
    if (workers == 1) CHECK_EQ(fires[i].number, i); /* several may run at the same time */
    CHECK_EQ(fires[i].drops, 100);
    CHECK_EQ(fires[i].outcome, cancel ? POOL_ECANCELED : POOL_OK);
  }
  CHECK(notified_on != thread_id());
  OK(pool_destroy(pool));
}
static void check_orders(uint32_t workers) {
  check_order(workers, false);
  check_order(workers, true);
}

/* At once on an empty group, used or not; and it is no task of it. */
static void check_empty(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  next = fired = 0;
  for (int i = 0; i < 50; i++) {
    fire_t at = {0};
    OK(pool_group_notify(group, fire, &at));
    while (atomic_load(&fired) <= i) sched_yield();
    CHECK(notified_on != thread_id());
    if (i % 5 == 0) {
      OK(pool_group_submit(group, task_nothing, NULL));
      OK(pool_group_wait(group));
    }
  }
  check_counts(group, (counts_t){10, 10, 0, 0, 0});
  CHECK_STATUS(pool_group_notify(group, NULL, NULL), POOL_EINVAL);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_STATUS(pool_group_notify(group, fire, NULL), POOL_ECLOSED);
  OK(pool_destroy(pool));
}

/* How it ended, as a wait would say; also of a group that nobody can ask any more, and of one that begins anew. */
static void check_outcomes(void) {
  const pool_t pool = make_pool(2);
  for (int detached = 0; detached < 2; detached++) {
    pool_group_t group = make_group(pool);
    fire_t at = {0};
    fired = 0;
    gate_t gate = GATE_CLOSED;
    OK(pool_group_submit(group, task_gate, &gate));
    OK(pool_group_submit(group, task_fail, NULL));
    OK(pool_group_notify(group, fire, &at));
    if (detached == 1) OK(pool_group_detach(group));
    gate_open(&gate);
    while (atomic_load(&fired) == 0) sched_yield();
    CHECK_EQ(at.outcome, POOL_EFAILED);
    if (detached == 1) continue;
    while (pool_group_reset(group) != POOL_OK) sched_yield();
    at = (fire_t){0};
    fired = 0;
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_notify(group, fire, &at));
    while (atomic_load(&fired) == 0) sched_yield();
    CHECK_EQ(at.outcome, POOL_OK);
    OK(pool_group_destroy(group));
  }
  OK(pool_destroy(pool));
}

/* While a notification runs the group is empty, to waits and polls; it is not idle, to reset and destroy. */
static void check_running(void) {
  const pool_t pool = make_pool(1);
  pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_notify(group, at_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_wait(group));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_poll(group));
  CHECK_STATUS(pool_group_reset(group), POOL_EBUSY);
  caller_t destroyer;
  caller_start_asleep(&destroyer, call_destroy, &group);
  gate_open(&gate);
  OK(caller_join(&destroyer));
  CHECK_STATUS(pool_group_poll(group), POOL_EBADHANDLE);
  /* And the reset is allowed afterwards. */
  group = make_group(pool);
  atomic_int told = 0;
  OK(pool_group_notify(group, notice_count, &told));
  pool_status_t status;
  while ((status = pool_group_reset(group)) != POOL_OK) CHECK_STATUS(status, POOL_EBUSY);
  CHECK_EQ(told, 1);
  OK(pool_destroy(pool));
}

/* --- from the inside --- */

static pool_t inner_pool;
static pool_group_t inner, busy;
static gate_t entered, filled, refused;

static int32_t turn(void* ctx, uint64_t index) {
  (void)ctx;
  (void)index;
  return 0;
}
static void wait_inside(void* unused, pool_status_t outcome) {
  (void)unused;
  (void)outcome;
  CHECK_STATUS(pool_group_wait(busy), POOL_EDEADLK);
  CHECK_STATUS(pool_group_wait_for(busy, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_group_destroy(busy), POOL_EDEADLK);
  CHECK_STATUS(pool_group_apply(busy, 3, 1, turn, NULL), POOL_EDEADLK);
  CHECK_STATUS(pool_destroy(inner_pool), POOL_EDEADLK);
  CHECK_STATUS(pool_shutdown(inner_pool, POOL_SHUTDOWN_DRAIN, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_group_poll(busy), POOL_EBUSY);
  gate_pass(&entered);
  gate_pass(&filled);
  /* The queue is full by now: BLOCK would wait for this very thread. */
  CHECK_STATUS(pool_group_submit(inner, task_nothing, NULL), POOL_EFULL);
  CHECK_STATUS(submit_with(inner, POOL_OVERFLOW_CALLER_RUNS, task_nothing, NULL), POOL_EFULL);
  gate_pass(&refused);
}
static void submit_inside(void* counter, pool_status_t outcome) {
  CHECK_EQ(outcome, POOL_OK);
  OK(pool_group_submit(inner, task_count, counter));
}
static void destroy_inside(void* counter, pool_status_t outcome) {
  CHECK_EQ(outcome, POOL_OK);
  OK(pool_group_destroy(inner));
  atomic_fetch_add((atomic_int*)counter, 1);
}
static void detach_inside(void* counter, pool_status_t outcome) {
  CHECK_EQ(outcome, POOL_OK);
  OK(pool_group_detach(inner));
  atomic_fetch_add((atomic_int*)counter, 1);
}

static void check_inside(void) {
  inner_pool = make_pool_of(1, 1, POOL_OVERFLOW_BLOCK);
  inner = make_group(inner_pool);
  busy = make_group(inner_pool);
  OK(pool_group_enter(busy));
  entered = filled = refused = (gate_t)GATE_CLOSED;
  gate_open(&entered);
  OK(pool_group_notify(inner, wait_inside, NULL));
  gate_await(&entered, 1);
  OK(pool_group_submit(busy, task_nothing, NULL));
  gate_open(&filled);
  gate_await(&refused, 1);
  gate_open(&refused);
  OK(pool_group_leave(busy, 0));
  OK(pool_group_wait(busy));
  OK(pool_group_destroy(inner));
  check_counts(busy, (counts_t){2, 2, 0, 0, 0});

  /* What it submits belongs to the group again, and destroy waits for it. */
  atomic_int done = 0;
  inner = make_group(inner_pool);
  OK(pool_group_notify(inner, submit_inside, &done));
  while (atomic_load(&done) == 0) sched_yield();
  OK(pool_group_notify(inner, submit_inside, &done));
  OK(pool_group_destroy(inner));
  CHECK_EQ(done, 2);

  /* The group may end in its own notification. */
  for (int i = 0; i < 100; i++) {
    done = 0;
    inner = make_group(inner_pool);
    OK(pool_group_submit(inner, task_nothing, NULL));
    OK(pool_group_notify(inner, i % 2 == 0 ? destroy_inside : detach_inside, &done));
    while (atomic_load(&done) == 0) sched_yield();
    while (pool_group_poll(inner) != POOL_EBADHANDLE) sched_yield();
  }
  OK(pool_destroy(inner_pool));
}

/* --- nothing is lost, nothing comes twice --- */

static void check_many(uint32_t workers) {
  const pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  atomic_int told = 0;
  const int rounds = scaled(2000);
  for (int i = 0; i < rounds; i++) {
    for (int j = 0; j < i % 4; j++) OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_notify(group, notice_count, &told));
    if (i % 3 == 0) OK(pool_group_wait(group));
    if (i % 7 == 0) OK(pool_group_notify(group, notice_count, &told));
  }
  OK(pool_group_destroy(group));
  const int expected = rounds + (rounds + 6) / 7;
  CHECK_EQ(told, expected);
  /* Detached, and with the end of the pool close behind. */
  for (int i = 0; i < 50; i++) {
    group = make_group(pool);
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_notify(group, notice_count, &told));
    OK(pool_group_detach(group));
  }
  for (int i = 0; i < 50; i++) {
    group = make_group(pool);
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_notify(group, notice_count, &told));
  }
  OK(pool_destroy(pool));
  CHECK_EQ(told, expected + 100);
}

int main(void) {
  with_workers(check_orders);
  check_empty();
  check_outcomes();
  check_running();
  check_inside();
  with_workers(check_many);
  return 0;
}
