/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Delayed tasks: never early, in the order of their times; their group's from the submit on; cancelled one by one, with
 * their group, and with the pool; fired; they take places; whoever waits runs them. */
#define _GNU_SOURCE
#include "rig.h"

enum { ms = 1000 * 1000 };

typedef struct late {
  int64_t due;
  atomic_int runs;
} late_t;

static int32_t must_be_due(void* ctx) {
  late_t* late = (late_t*)ctx;
  CHECK(now_ns() >= late->due);
  CHECK_EQ(atomic_fetch_add(&late->runs, 1), 0);
  return 0;
}
static int32_t must_not_run(void* ctx) {
  (void)ctx;
  CHECK(false && "a task ran that was to be dropped");
  return 0;
}

static pool_status_t submit_later(pool_group_t group, note_t* note, int64_t delay, pool_timer_t* timer) {
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = note_run;
  task.ctx = note;
  task.drop = note_drop;
  task.delay = delay;
  task.timer = timer;
  return pool_group_submit_task(group, &task);
}

static void test_never_early(uint32_t workers) {
  enum { most = 2000 };
  static late_t late[most];
  const int count = scaled(most);
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  memset(late, 0, sizeof late);
  /* Short ones, long ones, several at once, and some that are over. */
  for (int i = 0; i < count; i++) {
    const int64_t delay = (int64_t)(i * 7919 % 200) * (i % 3 == 0 ? 1000 : 250000) - 1000;
    late[i].due = now_ns() + delay;
    OK(pool_group_submit_after(group, delay, must_be_due, &late[i], NULL));
  }
  OK(pool_group_wait(group));
  for (int i = 0; i < count; i++) CHECK_EQ(late[i].runs, 1);
  check_counts(group, (counts_t){.submitted = (uint64_t)count, .succeeded = (uint64_t)count});
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
}

static void test_in_order(void) {
  static note_t notes[4];
  static const int64_t delays[] = {40 * ms, 10 * ms, 30 * ms, 20 * ms};
  memset(notes, 0, sizeof notes);
  pool_t pool = make_pool(1);
  pool_group_t group = make_serial(pool);
  const int64_t before = now_ns();
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  for (int i = 0; i < 4; i++) {
    task.fn = note_run;
    task.ctx = &notes[i];
    task.drop = note_drop;
    task.start_at = before + delays[i];
    OK(pool_group_submit_task(group, &task));
  }
  CHECK_STATUS(pool_group_poll(group), POOL_EBUSY);
  OK(pool_group_wait(group));
  CHECK(now_ns() - before >= 40 * ms);
  CHECK(notes[1].ran_at < notes[3].ran_at && notes[3].ran_at < notes[2].ran_at && notes[2].ran_at < notes[0].ran_at);
  for (int i = 0; i < 4; i++) CHECK_NOTE(notes[i], 1, 1);
  OK(pool_destroy(pool));
}

