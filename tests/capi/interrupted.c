/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A storm of signals on every thread that waits, with a handler that restarts nothing: each system call ends with EINTR
 * again and again. Waits without a deadline return when they should and not before, those with one are neither
 * prolonged nor cut short; submitters keep their place in line. Meanwhile the wall clock jumps by hours and years:
 * this program's clock_gettime() stands before that of the C library. */
#define _GNU_SOURCE
#include "rig.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/time.h>

/* --- a wall clock that jumps --- */

#if !SANITIZED
static atomic_long wall_reads;

int clock_gettime(clockid_t clock, struct timespec* at) {
  const int result = (int)syscall(SYS_clock_gettime, clock, at);
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return result;
  const long reads = atomic_fetch_add(&wall_reads, 1);
  at->tv_sec += reads % 3 == 0 ? 3600 : reads % 3 == 1 ? -86400L * 365 : 0;
  return result;
}
int gettimeofday(struct timeval* restrict at, void* restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *at = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
time_t time(time_t* at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}
#endif

/* --- threads that wait, and are signalled --- */

enum { most = 16, enough = 50 };

typedef struct waiter {
  caller_t caller;
  pool_status_t (*call)(void* arg);
  void* arg;
  atomic_int taken; /* signals that came during the call */
} waiter_t;

static waiter_t waiters[most];
static int count;
static _Thread_local waiter_t* self;

static void on_signal(int number) {
  (void)number;
  if (self != NULL) atomic_fetch_add(&self->taken, 1);
}

static pool_status_t call_signalled(void* arg) {
  waiter_t* waiter = (waiter_t*)arg;
  self = waiter;
  const pool_status_t status = waiter->call(waiter->arg);
  self = NULL;
  return status;
}
static waiter_t* begin(pool_status_t (*call)(void*), void* arg) {
  waiter_t* waiter = &waiters[count++];
  waiter->call = call;
  waiter->arg = arg;
  atomic_store(&waiter->taken, 0);
  caller_start(&waiter->caller, call_signalled, waiter);
  return waiter;
}

/* Until each has been interrupted so often in its call, or has returned. A signal is sent when the last one was taken:
 * the thread has been back in its call since, for some of them at least asleep. */
static void storm(void) {
  for (bool all = false; !all;) {
    all = true;
    for (int i = 0; i < count; i++) {
      waiter_t* waiter = &waiters[i];
      if (atomic_load(&waiter->caller.status) != not_returned || atomic_load(&waiter->taken) >= enough) continue;
      all = false;
      (void)caller_settle(&waiter->caller);
      pthread_kill(waiter->caller.handle, SIGUSR1);
    }
  }
}

/* --- the calls --- */

static pool_t pool;
static pool_group_t group, entered, small;
static pool_job_t job;
static atomic_int runs;
static gate_t gate;

static int32_t gate_job(void* ctx, void** result) {
  (void)ctx;
  (void)result;
  gate_pass(&gate);
  return 0;
}

typedef struct timed {
  pool_status_t (*call)(int64_t timeout);
  int64_t timeout;
} timed_t;
/* Not early: that is measured by the clock that deadlines are on. */
static pool_status_t call_timed(void* arg) {
  const timed_t* timed = (const timed_t*)arg;
  const int64_t before = now_ns();
  const pool_status_t status = timed->call(timed->timeout);
  if (status == POOL_ETIMEDOUT) CHECK(now_ns() >= before + timed->timeout);
  return status;
}
static pool_status_t wait_group(int64_t timeout) { return pool_group_wait_for(group, timeout); }
static pool_status_t wait_job(int64_t timeout) { return pool_job_wait_for(job, timeout); }
static pool_status_t stand_in_line(int64_t timeout) {
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = task_count;
  task.ctx = &runs;
  task.overflow = POOL_OVERFLOW_BLOCK;
  task.overflow_timeout = timeout;
  return pool_group_submit_task(small, &task);
}
static pool_status_t shut_down(int64_t timeout) { return pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, timeout); }

static pool_status_t call_wait_entered(void* ctx) {
  (void)ctx;
  return pool_group_wait(entered);
}
static pool_status_t call_job_wait(void* ctx) {
  (void)ctx;
  return pool_job_wait(job);
}
static pool_status_t call_pool_destroy(void* ctx) {
  (void)ctx;
  return pool_destroy(pool);
}

static const timed_t soon[] = {{wait_group, 5000000}, {wait_job, 5000000}, {stand_in_line, 5000000}};
static const timed_t late[] = {{wait_group, LONG_NS}, {wait_job, LONG_NS}, {stand_in_line, LONG_NS}};

static void join_all(pool_status_t expected) {
  for (int i = 0; i < count; i++) CHECK_STATUS(caller_join(&waiters[i].caller), expected);
  count = 0;
}

static void round_of(int which) {
  pool_group_options_t options = group_defaults();
  runs = 0;
  gate = (gate_t)GATE_CLOSED;
  pool = make_pool(2);
  group = make_group(pool);
  entered = make_group(pool);
  options.queue_capacity = 1;
  small = make_group_of(pool, &options);
  OK(pool_group_enter(entered));
  OK(pool_group_submit(group, task_gate, &gate));
  OK(pool_group_submit_job(group, gate_job, NULL, NULL, NULL, &job));
  gate_await(&gate, 2);
  OK(pool_group_submit(small, task_count, &runs)); /* takes the place */

  for (size_t i = 0; i < 3; i++) begin(call_timed, (void*)(uintptr_t)&soon[i]);
  storm();
  join_all(POOL_ETIMEDOUT);

  for (size_t i = 0; i < 3; i++) begin(call_timed, (void*)(uintptr_t)&late[i]);
  begin(call_wait, &group);
  begin(call_wait_entered, NULL);
  begin(call_job_wait, NULL);
  const int first = count;
  storm();
  for (int i = 0; i < first; i++) CHECK_EQ(waiters[i].caller.status, not_returned);
  CHECK_EQ(runs, 0);
  gate_open(&gate);
  OK(pool_group_leave(entered, 0));
  join_all(POOL_OK);
  OK(pool_group_wait(small));
  CHECK_EQ(runs, 2); /* the one that timed out is not among them */
  OK(pool_job_release(job));

  /* The ends: they wait for whoever is inside. */
  OK(pool_group_enter(entered));
  begin(call_destroy, &entered);
  storm();
  CHECK_EQ(waiters[0].caller.status, not_returned);
  OK(pool_group_leave(entered, 0));
  join_all(POOL_OK);
  OK(pool_group_enter(group));
  static const timed_t shutdowns[] = {{shut_down, 5000000}, {shut_down, LONG_NS}};
  begin(call_timed, (void*)(uintptr_t)&shutdowns[0]);
  storm();
  join_all(POOL_ETIMEDOUT);
  if (which == 0) {
    begin(call_timed, (void*)(uintptr_t)&shutdowns[1]);
  } else {
    begin(call_pool_destroy, NULL);
  }
  storm();
  CHECK_EQ(waiters[0].caller.status, not_returned);
  OK(pool_group_leave(group, 0));
  join_all(POOL_OK);
  if (which == 0) OK(pool_destroy(pool));
}

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal; /* no SA_RESTART */
  CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
  for (int i = 0; i < scaled(20); i++) round_of(i % 2);
  return 0;
}
