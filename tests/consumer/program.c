/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A little of all that a user of libpool builds: it says which library it runs with, and that the two belong together.
 */
#include <pool/pool.h>
#include <stdio.h>

static int32_t add(void* ctx) {
  int* part = ctx;
  *part += 1;
  return 0;
}

static int32_t produce(void* ctx, void** result) {
  *result = ctx;
  return 0;
}

int main(void) {
  int part[3] = {0, 1, 2};
  void* result = NULL;
  pool_t pool;
  pool_group_t group;
  pool_job_t job;
  if (pool_version() != POOL_VERSION) return 1;
  if (pool_create(NULL, &pool) != POOL_OK) return 2;
  if (pool_group_create(pool, NULL, &group) != POOL_OK) return 3;
  for (int i = 0; i < 3; i++) {
    if (pool_group_submit(group, add, &part[i]) != POOL_OK) return 4;
  }
  if (pool_group_submit_after(group, 1000, add, &part[0], NULL) != POOL_OK) return 5;
  if (pool_group_submit_job(group, produce, part, NULL, NULL, &job) != POOL_OK) return 6;
  if (pool_group_wait(group) != POOL_OK) return 7;
  if (part[0] != 2 || part[1] != 2 || part[2] != 3) return 8;
  if (pool_job_result(job, &result) != POOL_OK || result != part || pool_job_release(job) != POOL_OK) return 9;
  if (pool_group_destroy(group) != POOL_OK) return 10;
  if (pool_destroy(pool) != POOL_OK) return 11;
  printf("libpool %s works\n", pool_version_string());
  return 0;
}
