/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * epoll.c - an event loop that leaves the heavy work to a pool and never blocks. Each tick of a timer, which stands for
 * a socket, brings a message. Its two tasks run in a group of its own, and an eventfd in the loop tells when both are
 * over. The second message fails, and the loop says why.
 *
 *     cc -std=c11 epoll.c $(pkg-config --cflags --libs pool) -o epoll && ./epoll
 */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <pool/pool.h>

enum { MESSAGES = 4, NOT_TEXT = 1 };

/* What belongs to a message that is being worked on. The loop's, but for what the tasks write. */
struct message {
  const char* body;
  pool_group_t group;
  int done; /* the eventfd */
  size_t words;
  uint32_t hash;
};

static int32_t count_words(void* ctx) {
  struct message* message = ctx;
  for (const char* c = message->body; *c != '\0'; c++) {
    if (*c > 0 && *c < ' ') {
      pool_task_set_failure(NOT_TEXT, "control character in the text");
      return NOT_TEXT;
    }
    message->words += *c != ' ' && (c == message->body || c[-1] == ' ');
  }
  return 0;
}

/* The FNV-1a hash. */
static int32_t hash(void* ctx) {
  struct message* message = ctx;
  uint32_t value = 2166136261u;
  for (const char* c = message->body; *c != '\0'; c++) value = (value ^ (unsigned char)*c) * 16777619u;
  message->hash = value;
  return 0;
}

static void must(int fine, const char* what) {
  if (fine) return;
  perror(what);
  exit(EXIT_FAILURE);
}
static void must_be_ok(pool_status_t status, const char* what) {
  if (status == POOL_OK) return;
  fprintf(stderr, "%s: %s\n", what, pool_status_str(status));
  exit(EXIT_FAILURE);
}

static void watch(int loop, int fd, struct message* message) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = message};
  must(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

/* Starts the work for a message. The eventfd is set last: so it tells once, when all of it is over. */
static void begin(int loop, pool_t pool, struct message* message) {
  must_be_ok(pool_group_create(pool, NULL, &message->group), "pool_group_create");
  must_be_ok(pool_group_submit(message->group, count_words, message), "pool_group_submit");
  must_be_ok(pool_group_submit(message->group, hash, message), "pool_group_submit");
  message->done = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  must(message->done >= 0, "eventfd");
  watch(loop, message->done, message);
  must_be_ok(pool_group_set_eventfd(message->group, message->done), "pool_group_set_eventfd");
}

/* Its eventfd has told: collects the outcome. Returns whether the work succeeded. */
static int finish(struct message* message) {
  pool_status_t outcome = pool_group_poll(message->group);
  if (outcome == POOL_OK) {
    printf("done: \"%s\": %zu words, %08x\n", message->body, message->words, (unsigned)message->hash);
  } else {
    char reason[POOL_FAILURE_TEXT_MAX] = "";
    pool_group_failure(message->group, NULL, reason, sizeof reason);
    printf("%s: %s\n", pool_status_name(outcome), reason);
  }
  pool_group_destroy(message->group);
  close(message->done); /* after the group has closed its duplicate: so it leaves the loop, too */
  return outcome == POOL_OK;
}

int main(void) {
  struct message messages[MESSAGES] = {{.body = "many small tasks"},
                                       {.body = "one \x01 bad byte"},
                                       {.body = "a group for each"},
                                       {.body = "one loop for all"}};
  pool_t pool;
  must_be_ok(pool_create(NULL, &pool), "pool_create");
  int loop = epoll_create1(EPOLL_CLOEXEC);
  must(loop >= 0, "epoll_create1");

  struct itimerspec tick = {.it_interval.tv_nsec = 1000000, .it_value.tv_nsec = 1000000}; /* a millisecond */
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  must(timer >= 0 && timerfd_settime(timer, 0, &tick, NULL) == 0, "timerfd");
  watch(loop, timer, NULL);

  int begun = 0;
  int finished = 0;
  int succeeded = 0;
  while (finished < MESSAGES) {
    struct epoll_event events[16];
    int count = epoll_wait(loop, events, 16, -1);
    for (int i = 0; i < count; i++) {
      struct message* message = events[i].data.ptr;
      if (message != NULL) {
        succeeded += finish(message);
        finished++;
        continue;
      }
      uint64_t ticks;
      if (read(timer, &ticks, sizeof ticks) != sizeof ticks) continue;
      begin(loop, pool, &messages[begun++]);
      if (begun == MESSAGES) close(timer);
    }
  }
  printf("%d of %d messages done\n", succeeded, MESSAGES);
  close(loop);
  pool_destroy(pool);
  return succeeded == MESSAGES - 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
