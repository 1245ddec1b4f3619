/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * pool_trace_start and _stop: which slices a trace has, what happens at its bounds, and what is refused. With a folder
 * as its argument it leaves the files there for trace.py, which looks at their structure. */
#define _GNU_SOURCE
#include <errno.h>
#include <pool/insight.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "rig.h"

static const char* folder;
static char path[512];
static char* text; /* of the last trace */

static const char* file(const char* name) {
  snprintf(path, sizeof path, "%s/%s.json", folder, name);
  return path;
}
static void read_file(const char* name) {
  FILE* stream = fopen(file(name), "r");
  struct stat status;
  CHECK(stream != NULL && fstat(fileno(stream), &status) == 0);
  const size_t size = (size_t)status.st_size;
  free(text);
  text = (char*)malloc(size + 1);
  CHECK(text != NULL && fread(text, 1, size, stream) == size);
  text[size] = '\0';
  fclose(stream);
  CHECK(strncmp(text, "{\"displayTimeUnit\":", 19) == 0);
  CHECK(size > 4 && strcmp(text + size - 4, "\n]}\n") == 0);
}
static int count(const char* wanted) {
  int found = 0;
  for (const char* at = strstr(text, wanted); at != NULL; at = strstr(at + 1, wanted)) found++;
  return found;
}

static pool_trace_options_t trace_defaults(void) {
  pool_trace_options_t options;
  OK(pool_trace_options_init(&options, sizeof options));
  return options;
}
static uint64_t stop(pool_t pool, const char* name) {
  uint64_t dropped = 1;
  OK(pool_trace_stop(pool, &dropped));
  read_file(name);
  return dropped;
}
static pool_group_t make_named(pool_t pool, const char* name) {
  pool_group_options_t options = group_defaults();
  options.name = name;
  return make_group_of(pool, &options);
}

/* --- what there is to be seen --- */

static pool_t current;