static void test_counts_and_cancel(uint32_t workers) {
  note_t note = {0};
  pool_timer_t timer = {0};
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  OK(submit_later(group, &note, INT64_MAX, &timer));
  CHECK(timer.id != 0);
  pool_group_stats_t stats = group_stats_of(group);
  CHECK_EQ(stats.submitted, 1);
  CHECK_EQ(stats.queued, 1);
  CHECK_EQ(stats.running, 0);
  CHECK_EQ(stats_of(pool).queued, 1);
  CHECK_STATUS(pool_group_wait_for(group, ms), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_group_reset(group), POOL_EBUSY);
  OK(pool_timer_cancel(timer));
  CHECK_NOTE(note, 0, 1);
  CHECK_EQ(note.dropped_on, thread_id());
  CHECK_STATUS(pool_timer_cancel(timer), POOL_EBADHANDLE);
  CHECK_STATUS(pool_timer_fire(timer), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
  check_counts(group, (counts_t){.submitted = 1, .cancelled = 1});
  CHECK_EQ(stats_of(pool).queued, 0);
  OK(pool_group_reset(group));
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
}

static void test_fire(uint32_t workers) {
  note_t note = {0};
  pool_timer_t timer;
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  OK(submit_later(group, &note, INT64_MAX, &timer));
  OK(pool_timer_fire(timer));
  OK(pool_group_wait(group));
  CHECK_NOTE(note, 1, 1);
  CHECK_STATUS(pool_timer_fire(timer), POOL_EBADHANDLE);

  /* One that runs can not be cancelled any more; one that is due and has not begun can. */
  gate_t gate = GATE_CLOSED;
  note_t running = {.gate = &gate};
  OK(submit_later(group, &running, 0, &timer));
  gate_await(&gate, 1);
  CHECK_STATUS(pool_timer_cancel(timer), POOL_EBUSY);
  gate_open(&gate);
  OK(pool_group_wait(group));
  hold_t hold;
  hold_workers(&hold, pool, workers);
  note_t due = {0};
  OK(submit_later(group, &due, 0, &timer));
  OK(pool_timer_cancel(timer));
  CHECK_NOTE(due, 0, 1);
  release_workers(&hold);
  CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
}

/* All at once, from others; those that come later are refused. */
static void test_cancel_group(uint32_t workers) {
  enum { count = 100 };
  static note_t notes[count];
  memset(notes, 0, sizeof notes);
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  for (int i = 0; i < count; i++) OK(submit_later(group, &notes[i], i % 2 == 0 ? INT64_MAX : LONG_NS, NULL));
  OK(pool_group_cancel(group));
  CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
  for (int i = 0; i < count; i++) CHECK_NOTE(notes[i], 0, 1);
  check_counts(group, (counts_t){.submitted = count, .cancelled = count});
  CHECK_STATUS(pool_group_submit_after(group, 1, must_not_run, NULL, NULL), POOL_ECANCELED);
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
}

static void test_shutdown(uint32_t workers) {
  note_t note = {0};
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  OK(submit_later(group, &note, INT64_MAX, NULL));
  CHECK_STATUS(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, ms), POOL_ETIMEDOUT);
  CHECK_STATUS(pool_group_submit_after(group, 1, must_not_run, NULL, NULL), POOL_ECLOSED);
  CHECK_NOTE(note, 0, 0);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS));
  CHECK_NOTE(note, 0, 1);
  OK(pool_destroy(pool));

  /* Of a detached group, too. */
  note_t detached = {0};
  pool = make_pool(workers);
  group = make_group(pool);
  OK(submit_later(group, &detached, INT64_MAX, NULL));
  OK(pool_group_detach(group));
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS));
  CHECK_NOTE(detached, 0, 1);
  OK(pool_destroy(pool));

  note_t drained = {0};
  pool = make_pool(workers);
  group = make_group(pool);
  OK(submit_later(group, &drained, 5 * ms, NULL));
  OK(pool_group_detach(group));
  OK(pool_destroy(pool));
  CHECK_NOTE(drained, 1, 1);
}

/* A delayed task takes a place of both bounds until it starts. */
static void test_places(void) {
  note_t notes[3] = {{0}, {0}, {0}};
  pool_timer_t timers[2];
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  options.queue_capacity = 2;
  options.overflow = POOL_OVERFLOW_REJECT;
  pool_t pool;
  OK(pool_create(&options, &pool));
  pool_group_options_t bounded = group_defaults();
  bounded.queue_capacity = 1;
  pool_group_t group = make_group_of(pool, &bounded);
  pool_group_t other = make_group(pool);
  OK(submit_later(group, &notes[0], INT64_MAX, &timers[0]));
  CHECK_STATUS(submit_later(group, &notes[1], INT64_MAX, NULL), POOL_EFULL);
  OK(submit_later(other, &notes[1], INT64_MAX, &timers[1]));
  CHECK_STATUS(submit_later(other, &notes[2], INT64_MAX, NULL), POOL_EFULL);
  CHECK_STATUS(submit_with(other, POOL_OVERFLOW_DISCARD_OLDEST, must_not_run, NULL), POOL_EFULL);
  OK(pool_timer_cancel(timers[1]));
  OK(pool_timer_fire(timers[0]));
  OK(pool_group_wait(group));
  OK(submit_later(group, &notes[2], 0, NULL));
  OK(pool_group_wait(group));
  CHECK_NOTE(notes[2], 1, 1);
  /* Nothing may start early: not in place, either. */
  hold_t hold;
  hold_workers(&hold, pool, 1);
  note_t last[2] = {{0}, {0}};
  OK(submit_later(group, &last[0], INT64_MAX, &timers[0]));
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  task.fn = must_not_run;
  task.delay = 1;
  task.overflow = POOL_OVERFLOW_CALLER_RUNS;
  CHECK_STATUS(pool_group_submit_task(group, &task), POOL_EFULL);
  OK(pool_timer_cancel(timers[0]));
  /* Without a delay it is a submit like any other. */
  bounded.overflow = POOL_OVERFLOW_CALLER_RUNS;
  pool_group_t in_place = make_group_of(pool, &bounded);
  atomic_int runs = 0;
  OK(submit_later(in_place, &last[1], INT64_MAX, &timers[1]));
  OK(pool_group_submit_after(in_place, 0, task_count, &runs, NULL));
  CHECK_EQ(runs, 1);
  CHECK_STATUS(pool_group_submit_after(in_place, 1, must_not_run, NULL, NULL), POOL_EFULL);
  OK(pool_timer_cancel(timers[1]));
  release_workers(&hold);
  OK(pool_destroy(pool));
}

