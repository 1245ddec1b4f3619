/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A program may end while its pools are busy, with tasks that run, that are queued, and that submit further ones: by
 * exit() in main, in a task, in a drop, on a thread that waits; with handlers and destructors of the program that use
 * the pools, end them, or make new ones. It ends at once, with the status that it gave. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/wait.h>

enum { status_given = 7 };

static pool_t pool;
static pool_group_t group, helped;
static gate_t gate = GATE_CLOSED;
static bool ends_pool_late, makes_pool_late;

static int32_t again(void* ctx) {
  (void)pool_group_submit(group, again, ctx);
  return 0;
}
static int32_t leave(void* ctx) {
  (void)ctx;
  exit(status_given);
}
static void leave_in_drop(void* ctx) { leave(ctx); }

/* Four workers: two stand at a gate that nobody will open, two run what comes again and again. */
static void get_busy(void) {
  pool = make_pool(4);
  group = make_group(pool);
  helped = make_group(pool);
  for (int j = 0; j < 2; j++) OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 2);
  for (int j = 0; j < 10; j++) OK(pool_group_submit(group, again, NULL));
}

static void in_main(void) {
  get_busy();
  exit(status_given);
}
static void in_task(void) {
  get_busy();
  OK(pool_group_submit(helped, leave, NULL));
  (void)pool_group_wait_for(helped, LONG_NS);
}
static void in_drop(void) {
  get_busy();
  OK(submit_drop(helped, task_nothing, NULL, leave_in_drop));
  (void)pool_group_wait_for(helped, LONG_NS);
}
static void in_wait(void) {
  get_busy();
  OK(pool_group_submit(helped, leave, NULL));
  (void)pool_group_wait(helped); /* perhaps on this very thread */
}
static void* exit_elsewhere(void* ctx) {
  (void)ctx;
  exit(status_given);
}
static void while_waiting(void) {
  get_busy();
  pthread_join(start(exit_elsewhere, NULL), NULL);
  (void)pool_group_wait_for(group, LONG_NS);
}

/* Handlers run in the thread that exits, while the workers are at work. */
static void use_pool_late(void) {
  atomic_int count = 0;
  const pool_group_t late = make_group(pool);
  for (int i = 0; i < 10; i++) OK(pool_group_submit(late, task_count, &count));
  OK(pool_group_wait(late));
  CHECK_EQ(count, 10);
  OK(pool_group_destroy(late));
}
static void handler_uses(void) {
  get_busy();
  atexit(use_pool_late);
  exit(status_given);
}
static void end_pool_late(void) {
  gate_open(&gate);
  OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, LONG_NS));
  OK(pool_destroy(pool));
}
static void handler_ends(void) {
  get_busy();
  atexit(end_pool_late);
  exit(status_given);
}
static void not_from_task(void) { CHECK_STATUS(pool_destroy(pool), POOL_EDEADLK); }
static void handler_in_task(void) {
  get_busy();
  atexit(not_from_task);
  OK(pool_group_submit(helped, leave, NULL));
  (void)pool_group_wait_for(helped, LONG_NS);
}

/* After all handlers, in the order of static destructors. */
__attribute__((destructor)) static void destroy_statics(void) {
  if (ends_pool_late) end_pool_late();
  if (makes_pool_late) {
    pool = make_pool(2);
    use_pool_late();
  }
}
static void destructor_ends(void) {
  get_busy();
  ends_pool_late = true;
  exit(status_given);
}
static void destructor_makes(void) {
  get_busy();
  makes_pool_late = true;
  exit(status_given);
}
static void first_in_destructor(void) {
  makes_pool_late = true;
  exit(status_given);
}
static void with_default(void) {
  get_busy();
  OK(pool_default(&pool));
  const pool_group_t other = make_group(pool);
  OK(pool_group_submit(other, task_gate, &gate));
  gate_await(&gate, 3);
  exit(status_given);
}

static void expect_exit(void (*life)(void)) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(60);
    life();
    _exit(1); /* nobody comes here */
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), status_given);
}

int main(void) {
  void (*const lives[])(void) = {in_main,         in_task,          in_drop,      in_wait,
                                 while_waiting,   handler_uses,     handler_ends, handler_in_task,
                                 destructor_ends, destructor_makes, with_default, first_in_destructor};
  for (int round = 0; round < (SANITIZED ? 1 : 10); round++) {
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) expect_exit(lives[i]);
  }
  return 0;
}