static int32_t task_nested(void* ctx) {
  const pool_group_t group = make_named(current, "inner");
  (void)ctx;
  for (int i = 0; i < 3; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  OK(pool_group_destroy(group));
  return 0;
}
static int32_t task_again(void* ctx) {
  int* left = (int*)ctx;
  return (*left)-- > 0 ? pool_task_again_after(0) : 0;
}
static int32_t job_nothing(void* ctx, void** result) {
  (void)ctx;
  (void)result;
  return 0;
}
static int32_t turn_nothing(void* ctx, uint64_t index) {
  (void)ctx;
  (void)index;
  return 0;
}

static void run_all_kinds(uint32_t workers) {
  const pool_group_t outer = make_named(current, "outer");
  const pool_group_t serial = make_serial(current);
  const pool_group_t loop = make_named(current, "loop");
  atomic_int drops = 0;
  int left = 2;
  pool_job_t job;
  for (int i = 0; i < 50; i++) OK(pool_group_submit(outer, task_nested, NULL));
  OK(submit_drop(outer, task_nothing, &drops, drop_count));
  OK(pool_group_submit(outer, task_again, &left));
  OK(pool_group_submit_after(outer, 1000, task_nothing, NULL, NULL));
  OK(pool_group_submit_job(outer, job_nothing, NULL, NULL, NULL, &job));
  for (int i = 0; i < 20; i++) OK(pool_group_submit(serial, task_nothing, NULL));
  OK(pool_job_wait(job));
  OK(pool_job_release(job));
  CHECK_STATUS(pool_group_wait(outer), POOL_OK);
  OK(pool_group_wait_for(serial, LONG_NS));
  OK(pool_group_apply(loop, 100, 10, turn_nothing, NULL));
  for (int i = 0; i < 10; i++) OK(pool_submit(current, task_nothing, NULL));
  CHECK_STATUS(pool_group_wait(outer), POOL_OK);
  OK(pool_group_destroy(serial));
  OK(pool_group_destroy(loop));
  OK(pool_group_destroy(outer));
  await_idle(current, stats_of(current).workers);
  (void)workers;
}

static void check_slices(const char* name, uint32_t workers) {
  current = make_pool(workers);
  OK(pool_trace_start(current, file(name), NULL));
  run_all_kinds(workers);
  CHECK_EQ(stop(current, name), 0);
  /* The task that comes again runs three times. */
  CHECK_EQ(count("\"name\":\"outer: "), 50 + 1 + 3 + 1 + 1);
  CHECK_EQ(count("\"name\":\"inner: "), 150);
  CHECK_EQ(count("\"name\":\"wait for inner\""), 50);
  CHECK_EQ(count("\"name\":\"submit to inner\""), 150);
  CHECK_EQ(count("\"name\":\"submit to outer\""), 54);
  CHECK(count("\"name\":\"wait for outer\"") >= 1);
  CHECK(count("\"ph\":\"C\"") >= 4);
  /* What comes afterwards is not in the file, and a second trace has nothing of the first. */
  run_all_kinds(workers);
  read_file(name);
  CHECK_EQ(count("\"name\":\"inner: "), 150);
  OK(pool_trace_start(current, file("second"), NULL));
  OK(pool_submit(current, task_nothing, NULL));
  await_idle(current, stats_of(current).workers);
  while (stats_of(current).finished < 2 * 50 * 4) sched_yield();
  OK(pool_destroy(current));
  read_file("second");
  CHECK_EQ(count("\"cat\":\"task\""), 1);
  CHECK_EQ(count("inner"), 0);
}

/* With tasks that are timed, and where submits are run in place. */
static void check_in_place(void) {
  pool_options_t options = pool_defaults();
  hold_t hold;
  options.max_workers = 1;
  options.queue_capacity = 2;
  options.overflow = POOL_OVERFLOW_CALLER_RUNS;
  options.timing = 1;
  OK(pool_create(&options, &current));
  const pool_group_t group = make_named(current, "full");
  OK(pool_trace_start(current, file("in_place"), NULL));
  hold_workers(&hold, current, 1);
  for (int i = 0; i < 10; i++) OK(pool_group_submit(group, task_nothing, NULL));
  release_workers(&hold);
  OK(pool_group_wait(group));
  CHECK_EQ(stop(current, "in_place"), 0);
  CHECK_EQ(count("\"name\":\"full: "), 10);
  CHECK_EQ(count("\"name\":\"submit to full\""), 10);
  OK(pool_destroy(current));
}

/* --- a stop in the middle --- */

static int32_t task_stop(void* ctx) {
  CHECK_EQ(stop(current, (const char*)ctx), 0);
  return 0;
}
static void check_open(void) {
  hold_t hold;
  current = make_pool(2);
  OK(pool_trace_start(current, file("open"), NULL));
  hold_workers(&hold, current, 1);
  const pool_group_t group = make_named(current, "stopper");
  OK(pool_group_submit(group, task_stop, (void*)(uintptr_t) "open"));
  OK(pool_group_wait(group));
  CHECK_EQ(count("\"cat\":\"task\""), 2);
  CHECK_EQ(count("\"name\":\"stopper: "), 1);
  /* A trace that starts while tasks run has none of their ends. */
  OK(pool_trace_start(current, file("late"), NULL));
  release_workers(&hold);
  CHECK_EQ(stop(current, "late"), 0);
  CHECK_EQ(count("\"cat\":\"task\""), 0);
  OK(pool_destroy(current));
}

/* A wait whose time is over has seen nobody off, whatever is over by then. */
static void check_timed_out(void) {
  gate_t gate = GATE_CLOSED;
  current = make_pool(2);
  OK(pool_trace_start(current, file("timed_out"), NULL));
  const pool_group_t group = make_named(current, "slow");
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  OK(pool_group_submit(group, task_nothing, NULL));
  while (group_stats_of(group).succeeded != 1) sched_yield();
  CHECK_STATUS(pool_group_wait_for(group, 1000), POOL_ETIMEDOUT);
  CHECK_EQ(stop(current, "timed_out"), 0);
  CHECK_EQ(count("\"cat\":\"wait\""), 1);
  gate_open(&gate);
  OK(pool_destroy(current));
}

/* Two pools at once: each file has its own. */
static int32_t task_cross(void* ctx) {
  const pool_group_t group = make_named(*(pool_t*)ctx, "across");
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  OK(pool_group_destroy(group));
  return 0;
}
static void check_two_pools(void) {
  pool_t pools[2] = {make_pool(1), make_pool(1)};
  OK(pool_trace_start(pools[0], file("left"), NULL));
  OK(pool_trace_start(pools[1], file("right"), NULL));
  const pool_group_t group = make_named(pools[0], "here");
  for (int i = 0; i < 20; i++) OK(pool_group_submit(group, task_cross, &pools[1]));
  OK(pool_group_wait(group));
  CHECK_EQ(stop(pools[0], "left"), 0);
  CHECK_EQ(count("\"name\":\"here: "), 20);
  CHECK_EQ(count("across"), 0);
  CHECK_EQ(stop(pools[1], "right"), 0);
  CHECK_EQ(count("\"name\":\"across: "), 20);
  CHECK_EQ(count("here"), 0);
  for (int i = 0; i < 2; i++) OK(pool_destroy(pools[i]));
}

/* --- bounds --- */

static void check_full(void) {
  pool_trace_options_t options = trace_defaults();
  options.buffer_events = 16;
  options.counter_interval = -1;
  current = make_pool(2);
  OK(pool_trace_start(current, file("full"), &options));
  const pool_group_t group = make_group(current);
  for (int i = 0; i < 200; i++) OK(pool_group_submit(group, task_nested, NULL));
  OK(pool_group_wait(group));
  const uint64_t dropped = stop(current, "full");
  CHECK(dropped > 0);
  CHECK(count("events dropped") >= 1);
  /* Whoever comes to it next begins anew. */
  OK(pool_trace_start(current, file("threads"), NULL));
  CHECK_EQ(stop(current, "threads"), 0);
  options = trace_defaults();
  options.max_threads = options.ready_threads = 1;
  OK(pool_trace_start(current, file("threads"), &options));
  OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait_for(group, LONG_NS));
  CHECK(stop(current, "threads") > 0);
  CHECK_EQ(count("\"thread_name\""), 1);
  CHECK_EQ(count("\"cat\":\"task\""), 0);
  OK(pool_destroy(current));
}

