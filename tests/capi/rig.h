/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * rig.h - what the tests of groups and jobs share beyond check.h: workers that are held at a gate, threads that make
 * one call which is expected to sleep, tasks that note when and where they ran and were dropped, and the numbers of
 * workers that a test is repeated with. */
#ifndef POOL_TESTS_CAPI_RIG_H
#define POOL_TESTS_CAPI_RIG_H

#include "check.h"

#include <time.h>

/* --- how often, and with how many workers --- */

/* A count times POOL_TEST_SCALE, at least 1. */
static inline int scaled(int count) {
  const char* text = getenv("POOL_TEST_SCALE");
  const double scale = text != NULL ? strtod(text, NULL) : 1;
  const double wanted = count * (scale > 0 ? scale : 1);
  return wanted < 1 ? 1 : (int)wanted;
}

/* Repeats a test with 1, 2, 3, 8 and 64 workers, or with the one number in POOL_TEST_WORKERS. */
static inline void with_workers(void (*test)(uint32_t workers)) {
  static const uint32_t counts[] = {1, 2, 3, 8, 64};
  const char* text = getenv("POOL_TEST_WORKERS");
  if (text != NULL) {
    test((uint32_t)strtoul(text, NULL, 10));
    return;
  }
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) test(counts[i]);
}

/* --- options --- */

static inline pool_options_t pool_defaults(void) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  return options;
}
static inline pool_group_options_t group_defaults(void) {
  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  return options;
}
static inline pool_group_t make_group_of(pool_t pool, const pool_group_options_t* options) {
  pool_group_t group;
  OK(pool_group_create(pool, options, &group));
  return group;
}
static inline pool_group_t make_serial(pool_t pool) {
  pool_group_options_t options = group_defaults();
  options.max_concurrency = 1;
  return make_group_of(pool, &options);
}
static inline pool_group_t make_child(pool_t pool, pool_group_t parent) {
  pool_group_options_t options = group_defaults();
  options.parent_kind = POOL_PARENT_GROUP;
  options.parent = parent;
  return make_group_of(pool, &options);
}

static inline pool_status_t submit_with(pool_group_t group, uint32_t overflow, pool_task_fn fn, void* ctx) {
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = fn;
  task.ctx = ctx;
  task.overflow = overflow;
  return pool_group_submit_task(group, &task);
}

/* --- workers that are held: each stands in a task of a group of its own --- */

typedef struct hold {
  gate_t gate;
  pool_group_t group;
} hold_t;

/* Holds `workers` workers of a pool. `hold` must outlive release(). */
static inline void hold_workers(hold_t* hold, pool_t pool, uint32_t workers) {
  hold->gate = (gate_t)GATE_CLOSED;
  hold->group = make_group(pool);
  for (uint32_t i = 0; i < workers; i++) OK(pool_group_submit(hold->group, task_gate, &hold->gate));
  gate_await(&hold->gate, (int)workers);
}
static inline void release_workers(hold_t* hold) {
  gate_open(&hold->gate);
  OK(pool_group_wait_for(hold->group, LONG_NS));
  OK(pool_group_destroy(hold->group));
}

/* Waits until so many workers of a pool are parked: nobody is left who might start something. */
static inline void await_idle(pool_t pool, uint32_t workers) {
  while (stats_of(pool).workers_idle < workers) sched_yield();
}

/* --- a thread that makes one call --- */

enum { not_returned = 1 }; /* no status is positive */

typedef struct caller {
  pool_status_t (*call)(void* arg);
  void* arg;
  atomic_int thread; /* 0: not there yet */
  atomic_int status;
  pthread_t handle;
} caller_t;

