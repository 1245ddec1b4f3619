/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * fanout.c - many messages share one pool. Each fans out to three tasks in a group of its own, and is acknowledged
 * only when all three succeeded. The second message fails, to show how the reason comes back.
 *
 *     cc -std=c11 fanout.c $(pkg-config --cflags --libs pool) -o fanout && ./fanout
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pool/pool.h>

enum { MESSAGES = 4, NOT_TEXT = 1 };

static const char* const bodies[MESSAGES] = {"many small tasks", "one \x01 bad byte", "a group for each",
                                             "one pool for all"};

/* What one message has found out. The caller owns it until the group's wait is over. */
struct message {
  const char* body;
  size_t length;
  size_t words;
  uint32_t hash;
};

static int32_t measure(void* ctx) {
  struct message* message = ctx;
  message->length = strlen(message->body);
  return 0;
}

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

/* The FNV-1a hash. Its context is a copy that the library keeps: a pointer to the message. */
static int32_t hash(void* ctx) {
  struct message* message = *(struct message**)ctx;
  uint32_t value = 2166136261u;
  for (const char* c = message->body; *c != '\0'; c++) value = (value ^ (unsigned char)*c) * 16777619u;
  message->hash = value;
  return 0;
}

/* Submits the three tasks of a message; stops at the first that is refused. */
static pool_status_t fan_out(pool_group_t group, struct message* message) {
  pool_status_t status = pool_group_submit(group, measure, message);
  if (status == POOL_OK) status = pool_group_submit(group, count_words, message);
  if (status != POOL_OK) return status;

  pool_task_t task; /* the long form: with a copied context here; it could have a drop callback, too */
  pool_task_init(&task, sizeof task);
  task.fn = hash;
  task.ctx = &message;
  task.copy_size = sizeof message;
  return pool_group_submit_task(group, &task);
}

/* Waits for a message's group and says how it went. What was submitted before a refusal is waited for, too. */
static int settle(pool_group_t group, const struct message* message, pool_status_t submitted) {
  pool_status_t outcome = pool_group_wait(group);
  if (outcome == POOL_OK && submitted == POOL_OK) {
    printf("acknowledged: \"%s\": %zu bytes, %zu words, %08x\n", message->body, message->length, message->words,
           (unsigned)message->hash);
    return 1;
  }
  int32_t code = 0;
  char reason[POOL_FAILURE_TEXT_MAX] = "";
  pool_group_failure(group, &code, reason, sizeof reason);
  printf("handed back: %s, code %d, %s\n", pool_status_name(submitted != POOL_OK ? submitted : outcome), (int)code,
         reason);
  return 0;
}

int main(void) {
  pool_options_t options;
  pool_t pool;
  pool_options_init(&options, sizeof options);
  options.max_workers = 2;
  options.name = "fanout";
  pool_status_t status = pool_create(&options, &pool);
  if (status != POOL_OK) {
    fprintf(stderr, "fanout: pool_create: %s\n", pool_status_str(status));
    return EXIT_FAILURE;
  }

  struct message messages[MESSAGES] = {{0}};
  pool_group_t groups[MESSAGES];
  pool_status_t submitted[MESSAGES];
  for (int i = 0; i < MESSAGES; i++) { /* all in flight at once */
    messages[i].body = bodies[i];
    submitted[i] = pool_group_create(pool, NULL, &groups[i]);
    if (submitted[i] == POOL_OK) submitted[i] = fan_out(groups[i], &messages[i]);
  }

  int acknowledged = 0;
  for (int i = 0; i < MESSAGES; i++) {
    acknowledged += settle(groups[i], &messages[i], submitted[i]); /* a group that was not made: POOL_EBADHANDLE */
    pool_group_destroy(groups[i]);
  }
  printf("%d of %d messages acknowledged\n", acknowledged, MESSAGES);
  pool_destroy(pool);
  return acknowledged == MESSAGES - 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
