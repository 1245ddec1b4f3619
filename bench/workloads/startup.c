/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A program that makes a pool, runs one task and ends it (with BENCH_EMPTY: nothing). startup_timer times it.
 */
#ifdef BENCH_EMPTY

int main(void) { return 0; }

#else

#include <pool/pool.h>
#include <stddef.h>

static int32_t task(void* ctx) {
  *(int*)ctx = 1;
  return 0;
}

int main(void) {
  pool_t pool;
  pool_group_t group;
  int done = 0;
  if (pool_create(NULL, &pool) != POOL_OK || pool_group_create(pool, NULL, &group) != POOL_OK) return 1;
  if (pool_group_submit(group, task, &done) != POOL_OK || pool_group_wait(group) != POOL_OK) return 1;
  if (pool_destroy(pool) != POOL_OK) return 1;
  return !done;
}

#endif
