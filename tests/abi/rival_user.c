/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * An ordinary program, run beside a preloaded library that exports the same names. Prints which library answered
 * pool_version(), then does the usual round. */
#include <pool/pool.h>
#include <stdio.h>

static int32_t count(void* ctx) {
  int* done = ctx;
  *done = 1;
  return 0;
}

/* Says which call went wrong. */
static int check(pool_status_t status, const char* call) {
  if (status != POOL_OK) fprintf(stderr, "%s gave %d\n", call, (int)status);
  return status != POOL_OK;
}

int main(void) {
  int done[3] = {0, 0, 0};
  pool_options_t options;
  pool_t pool;
  pool_group_t group;
  void* contexts[3] = {&done[0], &done[1], &done[2]};
  printf("version %u\n", (unsigned)pool_version());
  if (check(pool_options_init(&options, sizeof options), "pool_options_init")) return 1;
  options.max_workers = 2;
  if (check(pool_create(&options, &pool), "pool_create")) return 1;
  if (check(pool_group_create(pool, NULL, &group), "pool_group_create")) return 1;
  if (check(pool_group_submit_n(group, count, contexts, 3, NULL, NULL), "pool_group_submit_n")) return 1;
  if (check(pool_group_wait(group), "pool_group_wait")) return 1;
  if (!done[0] || !done[1] || !done[2]) return 2;
  if (check(pool_group_destroy(group), "pool_group_destroy")) return 1;
  if (check(pool_destroy(pool), "pool_destroy")) return 1;
  printf("done\n");
  return 0;
}
