/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Worker threads are called "name-N", cut to 15 bytes with the number kept; a task can see it. */
#define _GNU_SOURCE
#include "check.h"

static const char* expected_name;

static int32_t check_name(void* gate) {
  char name[32] = "";
  CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
  if (strncmp(name, expected_name, strlen(expected_name)) != 0) {
    fprintf(stderr, "a worker is called \"%s\", not \"%s...\"\n", name, expected_name);
    check_failed();
  }
  const char last = name[strlen(name) - 1];
  CHECK(last >= '0' && last <= '9');
  CHECK(strlen(name) <= 15);
  if (gate != NULL) gate_pass(gate);
  return 0;
}

static void check_pool(const char* name, const char* prefix, uint32_t workers) {
  pool_options_t options;
  pool_t pool;
  char copy[64];
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = workers;
  if (name != NULL) {
    strcpy(copy, name);
    options.name = copy;
  }
  OK(pool_create(&options, &pool));
  memset(copy, '?', sizeof copy); /* the library has copied it */
  expected_name = prefix;
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (uint32_t i = 0; i < workers; i++) OK(pool_group_submit(group, check_name, &gate));
  gate_await(&gate, (int)workers);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
}

int main(void) {
  for (int i = 0; i < 100; i++) {
    check_pool(NULL, "pool-", 2);
    check_pool("a", "a-", 2);
  }
  check_pool("exactly13byte", "exactly13byte-", 2);
  check_pool("fourteen bytes", "fourteen byte-", 2);
  check_pool("a name that is much too long", "a name that i-", 3);
  check_pool("a name that is much too long", "a name that ", 12);
  return 0;
}
