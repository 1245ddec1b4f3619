/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The system gives no thread, at the worst moments: pthread_create() is this program's. What others left to the thread
 * that was to come is not forgotten; a pool in a used slot knows that it has no thread; the log says so, to the pool's
 * callback. (no_threads.c has the same with a real limit.) */
#define _GNU_SOURCE
#include "rig.h"

#if SANITIZED

int main(void) {
  puts("SKIPPED: a sanitizer has its own pthread_create()");
  return 0;
}

#else

#include <dlfcn.h>
#include <errno.h>

/* Called instead of starting the next thread, which fails. */
static void (*_Atomic meanwhile)(void);
static atomic_bool refuse_all;

static int real_create(pthread_t* thread, const pthread_attr_t* attr, void* (*entry)(void*), void* argument) {
  static int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (real == NULL) {
    void* symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&real, &symbol, sizeof real);
  }
  return real(thread, attr, entry, argument);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attr, void* (*entry)(void*), void* argument) {
  void (*const scene)(void) = atomic_exchange(&meanwhile, NULL);
  if (scene != NULL) {
    scene();
    return ENOMEM; /* not EAGAIN: at once */
  }
  if (atomic_load(&refuse_all)) return EAGAIN;
  return real_create(thread, attr, entry, argument);
}

static pool_t pool;
static pool_group_t group, other;
static atomic_int runs, worker, lines;
static atomic_bool go;

static int32_t spin(void* ctx) {
  (void)ctx;
  atomic_store(&worker, thread_id());
  while (!atomic_load(&go)) sched_yield();
  return 0;
}

static void take_line(void* user, int32_t level, const char* message) {
  CHECK(user == &lines);
  CHECK_EQ(level, POOL_LOG_WARNING);
  CHECK(strstr(message, "thread") != NULL);
  atomic_fetch_add(&lines, 1);
}

static pool_t make_logged(uint32_t workers) {
  pool_options_t options;
  pool_t made;
  OK(pool_options_init(&options, sizeof options));
  options.min_workers = 1;
  options.max_workers = workers;
  options.prestart = 1;
  options.log = take_line;
  options.log_user = &lines;
  OK(pool_create(&options, &made));
  return made;
}

/* While a submit creates the second worker for its task, that task is taken by somebody else, the first worker goes to
 * sleep, and another submit relies on the worker to come, which then does not come. */
static void* submit_other(void* ctx) {
  OK(pool_group_submit(other, task_count, &runs));
  return ctx;
}
static void* help(void* ctx) {
  OK(pool_group_wait(group));
  return ctx;
}
static void scene(void) {
  pthread_t thread;
  CHECK_EQ(real_create(&thread, NULL, help, NULL), 0);
  pthread_join(thread, NULL);
  CHECK_EQ(runs, 1);
  atomic_store(&go, true);
  await_sleep(worker);
  CHECK_EQ(real_create(&thread, NULL, submit_other, NULL), 0);
  pthread_join(thread, NULL);
}
static void nobody_comes(int round) {
  runs = 0;
  worker = 0;
  go = false;
  lines = 0;
  pool = make_logged(2);
  const pool_group_t first = make_group(pool);
  group = make_group(pool);
  other = make_group(pool);
  /* Asleep: the submit wakes this one, and creates no other. One that is just starting could find the task by itself,
   * before the submit looks whether anybody searches. */
  await_idle(pool, 1);
  OK(pool_group_submit(first, spin, NULL));
  while (worker == 0) sched_yield();
  meanwhile = scene;
  OK(pool_group_submit(group, task_count, &runs));
  CHECK(meanwhile == NULL);
  OK(pool_group_wait_for(other, LONG_NS)); /* without help */
  CHECK_EQ(runs, 2);
  CHECK_EQ(stats_of(pool).workers, 1);
  if (round == 0) CHECK_EQ(lines, 1); /* the same line comes once a second */
  OK(pool_destroy(pool));
}

/* The slot of a pool that had threads is used again. */
static void used_slot(void) {
  for (int i = 0; i < 3; i++) {
    pool = make_pool(2);
    group = make_group(pool);
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_wait(group));
    OK(pool_destroy(pool));
    pool = make_pool(2);
    group = make_group(pool);
    refuse_all = true;
    CHECK_STATUS(pool_group_submit(group, task_count, &runs), POOL_ETHREAD);
    CHECK_EQ(stats_of(pool).workers, 0);
    refuse_all = false;
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_wait_for(group, LONG_NS));
    OK(pool_destroy(pool));
  }
}

int main(void) {
  for (int i = 0; i < 20; i++) nobody_comes(i);
  used_slot();
  return 0;
}

#endif
