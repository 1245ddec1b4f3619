/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pthread_exit() in a turn of a loop. The turns of others are over before the thread that called the loop has left it:
 * what they work on may be on its stack. On a worker the loop fails, all other turns are made, and the worker is
 * replaced. In a group with a limit the same, inside a task. */
#define _GNU_SOURCE
#include "rig.h"

static pool_t pool;
static pool_group_t group;

/* --- the thread that called the loop --- */

typedef struct loop {
  gate_t gate; /* where the turn of another thread stands */
  pthread_t caller;
  atomic_int caller_id, inside, made;
  bool is_left;
} loop_t;

static int32_t turn_of_two(void* ctx, uint64_t index) {
  (void)index;
  loop_t* loop = (loop_t*)ctx;
  atomic_fetch_add(&loop->made, 1);
  if (pthread_equal(pthread_self(), loop->caller)) {
    gate_await(&loop->gate, 1);
    atomic_store(&loop->caller_id, thread_id());
    pthread_exit(NULL);
  }
  atomic_fetch_add(&loop->inside, 1);
  gate_pass(&loop->gate);
  atomic_fetch_sub(&loop->inside, 1);
  return 0;
}
static void has_left(void* ctx) {
  loop_t* loop = (loop_t*)ctx;
  CHECK_EQ(atomic_load(&loop->inside), 0);
  loop->is_left = true;
}
static void* call(void* ctx) {
  loop_t* loop = (loop_t*)ctx;
  loop->caller = pthread_self();
  pthread_cleanup_push(has_left, ctx);
  (void)pool_group_apply(group, 1000, 1, turn_of_two, ctx);
  CHECK(false); /* the thread has ended */
  pthread_cleanup_pop(0);
  return NULL;
}

static void check_caller(void) {
  for (int i = 0; i < 20; i++) {
    loop_t loop = {GATE_CLOSED, 0, 0, 0, 0, false};
    group = make_group(pool);
    const pthread_t thread = start(call, &loop);
    while (atomic_load(&loop.caller_id) == 0) sched_yield();
    await_sleep(atomic_load(&loop.caller_id)); /* it waits for the other turn */
    CHECK(!loop.is_left);
    gate_open(&loop.gate);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(loop.is_left);
    CHECK(loop.made >= 2 &&
          loop.made < 1000); /* one by each thread that came in time; no more once it has begun to leave */
    /* What the loop was to become is settled, too. */
    CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
    CHECK_EQ(group_stats_of(group).failed, 1);
    OK(pool_group_destroy(group));
  }
}

/* --- a worker --- */

static atomic_int made;

static int32_t exits_once(void* caller, uint64_t index) {
  (void)index;
  const bool is_caller = pthread_equal(pthread_self(), *(const pthread_t*)caller);
  /* The caller does not make all of them before a worker has had one. */
  if (is_caller) {
    while (atomic_load(&made) == 0) sched_yield();
  }
  if (atomic_fetch_add(&made, 1) == 0) pthread_exit(NULL);
  return 0;
}

static void check_worker(void) {
  pthread_t self = pthread_self();
  for (int i = 0; i < 20; i++) {
    made = 0;
    group = make_group(pool);
    CHECK_STATUS(pool_group_apply(group, 1000, 1, exits_once, &self), POOL_EFAILED);
    CHECK_EQ(made, 1000);
    OK(pool_group_destroy(group));
    /* Both workers are there. */
    gate_t gate = GATE_CLOSED;
    const pool_group_t both = make_group(pool);
    for (int n = 0; n < 2; n++) OK(pool_group_submit(both, task_gate, &gate));
    gate_await(&gate, 2);
    gate_open(&gate);
    OK(pool_group_wait(both));
    OK(pool_group_destroy(both));
  }
}

/* --- a loop in a task of its own group, which has a limit --- */

static int32_t exits(void* ctx, uint64_t index) {
  (void)ctx;
  if (index == 2) pthread_exit(NULL);
  return 0;
}
static int32_t loops(void* ctx) {
  (void)pool_group_apply(group, 5, 1, exits, ctx);
  CHECK(false); /* the thread has ended */
  return 0;
}

static void check_limited(void) {
  for (int i = 0; i < 20; i++) {
    group = make_serial(pool);
    OK(pool_group_submit(group, loops, NULL));
    OK(pool_group_submit(group, task_nothing, NULL));
    /* (A wait that helps would run the task, and end this thread.) */
    while (pool_group_poll(group) == POOL_EBUSY) sched_yield();
    CHECK_STATUS(pool_group_poll(group), POOL_EFAILED);
    const pool_group_stats_t stats = group_stats_of(group);
    CHECK_EQ(stats.failed, 1);
    CHECK_EQ(stats.succeeded, 1);
    OK(pool_group_destroy(group));
  }
}

int main(void) {
  pool = make_pool(2);
  check_caller();
  check_worker();
  check_limited();
  OK(pool_destroy(pool));
  return 0;
}
