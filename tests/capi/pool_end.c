/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_destroy runs what is queued, ends the groups, and lets threads that wait for them return. */
#define _GNU_SOURCE
#include "check.h"

static atomic_int sleeping, returned;

static void* wait_for_group(void* ctx) {
  atomic_fetch_add(&sleeping, 1);
  const pool_status_t status = pool_group_wait(*(pool_group_t*)ctx);
  CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
  atomic_fetch_add(&returned, 1);
  return NULL;
}

int main(void) {
  for (int round = 0; round < 50; round++) {
    const pool_t pool = make_pool(2);
    pool_group_t groups[30];
    atomic_int runs = 0;
    gate_t gate = GATE_CLOSED;
    for (int i = 0; i < 30; i++) groups[i] = make_group(pool);
    OK(pool_group_submit(groups[0], task_gate, &gate));
    gate_await(&gate, 1);
    for (int i = 1; i < 20; i++) OK(submit_drop(groups[i], task_count, &runs, drop_count));
    sleeping = 0;
    returned = 0;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) threads[i] = start(wait_for_group, &groups[i % 2]);
    while (atomic_load(&sleeping) < 3) sched_yield();
    gate_open(&gate);
    OK(pool_destroy(pool));
    CHECK_EQ(runs, 38);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    CHECK_EQ(returned, 3);
    for (int i = 0; i < 30; i++) {
      CHECK_STATUS(pool_group_poll(groups[i]), POOL_EBADHANDLE);
      CHECK_STATUS(pool_group_destroy(groups[i]), POOL_EBADHANDLE);
      CHECK_STATUS(pool_group_submit(groups[i], task_count, &runs), POOL_EBADHANDLE);
    }
  }
  return 0;
}
