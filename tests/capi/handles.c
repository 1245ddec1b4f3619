/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Every function against every kind of handle that is none: null, ended, of the other kind, made up. */
#define _GNU_SOURCE
#include "check.h"

static void check_pool(pool_t pool) {
  pool_group_t group = {1};
  pool_stats_t stats;
  memset(&stats, 0xee, sizeof stats);
  CHECK_STATUS(pool_group_create(pool, NULL, &group), POOL_EBADHANDLE);
  CHECK_EQ(group.id, 0);
  CHECK_STATUS(pool_stats(pool, &stats, sizeof stats), POOL_EBADHANDLE);
  CHECK_EQ(stats.struct_size, 0xeeeeeeee);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 0), POOL_EBADHANDLE);
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS), POOL_EBADHANDLE);
  CHECK_STATUS(pool_destroy(pool), POOL_EBADHANDLE);
}

static void check_group(pool_group_t group) {
  void* ctxs[2] = {NULL, NULL};
  size_t accepted = 5;
  int32_t code = 5;
  char text[4] = "abc";
  pool_group_stats_t stats;
  memset(&stats, 0xee, sizeof stats);
  CHECK_STATUS(pool_group_submit(group, task_nothing, NULL), POOL_EBADHANDLE);
  atomic_int drops = 0;
  CHECK_STATUS(submit_drop(group, task_nothing, &drops, drop_count), POOL_EBADHANDLE);
  CHECK_EQ(drops, 0);
  CHECK_STATUS(pool_group_submit_n(group, task_nothing, ctxs, 2, drop_count, &accepted), POOL_EBADHANDLE);
  CHECK_EQ(accepted, 0);
  CHECK_STATUS(pool_group_submit_n(group, task_nothing, NULL, 0, NULL, NULL), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_wait(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_wait_for(group, 0), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_poll(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_stats(group, &stats, sizeof stats), POOL_EBADHANDLE);
  CHECK_EQ(stats.struct_size, 0xeeeeeeee);
  CHECK_STATUS(pool_group_failure(group, &code, text, sizeof text), POOL_EBADHANDLE);
  CHECK_EQ(code, 5);
  CHECK(strcmp(text, "abc") == 0);
  CHECK_STATUS(pool_group_detach(group), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_destroy(group), POOL_EBADHANDLE);
}

static void check_made_up(uint64_t id) {
  check_pool((pool_t){id});
  check_group((pool_group_t){id});
}

static void check_all(pool_t pool, pool_group_t group) {
  check_made_up(0);
  check_group((pool_group_t){pool.id});
  check_pool((pool_t){group.id});
  for (int bit = 0; bit < 64; bit++) {
    check_made_up(UINT64_C(1) << bit);
    check_made_up(~(UINT64_C(1) << bit));
    const uint64_t other_pool = pool.id ^ UINT64_C(1) << bit;
    const uint64_t other_group = group.id ^ UINT64_C(1) << bit;
    if (other_pool != group.id) check_made_up(other_pool);
    if (other_group != pool.id) check_made_up(other_group);
  }
  check_made_up(UINT64_MAX);
  check_made_up(INT64_MAX);
}

int main(void) {
  /* Before the first pool of the process. */
  check_made_up(0);
  check_made_up(UINT64_C(0x0000000110000000));
  check_made_up(UINT64_C(0x0000000120000000));

  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  atomic_int runs = 0;
  OK(pool_group_submit(group, task_count, &runs));
  check_all(pool, group);
  OK(pool_group_wait(group));
  CHECK_EQ(runs, 1);

  /* Ended handles stay ended, though their slots are used again at once. */
  pool_group_t ended[100];
  for (int i = 0; i < 100; i++) {
    ended[i] = make_group(pool);
    OK(pool_group_submit(ended[i], task_count, &runs));
    if (i % 2 == 0) {
      OK(pool_group_destroy(ended[i]));
    } else {
      OK(pool_group_wait(ended[i]));
      OK(pool_group_detach(ended[i]));
    }
    for (int j = 0; j < i; j++) CHECK(ended[j].id != ended[i].id);
  }
  for (int i = 0; i < 100; i++) check_group(ended[i]);
  const pool_group_t inner = make_group(pool);
  for (int i = 0; i < 100; i++) check_group(ended[i]);
  OK(pool_group_submit(inner, task_count, &runs));
  OK(pool_group_wait(inner));

  pool_t ended_pools[20];
  for (int i = 0; i < 20; i++) {
    ended_pools[i] = make_pool(1);
    OK(pool_destroy(ended_pools[i]));
  }
  const pool_t other = make_pool(1);
  for (int i = 0; i < 20; i++) check_pool(ended_pools[i]);
  OK(pool_destroy(other));
  check_pool(other);

  /* The handles of a pool that has gone, and of its groups. */
  OK(pool_destroy(pool));
  check_pool(pool);
  check_group(group);
  check_group(inner);
  check_all(pool, group);
  CHECK_EQ(runs, 102);
  return 0;
}
