/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * drop: exactly once for each accepted task, after its run, on the thread that ran it, before its group can be seen
 * empty; never for a refused one. What may be called in it. */
#define _GNU_SOURCE
#include "check.h"

static pool_t pool, other_pool;
static pool_group_t group, other, others;
static atomic_int drops, refused;

typedef struct {
  int runs, drops; /* plain: they are ordered by the library */
  pid_t thread;
  int32_t result;
} context_t;

static int32_t run(void* ctx) {
  context_t* context = ctx;
  CHECK_EQ(context->drops, 0);
  context->runs++;
  context->thread = thread_id();
  return context->result;
}
static void drop(void* ctx) {
  context_t* context = ctx;
  CHECK_EQ(context->runs, 1);
  CHECK_EQ(context->thread, thread_id());
  context->drops++;
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY); /* it cannot be seen empty yet */
  CHECK(group_stats_of(group).running >= 1);
}

static void check_once(void) {
  static context_t contexts[1000];
  memset(contexts, 0, sizeof contexts);
  for (int i = 0; i < 1000; i++) {
    contexts[i].result = i == 500 ? 3 : 0;
    OK(submit_drop(group, run, &contexts[i], drop));
  }
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  for (int i = 0; i < 1000; i++) {
    CHECK_EQ(contexts[i].runs, 1);
    CHECK_EQ(contexts[i].drops, 1);
  }
}

static void freed(void* ctx) {
  free(ctx);
  atomic_fetch_add(&drops, 1);
}

/* In a drop nothing blocks. */
static gate_t gate = GATE_CLOSED;
static void call_everything(void* ctx) {
  (void)ctx;
  CHECK_STATUS(pool_group_wait(group), POOL_EDEADLK);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_group_destroy(group), POOL_EDEADLK);
  CHECK_STATUS(pool_group_wait(other), POOL_EDEADLK);
  CHECK_STATUS(pool_group_wait_for(other, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_group_destroy(other), POOL_EDEADLK); /* it has an unfinished task */
  CHECK_STATUS(pool_group_wait(others), POOL_EDEADLK);   /* another pool's */
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS), POOL_EDEADLK);
  CHECK_STATUS(pool_destroy(pool), POOL_EDEADLK);
  /* A submit is a REJECT, though the policy is BLOCK: there is one place, then none. */
  pool_group_t made;
  OK(pool_group_create(pool, NULL, &made));
  OK(pool_group_destroy(made)); /* empty: nothing to wait for */
  OK(pool_group_submit(group, task_count, &drops));
  CHECK_STATUS(pool_group_submit(group, task_count, &drops), POOL_EFULL);
  CHECK_STATUS(submit_drop(group, task_count, &drops, drop_count), POOL_EFULL);
  atomic_fetch_add(&refused, 2);
}

int main(void) {
  pool = make_pool(2);
  group = make_group(pool);
  check_once();
  OK(pool_group_destroy(group));
  group = make_group(pool);
  for (int i = 0; i < 200; i++) OK(submit_drop(group, task_nothing, malloc(16), freed));
  void* ctxs[300];
  for (int i = 0; i < 300; i++) ctxs[i] = malloc(16);
  size_t accepted = 0;
  OK(pool_group_submit_n(group, task_nothing, ctxs, 300, freed, &accepted));
  CHECK_EQ(accepted, 300);
  OK(pool_group_wait(group));
  CHECK_EQ(drops, 500);
  OK(pool_destroy(pool));

  pool = make_pool_of(2, 1, POOL_OVERFLOW_BLOCK);
  other_pool = make_pool(1);
  group = make_group(pool);
  other = make_group(pool);
  others = make_group(other_pool);
  drops = 0;
  OK(pool_group_submit(other, task_gate, &gate));
  gate_await(&gate, 1);
  OK(submit_drop(group, task_nothing, NULL, call_everything));
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(refused, 2);
  CHECK_EQ(drops, 1);
  gate_open(&gate);
  OK(pool_group_wait(other));
  OK(pool_destroy(pool));
  OK(pool_destroy(other_pool));
  return 0;
}
