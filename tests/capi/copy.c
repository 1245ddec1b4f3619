/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * copy_size 1 to 48: task and drop get the copy, aligned to 16; the original may go at once. */
#define _GNU_SOURCE
#include "check.h"

static atomic_int runs, drops;

static void check_copy(const void* ctx, bool run) {
  const unsigned char* bytes = ctx;
  CHECK_EQ((uintptr_t)ctx % 16, 0);
  for (unsigned char i = 1; i < bytes[0]; i++) CHECK_EQ(bytes[i], (unsigned char)(bytes[0] + i + (run ? 0 : 1)));
}

static int32_t run(void* ctx) {
  unsigned char* bytes = ctx;
  check_copy(ctx, true);
  for (unsigned char i = 1; i < bytes[0]; i++) bytes[i]++; /* ours to change; drop sees it */
  atomic_fetch_add(&runs, 1);
  return 0;
}
static void drop(void* ctx) {
  check_copy(ctx, false);
  atomic_fetch_add(&drops, 1);
}

int main(void) {
  const pool_t pool = make_pool(2);
  const pool_group_t group = make_group(pool);
  for (int with_drop = 0; with_drop < 2; with_drop++) {
    for (int round = 0; round < 20; round++) {
      for (unsigned size = 1; size <= POOL_TASK_COPY_MAX; size++) {
        /* On the heap, of exactly that size, at an odd address: AddressSanitizer sees a byte too many. */
        unsigned char* heap = malloc(size + 1);
        unsigned char* bytes = heap + 1;
        for (unsigned i = 0; i < size; i++) bytes[i] = (unsigned char)(size + i);
        bytes[0] = (unsigned char)size;
        pool_task_t task;
        OK(pool_task_init(&task, sizeof task));
        task.fn = run;
        task.drop = with_drop ? drop : NULL;
        task.ctx = bytes;
        task.copy_size = size;
        OK(pool_group_submit_task(group, &task));
        memset(heap, 0xee, size + 1);
        free(heap);
      }
    }
    OK(pool_group_wait(group));
  }
  CHECK_EQ(runs, 2 * 20 * POOL_TASK_COPY_MAX);
  CHECK_EQ(drops, 20 * POOL_TASK_COPY_MAX);
  OK(pool_destroy(pool));
  return 0;
}
