/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_destroy waits: contexts on the caller's stack are safe, tasks of tasks included. Of several at once one
 * succeeds, and threads that wait meanwhile come back. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool;
static pool_group_t group;

typedef struct {
  int value; /* plain: the destroy has to order it */
  int children;
} context_t;

static int32_t work(void* ctx) {
  context_t* context = ctx;
  context->value++;
  if (context->children > 0) {
    context->children--;
    OK(pool_group_submit(group, work, context));
  }
  return 0;
}

static void check_stack(void) {
  for (int i = 0; i < 500; i++) {
    context_t contexts[4] = {{0, 0}, {0, 1}, {0, 2}, {0, 3}};
    group = make_group(pool);
    for (int j = 0; j < 4; j++) OK(pool_group_submit(group, work, &contexts[j]));
    OK(pool_group_destroy(group));
    for (int j = 0; j < 4; j++) CHECK_EQ(contexts[j].value, j + 1);
    CHECK_STATUS(pool_group_destroy(group), POOL_EBADHANDLE);
  }
}

static atomic_int destroyed, returned;
static void* destroy(void* ctx) {
  (void)ctx;
  const pool_status_t status = pool_group_destroy(group);
  if (status == POOL_OK) atomic_fetch_add(&destroyed, 1);
  CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
  return NULL;
}
static void* wait_meanwhile(void* ctx) {
  (void)ctx;
  const pool_status_t status = pool_group_wait(group);
  CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
  atomic_fetch_add(&returned, 1);
  return NULL;
}
static void check_several(void) {
  for (int i = 0; i < 100; i++) {
    gate_t gate = GATE_CLOSED;
    group = make_group(pool);
    destroyed = 0;
    returned = 0;
    OK(pool_group_submit(group, task_gate, &gate));
    gate_await(&gate, 1);
    pthread_t threads[4];
    for (int j = 0; j < 4; j++) threads[j] = start(j < 2 ? destroy : wait_meanwhile, NULL);
    gate_open(&gate);
    for (int j = 0; j < 4; j++) pthread_join(threads[j], NULL);
    CHECK_EQ(destroyed, 1);
    CHECK_EQ(returned, 2);
  }
}

/* POOL_ECLOSED: the group is detached while a destroy waits for it. */
static atomic_int sleeper, result;
static void* destroy_and_tell(void* ctx) {
  (void)ctx;
  atomic_store(&sleeper, thread_id());
  atomic_store(&result, pool_group_destroy(group));
  return NULL;
}
static void check_closed(gate_t* gate) {
  group = make_group(pool);
  sleeper = 0;
  OK(pool_group_submit(group, task_gate, gate));
  gate_await(gate, 1);
  const pthread_t thread = start(destroy_and_tell, NULL);
  while (atomic_load(&sleeper) == 0) sched_yield();
  await_sleep(atomic_load(&sleeper));
  OK(pool_group_detach(group));
  pthread_join(thread, NULL);
  CHECK_STATUS(result, POOL_ECLOSED);
  gate_open(gate);
}

int main(void) {
  pool = make_pool(2);
  check_stack();
  check_several();
  static gate_t gates[20]; /* the tasks outlive their groups */
  for (int i = 0; i < 20; i++) {
    gates[i] = (gate_t)GATE_CLOSED;
    check_closed(&gates[i]);
  }
  OK(pool_destroy(pool));
  return 0;
}
