/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Workers block asynchronous signals, from their first moment on and after a replacement; the library installs no
 * handler and leaves the masks of its callers alone. */
#define _GNU_SOURCE
#include "check.h"

#include <signal.h>

enum { last_signal = 64 };

static pid_t main_thread;
static volatile sig_atomic_t taken, elsewhere;
static atomic_int runs;

static void on_signal(int number) {
  (void)number;
  taken = taken + 1;
  if (thread_id() != main_thread) elsewhere = 1;
}

static bool is_fault(int number) {
  return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGTRAP ||
         number == SIGABRT || number == SIGSYS;
}

static int32_t check_mask(void* gate) {
  char path[64];
  char text[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)thread_id());
  CHECK(read_proc(path, text, sizeof text));
  const char* line = strstr(text, "SigBlk:");
  CHECK(line != NULL);
  const uint64_t blocked = strtoull(line + strlen("SigBlk:"), NULL, 16);
  for (int number = 1; number <= last_signal; number++) {
    if (number == SIGKILL || number == SIGSTOP || is_fault(number)) continue;
    if (number >= 32 && number < SIGRTMIN) continue; /* the C library's own */
    CHECK((blocked >> (number - 1) & 1) != 0);
  }
  if (gate != NULL) gate_pass(gate);
  return 0;
}

static int32_t leave(void* ctx) {
  (void)ctx;
  pthread_exit(NULL);
}

int main(void) {
  main_thread = thread_id();
  struct sigaction before[last_signal + 1];
  memset(before, 0, sizeof before);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
  for (int number = 1; number <= last_signal; number++) sigaction(number, NULL, &before[number]);
  sigset_t mask_before;
  pthread_sigmask(SIG_BLOCK, NULL, &mask_before);

  const pool_t pool = make_pool(4);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (int i = 0; i < 4; i++) OK(pool_group_submit(group, check_mask, &gate));
  gate_await(&gate, 4);
  for (int i = 0; i < 10000; i++) {
    kill(getpid(), SIGUSR1);
    if (i % 10 == 0) OK(pool_group_submit(group, task_count, &runs));
  }
  gate_open(&gate);
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK_EQ(runs, 1000);
  CHECK(taken > 0);
  CHECK_EQ(elsewhere, 0);

  for (int i = 0; i < 4; i++) OK(pool_group_submit(group, leave, NULL));
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  gate_t again = GATE_CLOSED;
  for (int i = 0; i < 4; i++) OK(pool_group_submit(group, check_mask, &again));
  gate_await(&again, 4);
  gate_open(&again);
  CHECK_STATUS(pool_group_wait_for(group, LONG_NS), POOL_EFAILED);
  OK(pool_destroy(pool));

  for (int number = 1; number <= last_signal; number++) {
    struct sigaction after;
    if (sigaction(number, NULL, &after) != 0) continue;
    CHECK(after.sa_handler == before[number].sa_handler);
  }
  sigset_t mask_after;
  pthread_sigmask(SIG_BLOCK, NULL, &mask_after);
  for (int number = 1; number <= last_signal; number++) {
    CHECK_EQ(sigismember(&mask_after, number), sigismember(&mask_before, number));
  }
  return 0;
}
