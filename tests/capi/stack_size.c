/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * stack_size: what a task has, on every worker, those that come later included. */
#define _GNU_SOURCE
#include "staff.h"

static size_t stack_of_this_thread(void) {
  pthread_attr_t attributes;
  void* base = NULL;
  size_t size = 0;
  CHECK_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  CHECK_EQ(pthread_attr_getstack(&attributes, &base, &size), 0);
  pthread_attr_destroy(&attributes);
  return size;
}

static size_t expected;
static int32_t check_stack(void* ctx) {
  (void)ctx;
  const size_t size = stack_of_this_thread();
  CHECK(size >= expected);
  if (!SANITIZED) CHECK(size <= expected + 65536); /* a sanitizer wants more for itself */
  return 0;
}
static int32_t leave(void* ctx) {
  (void)ctx;
  pthread_exit(NULL);
}

static void check(uint64_t given, size_t wanted) {
  pool_options_t options = staff_options(1, 1, INT64_MAX);
  options.stack_size = given;
  options.prestart = 1;
  options.burst_workers = 1;
  options.burst_delay = -1;
  expected = wanted;
  const pool_t pool = make_pool_with(&options);
  const pool_group_t group = make_group(pool);
  OK(pool_group_submit(group, check_stack, NULL));
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  OK(pool_group_submit(group, check_stack, NULL)); /* on a burst thread */
  while (group_stats_of(group).succeeded != 2) sched_yield();
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_submit(group, leave, NULL));
  OK(pool_group_submit(group, check_stack, NULL)); /* on its replacement, perhaps */
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_destroy(pool));
}

static void* default_stack(void* size) {
  *(size_t*)size = stack_of_this_thread();
  return NULL;
}

int main(void) {
  check(256 * 1024, 256 * 1024);
  check(1 << 20, 1 << 20);
  check(UINT64_C(64) << 20, (size_t)64 << 20);
  size_t usual = 0;
  pthread_join(start(default_stack, &usual), NULL);
  check(0, usual);
  /* More than there can be: no thread, and no crash. */
  pool_options_t options = staff_options(1, 1, 0);
  options.stack_size = UINT64_MAX;
  pool_t pool = make_pool_with(&options);
  CHECK_STATUS(pool_group_submit(make_group(pool), task_nothing, NULL), POOL_ETHREAD);
  OK(pool_destroy(pool));
  options.prestart = 1;
  CHECK_STATUS(pool_create(&options, &pool), POOL_ETHREAD);
  CHECK_EQ(pool.id, 0);
  return 0;
}
