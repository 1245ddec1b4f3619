/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * 1,024 pools may be alive; one more is POOL_ENOMEM, and possible again when one has ended. */
#define _GNU_SOURCE
#include "check.h"

enum { most = 1024 };

int main(void) {
  static pool_t pools[2 * most];
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = 1;
  int count = 0;
  pool_status_t status = POOL_OK;
  while (count < 2 * most && (status = pool_create(&options, &pools[count])) == POOL_OK) count++;
  CHECK_STATUS(status, POOL_ENOMEM);
  CHECK_EQ(count, most);
  CHECK_EQ(pools[count].id, 0);
  for (int i = 1; i < count; i++) CHECK(pools[i].id != pools[i - 1].id);

  atomic_int runs = 0;
  for (int i = 0; i < count; i += 50) {
    const pool_group_t group = make_group(pools[i]);
    OK(pool_group_submit(group, task_count, &runs));
    OK(pool_group_destroy(group));
  }
  CHECK_EQ(runs, (most + 49) / 50);
  for (int i = 0; i < 10; i++) {
    OK(pool_destroy(pools[i]));
    const pool_t again = make_pool(1);
    pool_t refused = {1};
    CHECK_STATUS(pool_create(NULL, &refused), POOL_ENOMEM);
    CHECK_EQ(refused.id, 0);
    CHECK_STATUS(pool_destroy(pools[i]), POOL_EBADHANDLE);
    pools[i] = again;
  }
  for (int i = 0; i < count; i++) OK(pool_destroy(pools[i]));
  return 0;
}