/* --- memory that is there from the start --- */

/* Bytes of anonymous memory, which the kernel counts to some hundred KiB. */
static long anonymous(void) {
  char line[128];
  long kib = -1;
  FILE* stream = fopen("/proc/self/status", "r");
  CHECK(stream != NULL);
  while (fgets(line, sizeof line, stream) != NULL) sscanf(line, "RssAnon: %ld", &kib);
  fclose(stream);
  CHECK(kib >= 0);
  return kib * 1024;
}

static void check_ready(void) {
  enum { events = 1 << 18, event_size = 40, inexact = 1 << 20 };
  pool_trace_options_t options = trace_defaults();
  options.buffer_events = events;
  options.ready_threads = 2;
  current = make_pool(1);
  const long before = anonymous();
  OK(pool_trace_start(current, file("ready"), &options));
  CHECK(anonymous() - before > 2L * events * event_size - inexact);
  CHECK_EQ(stop(current, "ready"), 0);
  OK(pool_destroy(current));
}

/* --- names that are no JSON --- */

static void check_names(void) {
  current = make_pool(1);
  OK(pool_trace_start(current, file("names"), NULL));
  static const char* const names[] = {"a\"b\\c\nd", "caf\xc3\xa9", "cut after thirty-one bytes: 30\xe2\x82\xac",
                                      "\xff\xc0\xaf"};
  for (int i = 0; i < 4; i++) {
    const pool_group_t group = make_named(current, names[i]);
    OK(pool_group_submit(group, task_nothing, NULL));
    OK(pool_group_wait(group));
    OK(pool_group_destroy(group));
  }
  CHECK_EQ(stop(current, "names"), 0);
  CHECK_EQ(count("\"name\":\"a\\\"b\\\\c d: "), 1);
  CHECK_EQ(count("caf\xc3\xa9: "), 1);
  OK(pool_destroy(current));
}

/* --- refused --- */

