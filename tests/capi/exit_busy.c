/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A program may end while its pool is busy: with tasks that run, that are queued, and that submit further ones. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/wait.h>

static pool_group_t group;

static int32_t again(void* ctx) {
  (void)pool_group_submit(group, again, ctx);
  return 0;
}

int main(void) {
  for (int i = 0; i < 20; i++) {
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      const pool_t pool = make_pool(4);
      static gate_t gate = GATE_CLOSED;
      group = make_group(pool);
      for (int j = 0; j < 2; j++) OK(pool_group_submit(group, task_gate, &gate));
      gate_await(&gate, 2);
      for (int j = 0; j < 10; j++) OK(pool_group_submit(group, again, NULL));
      exit(0);
    }
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
  }
  return 0;
}
