/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_group_set_eventfd: told once for each empty moment, after the last drop, at once if the group is empty; beside
 * waits and notifications; after cancels and failures, detach, and the end of group or pool, once and not in a child;
 * what it refuses, and that it leaves no descriptor behind. */
#define _GNU_SOURCE
#include "rig.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static int make_eventfd(void) {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  CHECK(fd >= 0);
  return fd;
}

/* How often it was written to since it was last read; does not wait. */
static uint64_t take(int fd) {
  uint64_t value = 0;
  if (read(fd, &value, sizeof value) < 0) return 0;
  CHECK(value > 0);
  return value;
}
/* The same, after it has waited until there is something. */
static uint64_t await_value(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  CHECK_EQ(poll(&ready, 1, -1), 1);
  return take(fd);
}

static int open_descriptors(void) {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  CHECK(folder != NULL);
  while (readdir(folder) != NULL) count++;
  closedir(folder);
  return count;
}

/* Whether a write is still to come: a worker that has let a wait return may not have got to it. What is submitted to
 * one worker runs after it has. */
static void settle(pool_t pool) {
  const pool_group_t after = make_group(pool);
  gate_t gate = GATE_CLOSED;
  gate_open(&gate);
  OK(pool_group_submit(after, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_destroy(after));
}

/* Set while it is busy: told once, of the moment when all is over, and once in each further round. */
static void check_rounds(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  const int fd = make_eventfd();
  atomic_int drops = 0;
  for (int round = 0; round < 100; round++) {
    gate_t gate = GATE_CLOSED;
    OK(pool_group_submit(group, task_gate, &gate));
    for (int i = 0; i < 5; i++) OK(submit_drop(group, task_nothing, &drops, drop_count));
    if (round == 0) OK(pool_group_set_eventfd(group, fd));
    gate_await(&gate, 1);
    CHECK_EQ(take(fd), 0);
    gate_open(&gate);
    CHECK_EQ(await_value(fd), 1);
    CHECK_EQ(drops, 5 * (round + 1));
    OK(pool_group_poll(group));
    settle(pool);
    CHECK_EQ(take(fd), 0);
  }
  OK(pool_group_destroy(group));
  CHECK_EQ(take(fd), 0);
  close(fd);
  OK(pool_destroy(pool));
}

/* Its owner closes his own at once; another one takes its place; none does. */
static void check_set(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  const int before = open_descriptors();
  const int fds[2] = {make_eventfd(), make_eventfd()};

  OK(pool_group_set_eventfd(group, fds[0])); /* empty, though it never was anything else */
  CHECK_EQ(take(fds[0]), 1);
  OK(pool_group_set_eventfd(group, fds[0])); /* once more, for whoever sets it knows of nothing before */
  CHECK_EQ(take(fds[0]), 1);
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  CHECK_EQ(await_value(fds[0]), 1);

  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  OK(pool_group_set_eventfd(group, fds[1]));
  CHECK_EQ(open_descriptors(), before + 3);
  gate_open(&gate);
  CHECK_EQ(await_value(fds[1]), 1);
  OK(pool_group_set_eventfd(group, -1));
  OK(pool_group_set_eventfd(group, -1));
  CHECK_EQ(open_descriptors(), before + 2);
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  settle(pool);
  CHECK_EQ(take(fds[0]) + take(fds[1]), 0);

  /* The number that we close is somebody else's at once: he must hear nothing of it, and our copy all. */
  const int original = make_eventfd();
  const int kept = fcntl(original, F_DUPFD_CLOEXEC, 0);
  gate = (gate_t)GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  OK(pool_group_set_eventfd(group, original));
  close(original);
  const int stranger = make_eventfd();
  CHECK_EQ(stranger, original);
  gate_open(&gate);
  CHECK_EQ(await_value(kept), 1);
  CHECK_EQ(take(stranger), 0);

  /* At its maximum it stays, and holds up nobody. */
  uint64_t most = UINT64_MAX - 1;
  OK(pool_group_set_eventfd(group, fds[0]));
  CHECK_EQ(take(fds[0]), 1);
  CHECK_EQ(write(fds[0], &most, sizeof most), sizeof most);
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  settle(pool);
  CHECK(take(fds[0]) == most);

  OK(pool_group_destroy(group));
  CHECK_EQ(open_descriptors(), before + 4);
  for (int i = 0; i < 2; i++) close(fds[i]);
  close(stranger);
  close(kept);
  OK(pool_destroy(pool));
}

static void check_refused(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  const int fd = make_eventfd();
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  OK(pool_group_set_eventfd(group, fd));
  int ends[2];
  CHECK_EQ(pipe2(ends, O_NONBLOCK), 0);
  const int closed = make_eventfd();
  close(closed);
  const int bad[] = {-2,
                     INT32_MAX,
                     closed,
                     ends[1],
                     eventfd(0, 0),
                     open("/dev/null", O_RDWR | O_NONBLOCK),
                     memfd_create("regular file", 0),
                     timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK),
                     epoll_create1(0)};
  for (size_t i = 3; i < sizeof bad / sizeof *bad; i++) {
    CHECK(bad[i] >= 0);
    if (i != 4) CHECK_EQ(fcntl(bad[i], F_SETFL, O_NONBLOCK), 0); /* that one is refused because it may block */
  }
  const int before = open_descriptors();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK_STATUS(pool_group_set_eventfd(group, bad[i]), POOL_EINVAL);
  CHECK_EQ(open_descriptors(), before);
  CHECK_STATUS(pool_group_set_eventfd((pool_group_t){0}, fd), POOL_EBADHANDLE);

  /* No descriptor left. (Those that are open stay.) */
  struct rlimit limit;
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int highest = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)highest + 1, limit.rlim_max}), 0);
  CHECK_STATUS(pool_group_set_eventfd(group, fd), POOL_ENOMEM);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  close(highest);

  /* None of this has changed anything. */
  gate_open(&gate);
  CHECK_EQ(await_value(fd), 1);
  OK(pool_group_destroy(group));
  CHECK_STATUS(pool_group_set_eventfd(group, fd), POOL_EBADHANDLE);
  CHECK_STATUS(pool_group_set_eventfd(group, -1), POOL_EBADHANDLE);
  CHECK_EQ(open_descriptors(), before - 1);
  for (size_t i = 3; i < sizeof bad / sizeof *bad; i++) close(bad[i]);
  close(ends[0]);
  close(fd);
  OK(pool_destroy(pool));
}

