/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The least that a user of libpool builds: it says which library it runs with, and that the two belong together. */
#include <pool/pool.h>
#include <stdio.h>

static int32_t add(void* ctx) {
  int* part = ctx;
  *part += 1;
  return 0;
}

int main(void) {
  int part[3] = {0, 1, 2};
  pool_t pool;
  pool_group_t group;
  if (pool_version() != POOL_VERSION) return 1;
  if (pool_create(NULL, &pool) != POOL_OK) return 2;
  if (pool_group_create(pool, NULL, &group) != POOL_OK) return 3;
  for (int i = 0; i < 3; i++) {
    if (pool_group_submit(group, add, &part[i]) != POOL_OK) return 4;
  }
  if (pool_group_wait(group) != POOL_OK) return 5;
  if (part[0] != 1 || part[1] != 2 || part[2] != 3) return 6;
  if (pool_group_destroy(group) != POOL_OK) return 7;
  if (pool_destroy(pool) != POOL_OK) return 8;
  printf("libpool %s works\n", pool_version_string());
  return 0;
}
