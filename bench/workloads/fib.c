/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Fork-join from C: fib(n) with a group for each call.
 */
#include "fib.h"

struct call {
  pool_t pool;
  int n;
  pool_drop_fn drop;
  long result;
};

static int32_t fib_task(void* ctx) {
  struct call* call = ctx;
  call->result = fib_from_c(call->pool, call->n, call->drop);
  return call->result < 0;
}

static pool_status_t submit(pool_group_t group, struct call* call) {
  if (call->drop == NULL) return pool_group_submit(group, fib_task, call);
  pool_task_t task;
  pool_task_init(&task, sizeof task);
  task.fn = fib_task;
  task.ctx = call;
  task.drop = call->drop;
  return pool_group_submit_task(group, &task);
}

long fib_from_c(pool_t pool, int n, pool_drop_fn drop) {
  if (n < 2) return n;
  struct call left = {pool, n - 1, drop, 0};
  pool_group_t group;
  if (pool_group_create(pool, NULL, &group) != POOL_OK) return -1;
  pool_status_t status = submit(group, &left);
  long right = fib_from_c(pool, n - 2, drop);
  if (pool_group_wait(group) != POOL_OK) status = POOL_EFAILED;
  pool_group_destroy(group);
  return status == POOL_OK && right >= 0 ? left.result + right : -1;
}
