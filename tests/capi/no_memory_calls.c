/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Each public call by itself, in a fresh process: its N-th allocation fails, or its N-th thread does not start, for
 * N = 0, 1, ... until nothing is left to fail, once and for good. A call that is refused (POOL_ENOMEM, POOL_ETHREAD)
 * has changed nothing, and succeeds when it is made again; those that end, wait, tell or cancel are never refused. */
#define _GNU_SOURCE
#include "rig.h"

#if SANITIZED

int main(void) {
  printf("SKIPPED: a sanitizer has a malloc of its own\n");
  return 0;
}

#else

#include "failing.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pool/insight.h>
#include <sys/eventfd.h>

/* --- threads that do not start --- */

static _Thread_local long threads_until = -1;
static _Thread_local int thread_error;

int pthread_create(pthread_t* thread, const pthread_attr_t* attr, void* (*entry)(void*), void* argument) {
  static int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (threads_until == 0) {
    if (!persistent) threads_until = -1;
    failed++;
    return thread_error;
  }
  if (threads_until > 0) threads_until--;
  if (real == NULL) {
    void* symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&real, &symbol, sizeof real);
  }
  return real(thread, attr, entry, argument);
}

/* --- what is called --- */

enum { many = 700, turns = 100 };

static pool_t pool;
static pool_group_t group, second;
static pool_job_t job;
static pool_timer_t timer;
static atomic_int runs, drops, told;
static size_t part; /* of a pool_group_submit_n that was refused later */

static int32_t run(void* ctx) {
  (void)ctx;
  atomic_fetch_add(&runs, 1);
  return 0;
}
static void drop(void* ctx) {
  (void)ctx;
  atomic_fetch_add(&drops, 1);
}
static void tell(void* ctx, pool_status_t outcome) {
  (void)ctx;
  (void)outcome;
  atomic_fetch_add(&told, 1);
}
static int32_t run_job(void* ctx, void** result) {
  (void)result;
  return run(ctx);
}
static int32_t turn(void* ctx, uint64_t index) {
  (void)index;
  return run(ctx);
}

static void nothing(void) {}
static void make(void) {
  pool = make_pool(2);
  group = make_group(pool);
}
static void make_no_group(void) { pool = make_pool(2); }
static void make_queued(void) {
  make();
  OK(pool_group_suspend(group));
  for (int i = 0; i < turns; i++) OK(submit_drop(group, run, NULL, drop));
  OK(pool_group_submit_job(group, run_job, NULL, NULL, NULL, &job));
}
static void make_ready(void) {
  make_queued();
  OK(pool_group_resume(group));
}
static void make_delayed(void) {
  make();
  OK(pool_group_submit_after(group, LONG_NS, run, NULL, &timer));
}
static void make_done(void) {
  make_ready();
  OK(pool_group_wait(group));
}