static inline void* caller_main(void* arg) {
  caller_t* caller = (caller_t*)arg;
  atomic_store(&caller->thread, thread_id());
  atomic_store(&caller->status, caller->call(caller->arg));
  return NULL;
}
static inline void caller_start(caller_t* caller, pool_status_t (*call)(void*), void* arg) {
  caller->call = call;
  caller->arg = arg;
  atomic_store(&caller->thread, 0);
  atomic_store(&caller->status, not_returned);
  caller->handle = start(caller_main, caller);
}
/* Comes back once the call sleeps (true) or has returned (false). */
static inline bool caller_settle(caller_t* caller) {
  char path[64];
  char text[512];
  while (atomic_load(&caller->thread) == 0) sched_yield();
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&caller->thread));
  for (;;) {
    if (atomic_load(&caller->status) != not_returned) return false;
    if (read_proc(path, text, sizeof text)) {
      const char* end = strrchr(text, ')');
      if (end != NULL && end[2] == 'S' && atomic_load(&caller->status) == not_returned) return true;
    }
    sched_yield();
  }
}
/* Starts a call that has to sleep, and comes back when it does. */
static inline void caller_start_asleep(caller_t* caller, pool_status_t (*call)(void*), void* arg) {
  caller_start(caller, call, arg);
  CHECK(caller_settle(caller));
}
static inline pool_status_t caller_join(caller_t* caller) {
  CHECK_EQ(pthread_join(caller->handle, NULL), 0);
  return atomic_load(&caller->status);
}

static inline pool_status_t call_wait(void* group) { return pool_group_wait(*(pool_group_t*)group); }
static inline pool_status_t call_wait_long(void* group) { return pool_group_wait_for(*(pool_group_t*)group, LONG_NS); }
static inline pool_status_t call_destroy(void* group) { return pool_group_destroy(*(pool_group_t*)group); }

/* --- a task that notes what becomes of it --- */

typedef struct note {
  atomic_int runs, drops;
  atomic_int ran_on, dropped_on; /* threads */
  atomic_int ran_at, dropped_at; /* places in one order of all runs and drops, from 1 */
  int32_t result;
  gate_t* gate; /* to stand at; may be NULL */
} note_t;

static atomic_int note_clock;

static inline int32_t note_run(void* ctx) {
  note_t* note = (note_t*)ctx;
  atomic_store(&note->ran_at, atomic_fetch_add(&note_clock, 1) + 1);
  atomic_store(&note->ran_on, thread_id());
  CHECK_EQ(atomic_fetch_add(&note->runs, 1), 0);
  CHECK_EQ(note->drops, 0);
  if (note->gate != NULL) gate_pass(note->gate);
  return note->result;
}
static inline void note_drop(void* ctx) {
  note_t* note = (note_t*)ctx;
  atomic_store(&note->dropped_at, atomic_fetch_add(&note_clock, 1) + 1);
  atomic_store(&note->dropped_on, thread_id());
  CHECK_EQ(atomic_fetch_add(&note->drops, 1), 0);
}
static inline pool_status_t submit_note(pool_group_t group, note_t* note, uint32_t overflow, int64_t timeout) {
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = note_run;
  task.ctx = note;
  task.drop = note_drop;
  task.overflow = overflow;
  task.overflow_timeout = timeout;
  return pool_group_submit_task(group, &task);
}
#define CHECK_NOTE(note, run_count, drop_count_) \
  do {                                           \
    CHECK_EQ((note).runs, run_count);            \
    CHECK_EQ((note).drops, drop_count_);         \
  } while (0)

/* --- counters --- */

typedef struct counts {
  uint64_t submitted, succeeded, failed, cancelled, discarded;
} counts_t;

/* The counters of an empty group. */
static inline void check_counts(pool_group_t group, counts_t expected) {
  const pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.queued, 0);
  CHECK_EQ(stats.running, 0);
  CHECK_EQ(stats.submitted, expected.submitted);
  CHECK_EQ(stats.succeeded, expected.succeeded);
  CHECK_EQ(stats.failed, expected.failed);
  CHECK_EQ(stats.cancelled, expected.cancelled);
  CHECK_EQ(stats.discarded, expected.discarded);
}

/* The monotonic clock, in ns. */
static inline int64_t now_ns(void) {
  struct timespec now;
  CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Uses the processor for so many ns of this thread's own time, whoever else has it meanwhile. */
static inline void burn(int64_t ns) {
  struct timespec now;
  CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
  const int64_t until = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + ns;
  do {
    CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
  } while ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec < until);
}

#endif
