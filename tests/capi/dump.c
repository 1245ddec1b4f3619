/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_dump: of two tasks that wait for each other it names both, from outside and from a signal handler; what runs,
 * idles, waits and stands in line; and it keeps quiet about a thread that is gone. */
#define _GNU_SOURCE
#include <pool/insight.h>
#include <signal.h>
#include <sys/mman.h>

#include "rig.h"

static char text[1 << 16];
static int file = -1;

static void begin_dump(void) {
  CHECK(ftruncate(file, 0) == 0);
  CHECK(lseek(file, 0, SEEK_SET) == 0);
}
static const char* dumped(void) {
  const ssize_t length = pread(file, text, sizeof text - 1, 0);
  CHECK(length > 0);
  text[length] = '\0';
  return text;
}
static const char* dump(pool_t pool) {
  begin_dump();
  OK(pool_dump(pool, file));
  return dumped();
}

/* "dump+0x1234", as addr2line takes it. */
static const char* place_of(pool_task_fn fn) {
  static char place[128];
  char line[512];
  FILE* maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  place[0] = '\0';
  while (fgets(line, sizeof line, maps) != NULL) {
    uintptr_t start, end, offset;
    char path[256] = "";
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNxPTR " %*s %*s %255s", &start, &end, &offset, path) < 4)
      continue;
    if ((uintptr_t)fn < start || (uintptr_t)fn >= end) continue;
    snprintf(place, sizeof place, "%.60s+0x%" PRIxPTR " of ", strrchr(path, '/') + 1, (uintptr_t)fn - start + offset);
  }
  fclose(maps);
  CHECK(place[0] != '\0');
  return place;
}

/* --- two that wait for each other --- */

static pool_t the_pool;
static pool_group_t ours, theirs;
static atomic_int inside;

/* Else one would help itself to the other. */
static void await_both(void) {
  atomic_fetch_add(&inside, 1);
  while (atomic_load(&inside) != 2) sched_yield();
}
static int32_t wait_for_theirs(void* ctx) {
  (void)ctx;
  await_both();
  return pool_group_wait(theirs);
}
static int32_t wait_for_ours(void* ctx) {
  (void)ctx;
  await_both();
  return pool_group_wait(ours);
}
static void on_signal(int number) {
  (void)number;
  OK(pool_dump(the_pool, file));
}
static pool_group_t named_group(pool_t pool, const char* name) {
  pool_group_options_t options;
  pool_group_t group;
  OK(pool_group_options_init(&options, sizeof options));
  options.name = name;
  OK(pool_group_create(pool, &options, &group));
  return group;
}
static void told(void* ctx, pool_status_t outcome) {
  (void)ctx;
  (void)outcome;
}
static void check_deadlock(void) {
  the_pool = make_pool(2);
  ours = named_group(the_pool, "ours");
  theirs = named_group(the_pool, "theirs");
  OK(pool_group_submit(ours, wait_for_theirs, NULL));
  OK(pool_group_submit(theirs, wait_for_ours, NULL));
  OK(pool_group_notify(ours, told, NULL)); /* no task, and not counted as one */
  /* Each says so before it sleeps. */
  while (strstr(dump(the_pool), "waits for") == NULL || strstr(strstr(text, "waits for") + 1, "waits for") == NULL) {
    sched_yield();
  }
  signal(SIGUSR1, on_signal);
  for (int i = 0; i < 2; i++) {
    begin_dump();
    i == 0 ? OK(pool_dump(the_pool, file)) : (void)CHECK(raise(SIGUSR1) == 0);
    dumped();
    const char* line = strstr(text, place_of(wait_for_theirs));
    CHECK(line != NULL && strstr(line, "\"ours\", waits for group") != NULL);
    CHECK(strncmp(strstr(line, "waits for group"), "waits for group", 15) == 0);
    line = strstr(text, place_of(wait_for_ours));
    CHECK(line != NULL && strstr(line, "\"theirs\", waits for group") != NULL);
    CHECK(strstr(text, "\"ours\": 0 queued, 1 running, 1 submitted") != NULL);
    CHECK(strstr(text, "; 0 tasks queued, 2 running;") != NULL);
    CHECK(strstr(text, "waited for by 1") != NULL);
    CHECK(strstr(text, "at it for ") != NULL);
  }
  fputs(text, stdout);
}

