/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Fork-join from C: fib(n) with a group for each call.
 */
#include "fib.h"

struct call {
  pool_t pool;
  int n;
  long result;
};

static int32_t fib_task(void* ctx) {
  struct call* call = ctx;
  call->result = fib_from_c(call->pool, call->n);
  return call->result < 0;
}

long fib_from_c(pool_t pool, int n) {
  if (n < 2) return n;
  struct call left = {pool, n - 1, 0};
  pool_group_t group;
  if (pool_group_create(pool, NULL, &group) != POOL_OK) return -1;
  pool_status_t status = pool_group_submit(group, fib_task, &left);
  long right = fib_from_c(pool, n - 2);
  if (pool_group_wait(group) != POOL_OK) status = POOL_EFAILED;
  pool_group_destroy(group);
  return status == POOL_OK && right >= 0 ? left.result + right : -1;
}