/* Set more often than a busy group can tell apart: POOL_EBUSY, and the last one that was accepted is told. */
static void check_crowded(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  const int fd = make_eventfd();
  const int before = open_descriptors();
  for (int round = 0; round < 2; round++) {
    OK(pool_group_enter(group));
    pool_status_t status = POOL_OK;
    for (int i = 0; i < 100000 && status == POOL_OK; i++) status = pool_group_set_eventfd(group, fd);
    CHECK_STATUS(status, POOL_EBUSY);
    CHECK_EQ(open_descriptors(), before + 1);
    OK(pool_group_leave(group, 0));
    CHECK_EQ(await_value(fd), 1);
  }
  OK(pool_group_destroy(group));
  close(fd);
  OK(pool_destroy(pool));
}

/* However the tasks end, and the group. */
typedef enum ending { FAIL, CANCEL, LEAVE, DESTROY, DETACH, POOL, ENDINGS } ending_t;

static void check_ending(uint32_t workers, ending_t ending) {
  const int before = open_descriptors();
  const pool_t pool = make_pool(workers);
  const pool_group_t group = make_group(pool);
  const int fd = make_eventfd();
  hold_t hold;
  hold_workers(&hold, pool, workers);
  for (int i = 0; i < 3; i++) OK(pool_group_submit(group, i == 1 && ending == FAIL ? task_fail : task_nothing, NULL));
  if (ending == LEAVE) OK(pool_group_enter(group));
  OK(pool_group_set_eventfd(group, fd));
  if (ending == CANCEL) OK(pool_group_cancel(group));
  if (ending == DETACH) OK(pool_group_detach(group));
  CHECK_EQ(take(fd), 0);
  release_workers(&hold);
  if (ending == DESTROY) OK(pool_group_destroy(group));
  if (ending == POOL) OK(pool_destroy(pool));
  if (ending == LEAVE) OK(pool_group_leave(group, 0));
  CHECK_EQ(await_value(fd), 1);
  if (ending == FAIL) CHECK_STATUS(pool_group_poll(group), POOL_EFAILED);
  if (ending == CANCEL) CHECK_STATUS(pool_group_poll(group), POOL_ECANCELED);
  if (ending != POOL) OK(pool_destroy(pool));
  CHECK_EQ(take(fd), 0);
  close(fd);
  CHECK_EQ(open_descriptors(), before);
}
static void check_endings(uint32_t workers) {
  for (int ending = 0; ending < ENDINGS; ending++) check_ending(workers, (ending_t)ending);
}

