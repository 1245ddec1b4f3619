/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * check.h - what the C tests share: checks that print file:line and end the program, a gate at which tasks stand until
 * the test lets them go (no test sleeps to hide a race), and short ways to make pools and groups. */
#ifndef POOL_TESTS_CAPI_CHECK_H
#define POOL_TESTS_CAPI_CHECK_H

#ifndef _GNU_SOURCE
#error "define _GNU_SOURCE before the first include"
#endif

#include <pool/pool.h>

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ThreadSanitizer cannot follow threads that a child of fork() starts, nor can LeakSanitizer stop those that it took
 * for its own. */
#define FOLLOWS_FORKS (!SANITIZED)

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(a, b) check_equal((int64_t)(a), (int64_t)(b), #a, #b, __FILE__, __LINE__)
#define CHECK_STATUS(call, expected) check_status((call), (expected), #call, __FILE__, __LINE__)
#define OK(call) CHECK_STATUS(call, POOL_OK)

/* _exit: other threads may be at work, and what they would meet during exit() is not what the test is about. */
static inline void check_failed(void) {
  fflush(NULL);
  _exit(1);
}

static inline void check_that(bool fine, const char* text, const char* file, int line) {
  if (fine) return;
  fprintf(stderr, "%s:%d: not true: %s\n", file, line, text);
  check_failed();
}

static inline void check_equal(int64_t a, int64_t b, const char* text_a, const char* text_b, const char* file,
                               int line) {
  if (a == b) return;
  fprintf(stderr, "%s:%d: %s is %" PRId64 ", not %s, which is %" PRId64 "\n", file, line, text_a, a, text_b, b);
  check_failed();
}

static inline void check_status(pool_status_t got, pool_status_t expected, const char* call, const char* file,
                                int line) {
  if (got == expected) return;
  fprintf(stderr, "%s:%d: %s gave %s, not %s\n", file, line, call, pool_status_name(got), pool_status_name(expected));
  check_failed();
}

/* For time-outs that must not come to their end, and for those that may. */
#define LONG_NS INT64_C(100000000000)
#define SHORT_NS INT64_C(20000000)

/* --- a gate: tasks arrive and stand until it is opened --- */

typedef struct gate {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int arrived;
  bool open;
} gate_t;

#define GATE_CLOSED \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false }

/* Arrives, and stands until the gate is open. */
static inline void gate_pass(gate_t* gate) {
  pthread_mutex_lock(&gate->mutex);
  gate->arrived++;
  pthread_cond_broadcast(&gate->changed);
  while (!gate->open) pthread_cond_wait(&gate->changed, &gate->mutex);
  pthread_mutex_unlock(&gate->mutex);
}

/* Waits until so many have arrived. */
static inline void gate_await(gate_t* gate, int count) {
  pthread_mutex_lock(&gate->mutex);
  while (gate->arrived < count) pthread_cond_wait(&gate->changed, &gate->mutex);
  pthread_mutex_unlock(&gate->mutex);
}

static inline void gate_open(gate_t* gate) {
  pthread_mutex_lock(&gate->mutex);
  gate->open = true;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->mutex);
}

/* --- tasks --- */

static inline int32_t task_nothing(void* ctx) {
  (void)ctx;
  return 0;
}
static inline int32_t task_gate(void* gate) {
  gate_pass((gate_t*)gate);
  return 0;
}
static inline int32_t task_count(void* counter) {
  atomic_fetch_add((atomic_int*)counter, 1);
  return 0;
}
static inline int32_t task_fail(void* ctx) {
  (void)ctx;
  return 7;
}
static inline void drop_count(void* counter) { atomic_fetch_add((atomic_int*)counter, 1); }
static inline void notice_count(void* counter, pool_status_t outcome) {
  CHECK(outcome == POOL_OK || outcome == POOL_EFAILED || outcome == POOL_ECANCELED);
  atomic_fetch_add((atomic_int*)counter, 1);
}

/* --- pools and groups --- */

static inline pool_t make_pool_of(uint32_t workers, uint32_t capacity, uint32_t overflow) {
  pool_options_t options;
  pool_t pool;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = workers;
  options.queue_capacity = capacity;
  options.overflow = overflow;
  OK(pool_create(&options, &pool));
  return pool;
}
static inline pool_t make_pool(uint32_t workers) { return make_pool_of(workers, 0, POOL_OVERFLOW_DEFAULT); }

static inline pool_group_t make_group(pool_t pool) {
  pool_group_t group;
  OK(pool_group_create(pool, NULL, &group));
  return group;
}

static inline pool_status_t submit_drop(pool_group_t group, pool_task_fn fn, void* ctx, pool_drop_fn drop) {
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = fn;
  task.ctx = ctx;
  task.drop = drop;
  return pool_group_submit_task(group, &task);
}

static inline pool_stats_t stats_of(pool_t pool) {
  pool_stats_t stats;
  OK(pool_stats(pool, &stats, sizeof stats));
  return stats;
}
static inline pool_group_stats_t group_stats_of(pool_group_t group) {
  pool_group_stats_t stats;
  OK(pool_group_stats(group, &stats, sizeof stats));
  return stats;
}

/* --- threads --- */

static inline pid_t thread_id(void) { return (pid_t)syscall(SYS_gettid); }

static inline pthread_t start(void* (*entry)(void*), void* argument) {
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, NULL, entry, argument), 0);
  return thread;
}

/* Reads a file of /proc whole; false: it is not there (any more). */
static inline bool read_proc(const char* path, char* text, size_t size) {
  FILE* file = fopen(path, "r");
  if (file == NULL) return false;
  const size_t got = fread(text, 1, size - 1, file);
  fclose(file);
  text[got] = '\0';
  return got > 0;
}

/* Waits until a thread of this process sleeps in the kernel. It is for threads that can sleep in one place only. */
static inline void await_sleep(pid_t thread) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
  for (;;) {
    CHECK(read_proc(path, text, sizeof text));
    const char* end = strrchr(text, ')');
    CHECK(end != NULL);
    if (end[2] == 'S') return;
    sched_yield();
  }
}

/* Calls look(path of the thread's folder, thread, arg) for each thread of this process. */
static inline void each_thread(void (*look)(const char* folder, pid_t thread, void* arg), void* arg) {
  DIR* tasks = opendir("/proc/self/task");
  CHECK(tasks != NULL);
  for (struct dirent* entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
    if (entry->d_name[0] == '.') continue;
    char folder[300];
    snprintf(folder, sizeof folder, "/proc/self/task/%s", entry->d_name);
    look(folder, (pid_t)atoi(entry->d_name), arg);
  }
  closedir(tasks);
}

#endif