static pool_status_t made(pool_status_t status, const uint64_t* id) {
  CHECK((status == POOL_OK) == (*id != 0));
  return status;
}
static pool_status_t create_of(const pool_options_t* options) {
  pool = (pool_t){1};
  return made(pool_create(options, &pool), &pool.id);
}
static pool_status_t create(void) { return create_of(NULL); }
static pool_status_t create_started(void) {
  pool_options_t options = pool_defaults();
  options.min_workers = options.max_workers = 5;
  options.prestart = 1;
  const pool_status_t status = create_of(&options);
  if (status == POOL_OK) CHECK_EQ(stats_of(pool).workers, 5);
  return status;
}
static pool_status_t first_default(void) {
  pool = (pool_t){1};
  return made(pool_default(&pool), &pool.id);
}
static pool_status_t configure_default(void) {
  pool_options_t options = pool_defaults();
  options.name = "configured";
  return pool_default_configure(&options);
}
static pool_status_t grow(void) { return pool_resize(pool, 6, 8); }
static pool_status_t submit_to_pool(void) { return pool_submit(pool, run, NULL); }
static pool_status_t create_group_of(const pool_group_options_t* options) {
  second = (pool_group_t){1};
  return made(pool_group_create(pool, options, &second), &second.id);
}
static pool_status_t create_group(void) { return create_group_of(NULL); }
static pool_status_t create_child(void) {
  pool_group_options_t options = group_defaults();
  options.parent_kind = POOL_PARENT_GROUP;
  options.parent = group;
  options.max_concurrency = 1;
  options.queue_capacity = 10;
  options.name = "child";
  return create_group_of(&options);
}
static pool_status_t submit(void) { return pool_group_submit(group, run, NULL); }
static pool_status_t submit_task_with(int64_t delay) {
  static const char context[POOL_TASK_COPY_MAX] = {0};
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = run;
  task.ctx = (void*)(uintptr_t)context;
  task.copy_size = sizeof context;
  task.drop = drop;
  task.delay = delay;
  return pool_group_submit_task(group, &task);
}
static pool_status_t submit_task(void) { return submit_task_with(0); }
static pool_status_t submit_delayed(void) { return submit_task_with(1); }
static pool_status_t submit_after(void) {
  timer = (pool_timer_t){1};
  return made(pool_group_submit_after(group, 1, run, NULL, &timer), &timer.id);
}
static pool_status_t submit_many(void) {
  static void* contexts[many];
  size_t count = 0;
  const pool_status_t status = pool_group_submit_n(group, run, contexts + part, many - part, drop, &count);
  part += count;
  CHECK((status == POOL_OK) == (part == many));
  return status;
}
static pool_status_t apply(void) { return pool_group_apply(group, turns, 1, turn, NULL); }
static pool_status_t enter_leave(void) {
  const pool_status_t status = pool_group_enter(group);
  if (status == POOL_OK) OK(pool_group_leave(group, 0));
  return status;
}
static pool_status_t notify(void) { return pool_group_notify(group, tell, NULL); }
static pool_status_t set_eventfd(void) {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  CHECK(fd >= 0);
  const pool_status_t status = pool_group_set_eventfd(group, fd);
  close(fd);
  return status;
}
static pool_status_t submit_job(void) {
  job = (pool_job_t){1};
  return made(pool_group_submit_job(group, run_job, NULL, NULL, NULL, &job), &job.id);
}
static pool_status_t wait_group(void) { return pool_group_wait(group); }
static pool_status_t wait_for(void) { return pool_group_wait_for(group, LONG_NS); }
static pool_status_t wait_for_job(void) {
  OK(pool_group_resume(group));
  return pool_job_wait(job);
}
static pool_status_t cancel(void) { return pool_group_cancel(group); }
static pool_status_t suspend_resume(void) {
  OK(pool_group_suspend(group));
  return pool_group_resume(group);
}
static pool_status_t cancel_timer(void) { return pool_timer_cancel(timer); }
static pool_status_t fire_timer(void) { return pool_timer_fire(timer); }
static pool_status_t reset(void) { return pool_group_reset(group); }
static pool_status_t end_group(void) {
  OK(pool_group_destroy(group));
  group.id = 0;
  return POOL_OK;
}
static pool_status_t let_go(void) {
  OK(pool_group_detach(group));
  group.id = 0;
  return POOL_OK;
}
static pool_status_t shutdown_drain(void) { return pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MAX); }
static pool_status_t shutdown_cancel(void) { return pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, INT64_MAX); }
static pool_status_t end_pool(void) {
  OK(pool_destroy(pool));
  pool.id = group.id = 0;
  return POOL_OK;
}
static pool_status_t metrics(void) {
  static char text[100000];
  size_t length = 0;
  return pool_metrics(pool, text, sizeof text, &length);
}
static pool_status_t look(void) {
  pool_stats_t stats;
  pool_histogram_t histogram;
  OK(pool_timing(pool, 1));
  OK(pool_stats(pool, &stats, sizeof stats));
  OK(pool_histogram(pool, POOL_HISTOGRAM_WAIT, &histogram, sizeof histogram));
  const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  OK(pool_dump(pool, fd));
  close(fd);
  return pool_timing(pool, 0);
}

/* ran, dropped: in the end, of the call and of what was prepared. */
typedef struct {
  const char* name;
  void (*prepare)(void);
  pool_status_t (*call)(void);
  int ran, dropped, told;
  bool never_fails;
} call_t;

