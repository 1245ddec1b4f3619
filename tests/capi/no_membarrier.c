/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A system without membarrier(): a filter of system calls has it fail, from before the library is used, or from when
 * threads rely on it already. Nothing is lost either way: groups that threads take for their own are submitted to,
 * waited for, suspended and cancelled by others. */
#define _GNU_SOURCE
#include "rig.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* For all threads there are, as a container's runtime does it for its first one. */
static bool forbid(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) return false;
  CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0), -1);
  return true;
}

enum { rounds = 300, count = 64 };

static pool_t pool;
static atomic_int runs;

static void* submits(void* ctx) {
  for (int i = 0; i < count; i++) OK(pool_group_submit(*(pool_group_t*)ctx, task_count, &runs));
  return NULL;
}

/* This thread has the group for its own; then another one comes, and each look from outside takes it away again. */
static void work(void) {
  for (int round = 0; round < rounds; round++) {
    pool_group_t group = make_group(pool);
    runs = 0;
    submits(&group);
    OK(pool_group_wait(group));
    submits(&group);
    const pthread_t other = start(submits, &group);
    if (round % 3 == 0) {
      OK(pool_group_suspend(group));
      OK(pool_group_resume(group));
    }
    submits(&group);
    CHECK_EQ(pthread_join(other, NULL), 0);
    if (round % 3 == 1) {
      OK(pool_group_cancel(group));
      CHECK(pool_group_wait(group) != POOL_ETIMEDOUT);
      const pool_group_stats_t stats = group_stats_of(group);
      CHECK_EQ(stats.submitted, 4 * count);
      CHECK_EQ(stats.succeeded + stats.cancelled, stats.submitted);
      CHECK_EQ(runs, stats.succeeded);
    } else {
      OK(pool_group_wait_for(group, LONG_NS));
      CHECK_EQ(runs, 4 * count);
    }
    OK(pool_group_destroy(group));
  }
}

static void in_child(void (*body)(void)) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

static void before(void) {
  if (!forbid()) {
    printf("SKIPPED: a filter of system calls\n");
    return;
  }
  pool = make_pool(2);
  work();
  OK(pool_destroy(pool));
}
static void meanwhile(void) {
  pool = make_pool(2);
  work();
  if (!forbid()) return;
  work();
  OK(pool_destroy(pool));
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (!FOLLOWS_FORKS) {
    printf("SKIPPED: threads of children, under a sanitizer\n");
    return 0;
  }
  in_child(before);
  in_child(meanwhile);
  return 0;
}