/* --- all the others --- */

static void* submit_one(void* group) {
  OK(pool_group_submit(*(pool_group_t*)group, task_nothing, NULL));
  return NULL;
}
static int32_t nest(void* ctx) {
  const pool_group_t group = make_group(the_pool);
  OK(pool_group_submit(group, task_gate, ctx));
  OK(pool_group_wait(group));
  OK(pool_group_destroy(group));
  return 0;
}
static int32_t block_in_section(void* ctx) {
  OK(pool_blocking_begin());
  return task_gate(ctx);
}
static int32_t nest_in_destroy(void* ctx) {
  const pool_group_t group = make_group(the_pool);
  OK(pool_group_submit(group, task_gate, ctx));
  OK(pool_group_destroy(group));
  return 0;
}
/* The only worker runs both, one on the stack of the other, which waits for it. (The shortest way through a wait, for
 * a group of one's own, says nothing of it: who is above whom does.) */
static void check_nested(pool_task_fn outer, bool is_told) {
  the_pool = make_pool(1);
  const pool_group_t group = named_group(the_pool, "outer");
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, outer, &gate));
  gate_await(&gate, 1);
  const char* line = strstr(dump(the_pool), place_of(task_gate));
  CHECK(line != NULL);
  line = strstr(line, place_of(outer));
  CHECK(line != NULL);
  CHECK((strstr(line, "\"outer\", waits for group ") != NULL) == is_told);
  gate_open(&gate);
  OK(pool_destroy(the_pool));
}

static void check_others(void) {
  pool_options_t options = pool_defaults();
  options.max_workers = 2;
  options.min_workers = 2;
  options.queue_capacity = 1;
  options.prestart = 1;
  options.name = "others";
  OK(pool_create(&options, &the_pool));
  while (stats_of(the_pool).workers_idle != 2) sched_yield();
  CHECK(strstr(dump(the_pool), "pool \"others\": 2 workers of 2, 2 idle") != NULL);
  CHECK(strstr(text, "    idle\n") != NULL);
  const pool_group_t group = named_group(the_pool, "held");
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_submit(group, block_in_section, &gate));
  gate_await(&gate, 2);
  OK(pool_group_submit(group, task_nothing, NULL)); /* queued */
  pthread_t submitter;
  pool_group_t to = group;
  CHECK(pthread_create(&submitter, NULL, submit_one, &to) == 0);
  while (strstr(dump(the_pool), "; 1 submitters in line\n") == NULL) sched_yield();
  CHECK(strstr(text, "1 inside blocking sections; 1 tasks queued") != NULL);
  CHECK(strstr(text, ", inside a blocking section") != NULL);
  CHECK(strstr(text, place_of(task_gate)) != NULL);
  OK(pool_group_suspend(group));
  CHECK(strstr(dump(the_pool), "; suspended") != NULL);
  OK(pool_group_resume(group));
  gate_open(&gate);
  CHECK(pthread_join(submitter, NULL) == 0);
  OK(pool_group_wait(group));
  OK(pool_resize(the_pool, 0, 1));
  while (stats_of(the_pool).workers > 1) sched_yield();
  while (stats_of(the_pool).workers_idle != 1) sched_yield();
  CHECK(strstr(dump(the_pool), "1 workers of 1, 1 idle") != NULL);
  const char* const first = strstr(text, "\nworker ");
  CHECK(first != NULL && strstr(first + 1, "\nworker ") == NULL);
  CHECK(strstr(text, "1 groups that are empty\n") != NULL);
  OK(pool_destroy(the_pool));
}

int main(void) {
  file = memfd_create("dump", 0);
  CHECK(file >= 0);
  check_others();
  check_nested(nest, false);
  check_nested(nest_in_destroy, true);
  check_deadlock();
  fflush(stdout);
  _exit(0); /* the two wait for ever */
}