static const call_t calls[] = {
    {"pool_create", nothing, create, 0, 0, 0, false},
    {"pool_create, prestart", nothing, create_started, 0, 0, 0, false},
    {"pool_default", nothing, first_default, 0, 0, 0, false},
    {"pool_default_configure", nothing, configure_default, 0, 0, 0, false},
    {"pool_resize", make, grow, 0, 0, 0, false},
    {"pool_submit", make, submit_to_pool, 1, 0, 0, false},
    {"pool_group_create", make_no_group, create_group, 0, 0, 0, false},
    {"pool_group_create, of a child", make, create_child, 0, 0, 0, false},
    {"pool_group_submit", make, submit, 1, 0, 0, false},
    {"pool_group_submit_task", make, submit_task, 1, 1, 0, false},
    {"pool_group_submit_task, delayed", make, submit_delayed, 1, 1, 0, false},
    {"pool_group_submit_after", make, submit_after, 1, 0, 0, false},
    {"pool_group_submit_n", make, submit_many, many, many, 0, false},
    {"pool_group_apply", make, apply, turns, 0, 0, false},
    {"pool_group_enter", make, enter_leave, 0, 0, 0, false},
    {"pool_group_notify", make, notify, 0, 0, 1, false},
    {"pool_group_notify, later", make_queued, notify, turns + 1, turns, 1, false},
    {"pool_group_set_eventfd", make, set_eventfd, 0, 0, 0, false},
    {"pool_group_submit_job", make, submit_job, 1, 0, 0, false},
    {"pool_group_wait", make_ready, wait_group, turns + 1, turns, 0, true},
    {"pool_group_wait_for", make_ready, wait_for, turns + 1, turns, 0, true},
    {"pool_job_wait", make_queued, wait_for_job, turns + 1, turns, 0, true},
    {"pool_group_cancel", make_queued, cancel, 0, turns, 0, true},
    {"pool_group_suspend", make_queued, suspend_resume, turns + 1, turns, 0, true},
    {"pool_timer_cancel", make_delayed, cancel_timer, 0, 0, 0, true},
    {"pool_timer_fire", make_delayed, fire_timer, 1, 0, 0, true},
    {"pool_group_reset", make_done, reset, turns + 1, turns, 0, true},
    {"pool_group_destroy", make_ready, end_group, turns + 1, turns, 0, true},
    {"pool_group_detach", make_queued, let_go, turns + 1, turns, 0, true},
    {"pool_shutdown", make_queued, shutdown_drain, turns + 1, turns, 0, true},
    {"pool_shutdown, cancel", make_queued, shutdown_cancel, 0, turns, 0, true},
    {"pool_destroy", make_queued, end_pool, turns + 1, turns, 0, true},
    {"pool_metrics", make_done, metrics, turns + 1, turns, 0, false},
    {"pool_timing, _stats, _histogram, _dump", make_ready, look, turns + 1, turns, 0, true},
};

typedef struct {
  const call_t* call;
  long n;
  bool for_ever;
  int error; /* of pthread_create; 0: it is memory that is not there */
} point_t;

static uint64_t state(void) {
  if (pool.id == 0) return 0;
  const pool_stats_t stats = stats_of(pool);
  /* A thread that came may stay. */
  return stats.queued + stats.running + (group.id != 0 ? group_stats_of(group).submitted : 0);
}

static int attempt(const void* ctx) {
  const point_t* point = (const point_t*)ctx;
  const call_t* call = point->call;
  call->prepare();
  const uint64_t before = call->never_fails ? 0 : state();
  is_tester = true;
  persistent = point->for_ever;
  thread_error = point->error;
  *(point->error != 0 ? &threads_until : &countdown) = point->n;
  pool_status_t status = call->call();
  countdown = threads_until = -1;
  if (status != POOL_OK) {
    CHECK(failed > 0 && !call->never_fails);
    CHECK(status == POOL_ETHREAD || (status == POOL_ENOMEM && point->error == 0));
    /* One moment without a thread is no reason to give up. */
    CHECK(point->error != EAGAIN || point->for_ever);
    if (part == 0) CHECK_EQ(state(), before);
    if (part == 0 && call->prepare != make_done) CHECK_EQ(runs + drops + told, 0);
    OK(call->call());
  }
  if (call->prepare == make_queued && group.id != 0) OK(pool_group_resume(group));
  if (group.id != 0) {
    status = pool_group_wait_for(group, LONG_NS);
    CHECK(status == POOL_OK || status == POOL_ECANCELED);
    OK(pool_group_destroy(group));
  }
  if (pool.id != 0) {
    status = pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS);
    OK(status);
    if (call->call != first_default) OK(pool_destroy(pool));
  }
  CHECK_EQ(runs, call->ran);
  CHECK_EQ(drops, call->dropped);
  CHECK_EQ(told, call->told);
  return failed > 0 ? passed : nothing_failed;
}

int main(void) {
  static const int errors[] = {0, EAGAIN, ENOMEM};
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    long points = 0;
    for (size_t j = 0; j < 3; j++) {
      for (int for_ever = 0; for_ever < 2; for_ever++) {
        point_t point = {&calls[i], 0, for_ever != 0, errors[j]};
        while (in_child(attempt, &point, calls[i].name, point.n) == passed)
          point.n += point.n < 60 ? 1 : 37; /* then they are all alike */
        points += point.n;
      }
    }
    printf("%-50s %ld failures\n", calls[i].name, points);
  }
  return 0;
}

#endif