/* Two that wait, asleep, and a notification are told as well; nor does one that comes to an empty group get in the way.
 */
static void check_among_others(void) {
  const pool_t pool = make_pool(2);
  pool_group_t group = make_group(pool);
  const int fd = make_eventfd();
  atomic_int told = 0;
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_set_eventfd(group, fd));
  OK(pool_group_notify(group, notice_count, &told));
  caller_t waiters[2];
  for (int i = 0; i < 2; i++) caller_start_asleep(&waiters[i], call_wait, &group);
  CHECK_EQ(take(fd), 0);
  gate_open(&gate);
  CHECK_EQ(await_value(fd), 1);
  for (int i = 0; i < 2; i++) OK(caller_join(&waiters[i]));
  OK(pool_group_notify(group, notice_count, &told));
  OK(pool_group_submit(group, task_nothing, NULL));
  CHECK_EQ(await_value(fd), 1);
  OK(pool_group_destroy(group));
  CHECK_EQ(told, 2);
  CHECK_EQ(take(fd), 0);
  close(fd);
  OK(pool_destroy(pool));
}

/* A hundred groups, each with its own, in one epoll. */
static void check_epoll(uint32_t workers) {
  enum { GROUPS = 100 };
  const pool_t pool = make_pool(workers);
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  pool_group_t groups[GROUPS];
  int fds[GROUPS];
  int rounds[GROUPS] = {0};
  for (uint32_t i = 0; i < GROUPS; i++) {
    groups[i] = make_group(pool);
    fds[i] = make_eventfd();
    CHECK_EQ(epoll_ctl(loop, EPOLL_CTL_ADD, fds[i], &(struct epoll_event){.events = EPOLLIN, .data.u32 = i}), 0);
    OK(pool_group_set_eventfd(groups[i], fds[i]));
  }
  for (int left = GROUPS; left > 0;) {
    struct epoll_event events[16];
    const int count = epoll_wait(loop, events, 16, -1);
    CHECK(count > 0);
    for (int i = 0; i < count; i++) {
      const uint32_t which = events[i].data.u32;
      CHECK(await_value(fds[which]) >= 1);
      const pool_status_t status = pool_group_poll(groups[which]);
      if (status == POOL_EBUSY) continue; /* emptied between two of the submits below */
      OK(status);
      const bool is_last = rounds[which]++ == 20;
      if (is_last) {
        left--;
        OK(pool_group_destroy(groups[which]));
        CHECK_EQ(epoll_ctl(loop, EPOLL_CTL_DEL, fds[which], NULL), 0);
      }
      for (int j = 0; j < 3 && !is_last; j++) OK(pool_group_submit(groups[which], task_nothing, NULL));
    }
  }
  for (int i = 0; i < GROUPS; i++) close(fds[i]);
  close(loop);
  OK(pool_destroy(pool));
}

/* A child of fork() that returns from its parent's task writes nothing. */
static int32_t task_fork(void* ctx) {
  (void)ctx;
  const pid_t child = fork();
  int status = 0;
  if (child > 0) CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(child >= 0 && status == 0);
  return 0;
}
static void check_fork(void) {
  const pool_t pool = make_pool(1);
  const pool_group_t group = make_group(pool);
  const int fd = make_eventfd();
  hold_t hold;
  hold_workers(&hold, pool, 1);
  OK(pool_group_submit(group, task_fork, NULL));
  OK(pool_group_set_eventfd(group, fd));
  release_workers(&hold);
  CHECK_EQ(await_value(fd), 1);
  OK(pool_destroy(pool));
  CHECK_EQ(take(fd), 0);
  close(fd);
}

int main(void) {
  check_rounds();
  check_set();
  check_refused();
  check_crowded();
  with_workers(check_endings);
  check_among_others();
  with_workers(check_epoll);
  if (FOLLOWS_FORKS) check_fork();
  return 0;
}
