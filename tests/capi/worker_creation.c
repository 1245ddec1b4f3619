/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Threads are created when work is queued and nobody idles, one at a time, never more than max_workers; all of them are
 * gone after the shutdown. */
#define _GNU_SOURCE
#include "check.h"

static void count_one(const char* folder, pid_t thread, void* count) {
  (void)folder;
  (void)thread;
  ++*(int*)count;
}
static int threads_now(void) {
  int count = 0;
  each_thread(count_one, &count);
  return count;
}

static void await_idle(pool_t pool, uint32_t idle) {
  while (stats_of(pool).workers_idle != idle) sched_yield();
}

static int32_t task_tell(void* thread) {
  atomic_store((atomic_int*)thread, thread_id());
  return 0;
}

/* A pool with one worker, which is asleep: it cannot take a task before the submit has looked for somebody to wake.
 * (The very first worker can, as fast as it may be; then the submit makes a second one, which is allowed, and we begin
 * anew.) */
static pool_t make_pool_with_one(uint32_t most, int before, atomic_int* worker) {
  for (int tries = 1;; tries++) {
    CHECK(tries < 100); /* seldom is it more than one */
    const pool_t pool = make_pool(most);
    const pool_group_t group = make_group(pool);
    while (threads_now() != before) sched_yield(); /* one that was joined may stand in /proc for a moment longer */
    CHECK_EQ(stats_of(pool).workers, 0);
    OK(pool_group_submit(group, task_tell, worker));
    OK(pool_group_wait_for(group, LONG_NS));
    OK(pool_group_destroy(group));
    const uint32_t workers = stats_of(pool).workers;
    CHECK(workers == 1 || (workers == 2 && most > 1));
    if (workers == 1) return pool;
    OK(pool_destroy(pool));
  }
}

static void check_up_to(uint32_t most, int before) {
  atomic_int worker = 0;
  const pool_t pool = make_pool_with_one(most, before, &worker);
  const pool_group_t group = make_group(pool);
  /* One task after the other needs one thread. */
  for (int i = 0; i < 20; i++) {
    await_idle(pool, 1);
    await_sleep(worker);
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_wait_for(group, LONG_NS));
    CHECK_EQ(stats_of(pool).workers, 1);
  }
  await_idle(pool, 1);
  await_sleep(worker);
  CHECK_EQ(threads_now(), before + 1);
  /* As many as there are tasks at once... */
  gate_t gate = GATE_CLOSED;
  for (uint32_t i = 1; i <= most; i++) {
    OK(pool_group_submit(group, task_gate, &gate));
    gate_await(&gate, (int)i);
    const pool_stats_t stats = stats_of(pool);
    CHECK_EQ(stats.workers, i);
    CHECK_EQ(stats.running, i);
  }
  /* ... and no more than max_workers. */
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_nothing, NULL));
  CHECK_EQ(stats_of(pool).workers, most);
  CHECK_EQ(stats_of(pool).workers_peak, most);
  CHECK_EQ(stats_of(pool).queued, 100);
  CHECK_EQ(threads_now(), before + (int)most);
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  await_idle(pool, most);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(stats_of(pool).workers, 0);
  CHECK_EQ(stats_of(pool).workers_peak, most);
  OK(pool_destroy(pool));
}

static void* tell(void* thread) {
  atomic_store((atomic_int*)thread, thread_id());
  return NULL;
}
static void await_gone(pid_t thread) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
  while (access(path, F_OK) == 0) sched_yield();
}

int main(void) {
  /* A sanitizer starts a thread of its own with the first one. Ours is gone when it stands in /proc no longer. */
  atomic_int first = 0;
  pthread_join(start(tell, &first), NULL);
  await_gone(first);
  const int before = threads_now();
  check_up_to(1, before);
  /* A joined thread may stand in /proc for a moment longer. */
  while (threads_now() != before) sched_yield();
  check_up_to(2, before);
  while (threads_now() != before) sched_yield();
  check_up_to(16, before);
  return 0;
}
