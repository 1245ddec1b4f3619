/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A task that hands itself back: it goes on with the same context, without a thread meanwhile; it is dropped once, at
 * its end; fired before and after its return; with a limit, kept or not; cancelled; where it cannot. */
#define _GNU_SOURCE
#include "rig.h"

enum { ms = 1000 * 1000, rounds = 5 };

typedef struct machine {
  int64_t delay, due;
  int left;
  int32_t result;
  atomic_int inside, drops;
} machine_t;

static int32_t step(void* ctx) {
  machine_t* machine = (machine_t*)ctx;
  CHECK_EQ(atomic_fetch_add(&machine->inside, 1), 0);
  CHECK_EQ(machine->drops, 0);
  CHECK(now_ns() >= machine->due);
  const bool ends = machine->left-- == 0;
  machine->due = now_ns() + (ends ? 0 : machine->delay);
  const int32_t again = ends ? machine->result : pool_task_again_after(machine->delay);
  atomic_fetch_sub(&machine->inside, 1);
  return again;
}
static void drop_machine(void* ctx) { atomic_fetch_add(&((machine_t*)ctx)->drops, 1); }

static void test_machines(uint32_t workers) {
  enum { most = 500 };
  static machine_t machines[most];
  const int count = scaled(most);
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  memset(machines, 0, sizeof machines);
  for (int i = 0; i < count; i++) {
    machines[i].delay = i % 4 == 0 ? 0 : i % 4 * ms;
    machines[i].left = rounds;
    machines[i].result = i == 0 ? 7 : 0;
    OK(submit_drop(group, step, &machines[i], i % 2 == 0 ? drop_machine : NULL));
  }
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  for (int i = 0; i < count; i++) {
    CHECK_EQ(machines[i].left, -1);
    CHECK_EQ(machines[i].drops, i % 2 == 0);
  }
  int32_t code = 0;
  OK(pool_group_failure(group, &code, NULL, 0));
  CHECK_EQ(code, 7);
  check_counts(group, (counts_t){.submitted = (uint64_t)count, .succeeded = (uint64_t)count - 1, .failed = 1});
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
}

/* A copied context is the same each time. */
static int32_t count_down(void* ctx) { return --*(int*)ctx == 0 ? 0 : pool_task_again_after(1); }
static atomic_int copies_dropped;
static void drop_copy(void* ctx) {
  CHECK_EQ(*(int*)ctx, 0);
  atomic_fetch_add(&copies_dropped, 1);
}
static void test_copy(void) {
  int from = 4;
  pool_task_t task;
  pool_t pool = make_pool(2);
  pool_group_t group = make_group(pool);
  OK(pool_task_init(&task, sizeof task));
  task.fn = count_down;
  task.ctx = &from;
  task.copy_size = sizeof from;
  task.drop = drop_copy;
  task.delay = 1;
  OK(pool_group_submit_task(group, &task));
  OK(pool_group_wait(group));
  CHECK_EQ(copies_dropped, 1);
  CHECK_EQ(from, 4);
  OK(pool_destroy(pool));
}

/* Waits for whoever fires it. */
typedef struct sleeper {
  pool_timer_t timer;
  bool fires_itself;
  atomic_int calls, asleep;
} sleeper_t;
static int32_t sleep_once(void* ctx) {
  sleeper_t* sleeper = (sleeper_t*)ctx;
  if (atomic_fetch_add(&sleeper->calls, 1) == 1) return 0;
  const int32_t again = pool_task_suspend(INT64_MAX, &sleeper->timer);
  if (sleeper->fires_itself) OK(pool_timer_fire(sleeper->timer));
  CHECK_STATUS(pool_timer_cancel(sleeper->timer), POOL_EBUSY);
  atomic_store(&sleeper->asleep, 1);
  return again;
}
static void test_fire(uint32_t workers) {
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  for (int i = 0; i < scaled(300); i++) {
    sleeper_t sleeper = {.fires_itself = i % 2 == 0};
    OK(pool_group_submit(group, sleep_once, &sleeper));
    while (!sleeper.asleep) sched_yield();
    if (!sleeper.fires_itself) {
      if (i % 3 == 0) CHECK_STATUS(pool_group_wait_for(group, 1000), POOL_ETIMEDOUT);
      OK(pool_timer_fire(sleeper.timer));
    }
    OK(pool_group_wait(group));
    CHECK_EQ(sleeper.calls, 2);
    CHECK_STATUS(pool_timer_fire(sleeper.timer), POOL_EBADHANDLE);
  }
  /* Cancelled while it sleeps, one by one and with its group. */
  for (int i = 0; i < 2; i++) {
    sleeper_t sleeper = {.fires_itself = false};
    OK(pool_group_submit(group, sleep_once, &sleeper));
    while (!sleeper.asleep) sched_yield();
    if (i == 0) {
      pool_status_t status;
      while ((status = pool_timer_cancel(sleeper.timer)) == POOL_EBUSY) sched_yield();
      OK(status);
    } else {
      OK(pool_group_cancel(group));
    }
    CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
    CHECK_EQ(sleeper.calls, 1);
    OK(pool_group_reset(group));
  }
  OK(pool_destroy(pool));
}

