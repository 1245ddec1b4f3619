/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * What an operator is told at POOL_LOG_INFO: that a queue is full, once in a while; that a burst began, and is over.
 * The same mistake is told ten times a second at most. */
#define _GNU_SOURCE
#include "rig.h"

typedef struct lines {
  atomic_int full, full_group, begun, over, invalid, others;
} lines_t;

static void take_line(void* user, int32_t level, const char* message) {
  lines_t* const lines = user;
  atomic_int* which = &lines->others;
  if (level == POOL_LOG_INFO && strstr(message, "queue of the pool is full") != NULL) which = &lines->full;
  if (level == POOL_LOG_INFO && strstr(message, "queue of a group is full") != NULL) which = &lines->full_group;
  if (level == POOL_LOG_INFO && strstr(message, "burst has begun") != NULL) which = &lines->begun;
  if (level == POOL_LOG_INFO && strstr(message, "burst is over") != NULL) which = &lines->over;
  if (level == POOL_LOG_ERROR && strstr(message, "max_workers") != NULL) which = &lines->invalid;
  atomic_fetch_add(which, 1);
}

static pool_options_t telling(lines_t* lines, uint32_t level) {
  pool_options_t options = pool_defaults();
  options.log = take_line;
  options.log_user = lines;
  options.log_level = level;
  options.max_workers = 1;
  options.queue_capacity = 1;
  options.overflow = POOL_OVERFLOW_REJECT;
  return options;
}

static void check_full(uint32_t level, bool of_group) {
  lines_t lines = {0};
  pool_options_t options = telling(&lines, level);
  pool_group_options_t its;
  pool_t pool;
  pool_group_t group;
  gate_t gate = GATE_CLOSED;
  if (of_group) options.queue_capacity = 100;
  OK(pool_create(&options, &pool));
  OK(pool_group_options_init(&its, sizeof its));
  if (of_group) its.queue_capacity = 1;
  OK(pool_group_create(pool, &its, &group));
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_submit(group, task_nothing, NULL));
  CHECK_EQ(lines.full + lines.full_group, 0);
  for (int i = 0; i < 5; i++) CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_EFULL);
  const int told = level == POOL_LOG_INFO ? 1 : 0;
  CHECK_EQ(lines.full, of_group ? 0 : told);
  CHECK_EQ(lines.full_group, of_group ? told : 0);
  gate_open(&gate);
  OK(pool_destroy(pool));
  CHECK_EQ(lines.others, 0);
}

static void check_burst(uint32_t level) {
  lines_t lines = {0};
  pool_options_t options = telling(&lines, level);
  pool_t pool;
  gate_t gate = GATE_CLOSED;
  options.queue_capacity = 100;
  options.burst_workers = 2;
  options.burst_delay = 1000000;
  OK(pool_create(&options, &pool));
  const pool_group_t group = make_group(pool);
  for (int i = 0; i < 3; i++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 3); /* the last two on burst threads */
  const int told = level == POOL_LOG_INFO ? 1 : 0;
  while (atomic_load(&lines.over) != told) sched_yield(); /* nothing waits any more */
  CHECK_EQ(lines.begun, told);
  gate_open(&gate);
  OK(pool_destroy(pool));
  CHECK_EQ(lines.others, 0);
}

static void check_invalid(void) {
  lines_t lines = {0};
  pool_options_t options = telling(&lines, POOL_LOG_DEFAULT);
  pool_t pool;
  options.max_workers = UINT32_MAX;
  for (int i = 0; i < 1000; i++) CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  const int told = atomic_load(&lines.invalid);
  CHECK(told >= 10 && told < 1000);
}

int main(void) {
  check_full(POOL_LOG_INFO, false);
  check_full(POOL_LOG_INFO, true);
  check_full(POOL_LOG_WARNING, false);
  check_burst(POOL_LOG_INFO);
  check_burst(POOL_LOG_WARNING);
  check_invalid();
  return 0;
}
