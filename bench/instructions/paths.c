/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * paths NAME: walks one path of the library so often, on one thread: the only worker sits in a system call. callgrind
 * counts the instructions below measured(); cmake/instructions.sh compares them with the baseline.
 */
#include <pool/pool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 10000, BATCH = 1000 };

static pool_t pool;
static pool_group_t group;
static int pipe_ends[2];
static volatile int blocked;

static void check(pool_status_t status) {
  if (status == POOL_OK) return;
  fprintf(stderr, "%s\n", pool_status_str(status));
  exit(1);
}

static int32_t nothing(void* ctx) {
  (void)ctx;
  return 0;
}

static int32_t block(void* ctx) {
  char byte = 0;
  (void)ctx;
  blocked = 1;
  return (int32_t)read(pipe_ends[0], &byte, 1);
}

/* Submits a thousand tasks at a time, then runs them in the wait: one of ROUNDS is a task. */
static void submit_help(void) {
  for (int done = 0; done < ROUNDS; done += BATCH) {
    for (int i = 0; i < BATCH; i++) check(pool_group_submit(group, nothing, NULL));
    check(pool_group_wait(group));
  }
}

static void submit_all_as(const pool_task_t* task) {
  for (int done = 0; done < ROUNDS; done += BATCH) {
    for (int i = 0; i < BATCH; i++) check(pool_group_submit_task(group, task));
    check(pool_group_wait(group));
  }
}

/* As submit_help, with 24 bytes of context that are copied. */
static void submit_copy(void) {
  char context[24] = {0};
  pool_task_t task;
  check(pool_task_init(&task, sizeof task));
  task.fn = nothing;
  task.ctx = context;
  task.copy_size = sizeof context;
  submit_all_as(&task);
}

static void drop(void* ctx) { (void)ctx; }

/* As submit_help, with a drop. */
static void submit_drop(void) {
  pool_task_t task;
  check(pool_task_init(&task, sizeof task));
  task.fn = nothing;
  task.drop = drop;
  submit_all_as(&task);
}

static void submit_wait(void) {
  for (int i = 0; i < ROUNDS; i++) {
    check(pool_group_submit(group, nothing, NULL));
    check(pool_group_wait(group));
  }
}

static void group_cycle(void) {
  for (int i = 0; i < ROUNDS; i++) {
    pool_group_t fresh;
    check(pool_group_create(pool, NULL, &fresh));
    check(pool_group_destroy(fresh));
  }
}

static void fan3(void) {
  for (int i = 0; i < ROUNDS; i++) {
    pool_group_t fresh;
    check(pool_group_create(pool, NULL, &fresh));
    for (int task = 0; task < 3; task++) check(pool_group_submit(fresh, nothing, NULL));
    check(pool_group_wait(fresh));
    check(pool_group_destroy(fresh));
  }
}

struct call {
  int n, result;
};

static int fib(int n);
static int32_t fib_task(void* ctx) {
  struct call* call = ctx;
  call->result = fib(call->n);
  return 0;
}

/* As in the benchmark: a group for each call that is no leaf. */
static int fib(int n) {
  if (n < 2) return n;
  struct call left = {n - 1, 0};
  pool_group_t fresh;
  check(pool_group_create(pool, NULL, &fresh));
  check(pool_group_submit(fresh, fib_task, &left));
  const int right = fib(n - 2);
  check(pool_group_wait(fresh));
  check(pool_group_destroy(fresh));
  return left.result + right;
}

/* One of its rounds is a group, of which fib(15) makes 986. */
enum { FORKS = 10, FORK_GROUPS = 986 };
static void fork_join(void) {
  for (int i = 0; i < FORKS; i++) {
    if (fib(15) != 610) exit(1);
  }
}

static const struct {
  const char* name;
  void (*walk)(void);
  int rounds;
} paths[] = {
    {"submit-help", submit_help, ROUNDS},         {"submit-copy", submit_copy, ROUNDS},
    {"submit-drop", submit_drop, ROUNDS},         {"submit-wait", submit_wait, ROUNDS},
    {"group-cycle", group_cycle, ROUNDS},         {"fan3", fan3, ROUNDS},
    {"fork-join", fork_join, FORKS* FORK_GROUPS},
};

/* What callgrind collects below. */
void measured(void (*walk)(void));
__attribute__((noinline)) void measured(void (*walk)(void)) {
  walk();
  __asm__ volatile("" ::: "memory"); /* no tail call, so that it is on the stack meanwhile */
}

int main(int argc, char** argv) {
  void (*walk)(void) = NULL;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    if (argc == 2 && strcmp(argv[1], paths[i].name) == 0) walk = paths[i].walk;
    if (argc == 1) printf("%s %d\n", paths[i].name, paths[i].rounds);
  }
  if (walk == NULL) return argc == 1 ? 0 : 2;

  pool_options_t options;
  pool_group_t blocker;
  if (pipe(pipe_ends) != 0) return 1;
  check(pool_options_init(&options, sizeof options));
  options.max_workers = 1;
  check(pool_create(&options, &pool));
  check(pool_group_create(pool, NULL, &blocker));
  check(pool_group_create(pool, NULL, &group));
  check(pool_group_submit(blocker, block, NULL));
  while (!blocked) usleep(1000);

  walk(); /* what is done once only */
  measured(walk);
  close(pipe_ends[1]);
  check(pool_destroy(pool));
  return 0;
}