/* With a limit: kept, nobody else starts meanwhile; else they take turns. */
static atomic_int in_flight, most_in_flight;
static int32_t fly(void* ctx) {
  int* left = (int*)ctx;
  if (*left == rounds) {
    const int now = atomic_fetch_add(&in_flight, 1) + 1;
    for (int most = most_in_flight; now > most && !atomic_compare_exchange_weak(&most_in_flight, &most, now);) {
    }
  }
  if ((*left)-- == 0) {
    atomic_fetch_sub(&in_flight, 1);
    return 0;
  }
  return pool_task_again_after(ms / 10);
}
static void test_limit(uint32_t workers) {
  for (uint32_t keeps = 0; keeps < 2; keeps++) {
    for (uint32_t limit = 1; limit < 4; limit += 2) {
      int left[20];
      pool_group_options_t options = group_defaults();
      options.max_concurrency = limit;
      options.limit_counts_suspended = keeps;
      pool_t pool = make_pool(workers);
      pool_group_t group = make_group_of(pool, &options);
      atomic_store(&most_in_flight, 0);
      for (int i = 0; i < 20; i++) {
        left[i] = rounds;
        OK(pool_group_submit(group, fly, &left[i]));
      }
      OK(pool_group_wait(group));
      CHECK_EQ(in_flight, 0);
      if (keeps != 0) CHECK(most_in_flight <= (int)limit);
      /* While all of the limit sleep, a cancel reaches them, and those that have not started. */
      for (int i = 0; i < 20; i++) {
        left[i] = 1000000000;
        OK(pool_group_submit(group, fly, &left[i]));
      }
      OK(pool_group_cancel(group));
      CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
      OK(pool_group_destroy(group));
      OK(pool_destroy(pool));
    }
  }
}

/* Not a job, not a notification, nobody outside a task: the value fails the task, and nothing else happens. */
static int32_t job_again(void* ctx, void** result) {
  (void)ctx;
  (void)result;
  return pool_task_again_after(1);
}
static int32_t fail_and_again(void* ctx) {
  (void)ctx;
  OK(pool_task_set_failure(3, "no more"));
  return pool_task_again_after(1);
}
static int32_t ask_and_end(void* ctx) {
  pool_timer_t* timer = (pool_timer_t*)ctx;
  (void)pool_task_suspend(INT64_MAX, timer);
  (void)pool_task_again_after(1);
  (void)pool_task_suspend(INT64_MAX, timer);
  return 0;
}
static int32_t turn_again(void* ctx, uint64_t index) {
  (void)ctx;
  (void)index;
  return pool_task_again_after(INT64_MAX);
}
static void test_not_again(void) {
  pool_timer_t timer = {7};
  pool_job_t job;
  pool_t pool = make_pool(1);
  pool_group_t group = make_group(pool);
  CHECK(pool_task_again_after(1) < INT32_MIN + 256);
  CHECK(pool_task_suspend(1, &timer) < INT32_MIN + 256);
  CHECK_EQ(timer.id, 0);
  CHECK(pool_task_suspend(1, NULL) < INT32_MIN + 256);
  OK(pool_group_submit_job(group, job_again, NULL, NULL, NULL, &job));
  CHECK_STATUS(pool_job_wait(job), POOL_EFAILED);
  OK(pool_job_release(job));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_reset(group));
  CHECK_STATUS(pool_group_apply(group, 5, 1, turn_again, NULL), POOL_EFAILED);
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_reset(group));
  OK(pool_group_submit(group, fail_and_again, NULL));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_reset(group));
  OK(pool_group_submit(group, ask_and_end, &timer));
  OK(pool_group_wait(group));
  CHECK_STATUS(pool_timer_fire(timer), POOL_EBADHANDLE);
  OK(pool_destroy(pool));
}

/* A pool that is shutting down lets them go on; one that cancels does not. */
static void test_shutdown(uint32_t workers) {
  machine_t machine = {.delay = ms, .left = rounds};
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  OK(submit_drop(group, step, &machine, drop_machine));
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(machine.left, -1);
  OK(pool_destroy(pool));
  machine_t endless = {.delay = ms, .left = 1000000000};
  pool = make_pool(workers);
  group = make_group(pool);
  OK(submit_drop(group, step, &endless, drop_machine));
  while (pool_group_poll(group) != POOL_EBUSY) sched_yield();
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS));
  CHECK_EQ(endless.drops, 1);
  OK(pool_destroy(pool));
}

int main(void) {
  with_workers(test_machines);
  test_copy();
  with_workers(test_fire);
  with_workers(test_limit);
  test_not_again();
  with_workers(test_shutdown);
  return 0;
}
