/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * staff.h - what the tests of threads that come and go share: pools with such options, how many threads there are, and
 * children in which the system gives none. */
#ifndef POOL_TESTS_CAPI_STAFF_H
#define POOL_TESTS_CAPI_STAFF_H

#include "check.h"

#include <sys/resource.h>
#include <sys/wait.h>

static const uint32_t worker_counts[] = {1, 2, 3, 4, 8, 64};
enum { worker_counts_size = sizeof worker_counts / sizeof worker_counts[0] };

static inline pool_options_t staff_options(uint32_t min, uint32_t max, int64_t idle_timeout) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.min_workers = min;
  options.max_workers = max;
  options.idle_timeout = idle_timeout;
  return options;
}
static inline pool_t make_pool_with(const pool_options_t* options) {
  pool_t pool;
  OK(pool_create(options, &pool));
  return pool;
}

static inline void await_workers(pool_t pool, uint32_t workers) {
  while (stats_of(pool).workers != workers) sched_yield();
}
static inline void await_idle(pool_t pool, uint32_t idle) {
  while (stats_of(pool).workers_idle != idle) sched_yield();
}

static inline void count_thread(const char* folder, pid_t thread, void* count) {
  (void)folder;
  (void)thread;
  ++*(int*)count;
}
static inline int threads_now(void) {
  int count = 0;
  each_thread(count_thread, &count);
  return count;
}

/* A sanitizer starts a thread of its own with the first one. */
static inline void* staff_nothing(void* ctx) { return ctx; }
static inline int threads_at_first(void) {
  pthread_join(start(staff_nothing, NULL), NULL);
  int last = threads_now();
  for (int same = 0; same < 100; same++) {
    sched_yield();
    const int now = threads_now();
    if (now != last) same = 0;
    last = now;
  }
  return last;
}

/* --- no thread to be had: as nobody, since the limit does not hold root --- */

enum { staff_skipped = 77 };

/* How many threads the user may have; it can be raised again. */
static inline bool limit_threads(rlim_t count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NPROC, &limit) != 0) return false;
  limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
  return setrlimit(RLIMIT_NPROC, &limit) == 0;
}
static inline bool become_nobody(void) {
  enum { nobody = 65534 };
  return getuid() != 0 || (setgid(nobody) == 0 && setuid(nobody) == 0);
}
static inline bool can_start_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, staff_nothing, NULL) != 0) return false;
  pthread_join(thread, NULL);
  return true;
}

static inline void check_in_child(int (*scenario)(void), const char* name) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const int result = scenario();
    fflush(NULL);
    _exit(result);
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  if (WEXITSTATUS(status) == staff_skipped) {
    printf("SKIPPED: %s: RLIMIT_NPROC keeps no thread from starting here\n", name);
  } else {
    CHECK_EQ(WEXITSTATUS(status), 0);
  }
}

#endif