static void check_refused(void) {
  const pool_t none = {0};
  pool_trace_options_t options = trace_defaults();
  char missing[600];
  snprintf(missing, sizeof missing, "%s/missing/file.json", folder);
  current = make_pool(1);
  CHECK_STATUS(pool_trace_stop(current, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_trace_start(current, NULL, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_trace_start(current, folder, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_trace_start(current, missing, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_trace_start(none, file("refused"), NULL), POOL_EBADHANDLE);
  CHECK_STATUS(pool_trace_stop(none, NULL), POOL_EBADHANDLE);
  CHECK_STATUS(pool_trace_options_init(NULL, sizeof options), POOL_EINVAL);
  CHECK_STATUS(pool_trace_options_init(&options, 4), POOL_EINVAL);
  options.buffer_events = 15;
  CHECK_STATUS(pool_trace_start(current, file("refused"), &options), POOL_EINVAL);
  options.buffer_events = (1 << 24) + 1;
  CHECK_STATUS(pool_trace_start(current, file("refused"), &options), POOL_EINVAL);
  options = trace_defaults();
  options.max_threads = 65537;
  CHECK_STATUS(pool_trace_start(current, file("refused"), &options), POOL_EINVAL);
  options = trace_defaults();
  options.ready_threads = 257;
  CHECK_STATUS(pool_trace_start(current, file("refused"), &options), POOL_EINVAL);
  options = trace_defaults();
  options.struct_size = 7;
  CHECK_STATUS(pool_trace_start(current, file("refused"), &options), POOL_EINVAL);
  struct {
    pool_trace_options_t known;
    uint64_t unknown;
  } newer;
  OK(pool_trace_options_init(&newer.known, sizeof newer));
  newer.unknown = 1;
  CHECK_STATUS(pool_trace_start(current, file("refused"), &newer.known), POOL_EINVAL);
  CHECK(access(file("refused"), F_OK) != 0);
  OK(pool_trace_start(current, file("refused"), NULL));
  CHECK_STATUS(pool_trace_start(current, file("busy"), NULL), POOL_EBUSY);
  CHECK(access(file("busy"), F_OK) != 0);
  CHECK_EQ(stop(current, "refused"), 0);
  CHECK_STATUS(pool_trace_stop(current, NULL), POOL_EINVAL);
  /* There is no room on this device. */
  OK(pool_trace_start(current, "/dev/full", NULL));
  CHECK_STATUS(pool_trace_stop(current, NULL), POOL_EINVAL);
  OK(pool_destroy(current));
}

/* --- a child of fork() --- */

static int32_t task_fork(void* ctx) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) return 0; /* its end is not recorded, and the process ends with its thread */
  int status = 1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK_EQ(status, 0);
  *(int*)ctx = 1;
  return 0;
}
static void check_fork(void) {
  int done = 0;
  current = make_pool(1);
  OK(pool_trace_start(current, file("fork"), NULL));
  const pool_group_t group = make_named(current, "forks");
  OK(pool_group_submit(group, task_fork, &done));
  OK(pool_group_wait_for(group, LONG_NS)); /* the worker runs it */
  CHECK_EQ(done, 1);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const bool is_told = pool_trace_stop(current, NULL) == POOL_EFORKED;
    _exit(is_told && pool_trace_start(current, path, NULL) == POOL_EFORKED ? 0 : 1);
  }
  int status = 1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK_EQ(status, 0);
  struct stat written;
  CHECK(stat(file("fork"), &written) == 0);
  CHECK_EQ(written.st_size, 0);
  CHECK_EQ(stop(current, "fork"), 0);
  CHECK_EQ(count("\"name\":\"forks: "), 1);
  OK(pool_destroy(current));
}

static void remove_files(void) {
  DIR* files = opendir(folder);
  CHECK(files != NULL);
  for (struct dirent* entry = readdir(files); entry != NULL; entry = readdir(files)) {
    if (entry->d_name[0] == '.') continue;
    char name[600];
    snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
    CHECK_EQ(unlink(name), 0);
  }
  closedir(files);
  CHECK_EQ(rmdir(folder), 0);
}

int main(int argc, char** argv) {
  char temporary[] = "/tmp/pool_trace_XXXXXX";
  folder = argc == 2 ? argv[1] : mkdtemp(temporary);
  CHECK(folder != NULL);
  check_ready(); /* before there is memory that was used and freed */
  check_slices("one", 1);
  check_slices("three", 3);
  check_in_place();
  check_open();
  check_timed_out();
  check_two_pools();
  check_full();
  check_names();
  check_refused();
  if (FOLLOWS_FORKS) check_fork();
  if (argc != 2) remove_files();
  free(text);
  return 0;
}