/* The only worker waits itself: whoever waits runs what becomes due, of its own group and of a child. */
static int32_t wait_for_later(void* ctx) {
  pool_t pool = *(pool_t*)ctx;
  pool_group_t parent = make_group(pool);
  pool_group_t child = make_child(pool, parent);
  late_t late[2] = {{.due = now_ns() + 2 * ms}, {.due = now_ns() + 4 * ms}};
  OK(pool_group_submit_after(parent, 4 * ms, must_be_due, &late[1], NULL));
  OK(pool_group_submit_after(child, 2 * ms, must_be_due, &late[0], NULL));
  OK(pool_group_wait(parent));
  OK(pool_group_wait(child));
  CHECK_EQ(late[0].runs + late[1].runs, 2);
  OK(pool_group_destroy(child));
  OK(pool_group_destroy(parent));
  return 0;
}
static void test_wait_inside(void) {
  pool_t pool = make_pool(1);
  pool_group_t group = make_group(pool);
  OK(pool_group_submit(group, wait_for_later, &pool));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_destroy(pool));
}

static void test_suspended(uint32_t workers) {
  note_t note = {0};
  pool_t pool = make_pool(workers);
  pool_group_t group = make_group(pool);
  OK(pool_group_suspend(group));
  OK(submit_later(group, &note, 1, NULL));
  CHECK_STATUS(pool_group_wait_for(group, 5 * ms), POOL_ETIMEDOUT);
  CHECK_NOTE(note, 0, 0);
  OK(pool_group_resume(group));
  OK(pool_group_wait(group));
  CHECK_NOTE(note, 1, 1);
  OK(pool_destroy(pool));
}

static void test_bad_arguments(void) {
  pool_timer_t timer = {7};
  pool_task_t task;
  pool_t pool = make_pool(1);
  pool_group_t group = make_group(pool);
  CHECK_STATUS(pool_group_submit_after(group, 1, NULL, NULL, &timer), POOL_EINVAL);
  CHECK_EQ(timer.id, 0);
  timer.id = 7;
  CHECK_STATUS(pool_group_submit_after((pool_group_t){0}, 1, must_not_run, NULL, &timer), POOL_EBADHANDLE);
  CHECK_EQ(timer.id, 0);
  OK(pool_task_init(&task, sizeof task));
  task.fn = must_not_run;
  task.delay = 1;
  task.start_at = 1;
  CHECK_STATUS(pool_group_submit_task(group, &task), POOL_EINVAL);
  task.delay = 0;
  task.start_at = -1;
  CHECK_STATUS(pool_group_submit_task(group, &task), POOL_EINVAL);
  CHECK_STATUS(pool_timer_cancel((pool_timer_t){0}), POOL_EBADHANDLE);
  CHECK_STATUS(pool_timer_fire((pool_timer_t){group.id}), POOL_EBADHANDLE);
  OK(pool_destroy(pool));
}

int main(void) {
  with_workers(test_never_early);
  test_in_order();
  with_workers(test_counts_and_cancel);
  with_workers(test_fire);
  with_workers(test_cancel_group);
  with_workers(test_shutdown);
  test_places();
  test_wait_inside();
  with_workers(test_suspended);
  test_bad_arguments();
  return 0;
}
