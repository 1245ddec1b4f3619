/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_submit_n: each context once, as many as were accepted, across every size of the queue's parts. */
#define _GNU_SOURCE
#include "check.h"

enum { most = 3000 };

int main(void) {
  static atomic_int counts[most];
  static void* ctxs[most];
  const size_t sizes[] = {0, 1, 2, 7, 8, 9, 255, 256, 257, 263, 264, 265, 520, 521, most};
  const pool_t pool = make_pool(2);
  pool_group_t group = make_group(pool);
  for (int i = 0; i < most; i++) ctxs[i] = &counts[i];
  for (int fresh = 0; fresh < 2; fresh++) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      if (fresh) {
        OK(pool_group_destroy(group));
        group = make_group(pool);
      }
      memset(counts, 0, sizeof counts);
      size_t accepted = 1;
      OK(pool_group_submit_n(group, task_count, ctxs, sizes[i], i % 2 ? drop_count : NULL, &accepted));
      CHECK_EQ(accepted, sizes[i]);
      OK(pool_group_wait(group));
      for (size_t j = 0; j < most; j++) CHECK_EQ(counts[j], j < sizes[i] ? (i % 2 ? 2 : 1) : 0);
    }
  }
  OK(pool_group_submit_n(group, task_count, ctxs, 5, NULL, NULL)); /* nobody asks how many */
  OK(pool_destroy(pool));
  return 0;
}
