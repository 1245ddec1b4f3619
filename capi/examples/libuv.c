/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * libuv.c - what epoll.c does, in libuv's event loop: a uv_poll_t on each message's eventfd calls back, on the loop's
 * thread, when the message's tasks are over.
 *
 *     cc -std=c11 libuv.c $(pkg-config --cflags --libs pool libuv) -o libuv && ./libuv
 */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pool/pool.h>
#include <uv.h>

enum { MESSAGES = 4, NOT_TEXT = 1 };

struct message {
  const char* body;
  pool_group_t group;
  int done; /* the eventfd */
  uv_poll_t watcher;
  size_t words;
};

static struct message messages[MESSAGES] = {{.body = "many small tasks"},
                                            {.body = "one \x01 bad byte"},
                                            {.body = "a group for each"},
                                            {.body = "one loop for all"}};
static pool_t pool;
static int begun, succeeded;

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

static void must(int fine, const char* what) {
  if (fine) return;
  fprintf(stderr, "libuv: %s failed\n", what);
  exit(EXIT_FAILURE);
}

/* libuv has let go of the watcher: now its descriptor may be closed. */
static void on_close(uv_handle_t* watcher) {
  struct message* message = watcher->data;
  close(message->done);
}

/* A message's tasks are over: collects the outcome. */
static void on_done(uv_poll_t* watcher, int status, int events) {
  struct message* message = watcher->data;
  (void)events;
  must(status == 0, "uv_poll");
  pool_status_t outcome = pool_group_poll(message->group);
  if (outcome == POOL_OK) {
    succeeded++;
    printf("done: \"%s\": %zu words\n", message->body, message->words);
  } else {
    char reason[POOL_FAILURE_TEXT_MAX] = "";
    pool_group_failure(message->group, NULL, reason, sizeof reason);
    printf("%s: %s\n", pool_status_name(outcome), reason);
  }
  pool_group_destroy(message->group);
  uv_close((uv_handle_t*)watcher, on_close);
}

/* Brings a message, as a socket would. The eventfd is set last: so it tells once, when all the work is over. */
static void on_tick(uv_timer_t* timer) {
  struct message* message = &messages[begun++];
  if (begun == MESSAGES) uv_close((uv_handle_t*)timer, NULL);
  must(pool_group_create(pool, NULL, &message->group) == POOL_OK, "pool_group_create");
  must(pool_group_submit(message->group, count_words, message) == POOL_OK, "pool_group_submit");
  message->done = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  must(message->done >= 0, "eventfd");
  must(uv_poll_init(timer->loop, &message->watcher, message->done) == 0, "uv_poll_init");
  message->watcher.data = message;
  must(uv_poll_start(&message->watcher, UV_READABLE, on_done) == 0, "uv_poll_start");
  must(pool_group_set_eventfd(message->group, message->done) == POOL_OK, "pool_group_set_eventfd");
}

int main(void) {
  uv_loop_t* loop = uv_default_loop();
  uv_timer_t timer;
  must(pool_create(NULL, &pool) == POOL_OK, "pool_create");
  must(uv_timer_init(loop, &timer) == 0, "uv_timer_init");
  must(uv_timer_start(&timer, on_tick, 1, 1) == 0, "uv_timer_start");
  uv_run(loop, UV_RUN_DEFAULT); /* until nothing is left to watch */
  uv_loop_close(loop);
  printf("%d of %d messages done\n", succeeded, MESSAGES);
  pool_destroy(pool);
  return succeeded == MESSAGES - 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
