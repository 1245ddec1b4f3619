/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The system gives no thread: POOL_ETHREAD from the submit that would need the first one, with nothing changed; a pool
 * that has one carries on with it. In children, since RLIMIT_NPROC cannot be taken back; as nobody, since it does not
 * hold root. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/resource.h>
#include <sys/wait.h>

enum { skipped = 77 };

static atomic_int runs, drops;

/* The limit counts all threads of the user: one more than there are can only be found by trying. */
static bool limit_threads(rlim_t count) {
  const struct rlimit limit = {count, count};
  return setrlimit(RLIMIT_NPROC, &limit) == 0;
}
static bool become_nobody(void) {
  enum { nobody = 65534 };
  return getuid() != 0 || (setgid(nobody) == 0 && setuid(nobody) == 0);
}
static void* nothing(void* ctx) { return ctx; }
static bool can_start_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, nothing, NULL) != 0) return false;
  pthread_join(thread, NULL);
  return true;
}

static int32_t job_never(void* ctx, void** result) {
  (void)ctx;
  (void)result;
  return 1;
}
static int32_t turn_never(void* ctx, uint64_t index) {
  (void)ctx;
  return (int32_t)index + 1;
}

static int no_thread_at_all(void) {
  const pool_t pool = make_pool(2); /* needs none yet */
  const pool_group_t group = make_group(pool);
  if (!become_nobody() || !limit_threads(1)) return skipped;
  if (can_start_thread()) return skipped;
  size_t accepted = 9;
  void* ctxs[2] = {&runs, &runs};
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(pool_group_submit(group, task_count, &runs), POOL_ETHREAD);
    CHECK_STATUS(submit_drop(group, task_count, &runs, drop_count), POOL_ETHREAD);
    CHECK_STATUS(pool_group_submit_n(group, task_count, ctxs, 2, drop_count, &accepted), POOL_ETHREAD);
    CHECK_EQ(accepted, 0);
    CHECK_STATUS(pool_group_enter(group), POOL_ETHREAD);
    CHECK_STATUS(pool_group_notify(group, notice_count, &drops), POOL_ETHREAD);
    pool_job_t job = {1};
    CHECK_STATUS(pool_group_submit_job(group, job_never, NULL, NULL, NULL, &job), POOL_ETHREAD);
    CHECK_EQ(job.id, 0);
    CHECK_STATUS(pool_group_apply(group, 5, 1, turn_never, NULL), POOL_ETHREAD);
    pool_timer_t timer = {1};
    CHECK_STATUS(pool_group_submit_after(group, 1, task_count, &runs, &timer), POOL_ETHREAD);
    CHECK_EQ(timer.id, 0);
  }
  OK(pool_group_wait(group));
  CHECK_EQ(group_stats_of(group).submitted, 0);
  CHECK_EQ(stats_of(pool).queued + stats_of(pool).running + stats_of(pool).workers, 0);
  CHECK_EQ(stats_of(pool).workers_peak, 0);
  CHECK_EQ(runs + drops, 0);
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
  return 0;
}

/* Waiting for a time takes a further thread, the housekeeper: without it nothing is accepted that would never start,
 * and a task that wants to be called again fails. */
static int32_t again(void* ctx) {
  (void)ctx;
  return pool_task_again_after(1);
}

static int one_thread(void) {
  if (!become_nobody()) return skipped;
  const pool_t pool = make_pool(4);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  if (!limit_threads(1) || can_start_thread()) return skipped;
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_count, &runs));
  CHECK_EQ(stats_of(pool).workers, 1);
  CHECK_STATUS(pool_group_submit_after(group, 1, task_count, &runs, NULL), POOL_ETHREAD);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS)); /* by the worker alone */
  CHECK_EQ(runs, 100);
  OK(pool_group_submit(group, again, NULL));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_destroy(pool));
  return 0;
}

/* The only worker goes, and there is no other: what comes then is refused, not lost. */
static int32_t leave(void* ctx) {
  (void)ctx;
  pthread_exit(NULL);
}
static int last_thread_leaves(void) {
  if (!become_nobody()) return skipped;
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  if (!limit_threads(1) || can_start_thread()) return skipped;
  OK(pool_group_submit(group, leave, NULL));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  while (stats_of(pool).workers != 0) sched_yield();
  pool_status_t status = pool_group_submit(group, task_count, &runs);
  CHECK_STATUS(status, POOL_ETHREAD);
  CHECK_EQ(runs, 0);
  OK(pool_destroy(pool));
  return 0;
}

static void check_in_child(int (*scenario)(void), const char* name) {
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
  if (WEXITSTATUS(status) == skipped) {
    printf("SKIPPED: %s: RLIMIT_NPROC keeps no thread from starting here\n", name);
  } else {
    CHECK_EQ(WEXITSTATUS(status), 0);
  }
}

int main(void) {
  check_in_child(no_thread_at_all, "no thread at all");
  check_in_child(one_thread, "one thread");
  check_in_child(last_thread_leaves, "the last thread leaves");
  return 0;
}
