/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The log of a pool goes to the callback of its options, from log_level on, with the callback's user; to standard error
 * without one; nowhere once the process has begun to exit. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/wait.h>

typedef struct lines {
  pthread_mutex_t mutex;
  int count;
  int32_t level;
  char last[300];
} lines_t;

#define NO_LINES \
  { PTHREAD_MUTEX_INITIALIZER, 0, 0, "" }

static void take_line(void* user, int32_t level, const char* message) {
  lines_t* const lines = user;
  pthread_mutex_lock(&lines->mutex);
  lines->count++;
  lines->level = level;
  snprintf(lines->last, sizeof lines->last, "%s", message);
  pthread_mutex_unlock(&lines->mutex);
}

static pool_options_t logging_to(lines_t* lines) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.log = take_line;
  options.log_user = lines;
  return options;
}

/* Standard error goes to a file from now on. */
static int capture_errors(void) {
  char path[] = "/tmp/libpool-log-XXXXXX";
  const int file = mkstemp(path);
  CHECK(file >= 0);
  unlink(path);
  CHECK_EQ(dup2(file, STDERR_FILENO), STDERR_FILENO);
  return file;
}
static off_t size_of(int file) { return lseek(file, 0, SEEK_END); }

static void check_invalid(void) {
  lines_t lines = NO_LINES;
  pool_t pool;
  pool_options_t options = logging_to(&lines);
  options.max_workers = UINT32_MAX;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  CHECK_EQ(lines.count, 1);
  CHECK_EQ(lines.level, POOL_LOG_ERROR);
  CHECK(strstr(lines.last, "max_workers") != NULL);
  CHECK(strchr(lines.last, '\n') == NULL);
  options.log_level = POOL_LOG_ERROR;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  CHECK_EQ(lines.count, 2);
  options.log_level = POOL_LOG_OFF;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  CHECK_STATUS(pool_default_configure(&options), POOL_EINVAL);
  CHECK_EQ(lines.count, 2);
  options.log_level = POOL_LOG_DEFAULT;
  CHECK_STATUS(pool_default_configure(&options), POOL_EINVAL);
  CHECK_EQ(lines.count, 3);
  /* Without a callback, and if nobody can tell whether there is one: on standard error. */
  const int before = dup(STDERR_FILENO);
  const int file = capture_errors();
  options.log = NULL;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  const off_t size = size_of(file);
  CHECK(size > 0);
  options.log_level = POOL_LOG_OFF;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  CHECK_EQ(size_of(file), size);
  options.log_level = POOL_LOG_OFF + 1;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  CHECK(size_of(file) > size);
  CHECK_EQ(dup2(before, STDERR_FILENO), STDERR_FILENO);
  close(before);
  close(file);
}

/* Registered before libpool is used, so called after it has seen that the process exits. */
static lines_t late = NO_LINES;
static int late_file;
static void at_exit(void) {
  pool_t pool;
  pool_options_t options = logging_to(&late);
  options.max_workers = UINT32_MAX;
  const off_t size = size_of(late_file);
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  options.log = NULL;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  if (late.count != 0 || size_of(late_file) != size) _exit(1);
}
static void check_exit(void) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    atexit(at_exit);
    late_file = capture_errors();
    const pool_t pool = make_pool(1);
    OK(pool_destroy(pool));
    exit(0); /* the log was never used before */
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

int main(void) {
  check_exit();
  check_invalid();
  return 0;
}
