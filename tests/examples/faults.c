/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * faults.c - preloaded into the consumer: makes calls fail that seldom do.
 *
 *   FAULT_OPEN=TEXT:ERRNO:COUNT   the first COUNT times that a path with TEXT in it is opened
 *   FAULT_WAIT=TEXT:FILE          a path with TEXT in it is not opened before there is FILE
 *   FAULT_TOUCH=TEXT              the second time that a path with TEXT in it is opened, the file has grown before
 *   FAULT_HANG=1                  reads of 64 KiB do not return
 *   FAULT_READ=COUNT              the first COUNT reads of 64 KiB fail with EIO
 *   FAULT_SUBMIT=N                every N-th submit to a group gives POOL_EFULL
 *   FAULT_SYNC_MS=MS              every flush of the disk takes so much longer
 *
 * It knows of pool.h only what it replaces, so that it is compiled without it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* The next definition of the function `name`. POSIX wants this conversion to work. */
#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

static atomic_int opens, touches, reads, submits;

static int number(const char* name) {
  const char* value = getenv(name);
  return value == NULL ? 0 : atoi(value);
}

int openat(int folder, const char* path, int flags, ...) {
  char text[64];
  int error, count;
  const char* fault = getenv("FAULT_OPEN");
  if (fault != NULL && sscanf(fault, "%63[^:]:%d:%d", text, &error, &count) == 3 && strstr(path, text) != NULL &&
      atomic_fetch_add(&opens, 1) < count) {
    errno = error;
    return -1;
  }
  char file[256];
  const char* wait = getenv("FAULT_WAIT");
  if (wait != NULL && sscanf(wait, "%63[^:]:%255s", text, file) == 2 && strstr(path, text) != NULL) {
    while (access(file, F_OK) != 0) nanosleep(&(struct timespec){0, 10 * 1000000}, NULL);
  }
  const char* touch = getenv("FAULT_TOUCH");
  if (touch != NULL && strstr(path, touch) != NULL && atomic_fetch_add(&touches, 1) == 1) {
    FILE* file = fopen(path, "a");
    fputs("grown", file);
    fclose(file);
  }
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return NEXT(int (*)(int, const char*, int, ...), "openat")(folder, path, flags, mode);
}

ssize_t read(int fd, void* buffer, size_t size) {
  while (size == 64 * 1024 && number("FAULT_HANG") != 0) pause();
  if (size == 64 * 1024 && atomic_fetch_add(&reads, 1) < number("FAULT_READ")) {
    errno = EIO;
    return -1;
  }
  return NEXT(ssize_t(*)(int, void*, size_t), "read")(fd, buffer, size);
}

struct group {
  uint64_t id;
};

int32_t pool_group_submit(struct group group, int32_t (*fn)(void*), void* ctx) {
  int every = number("FAULT_SUBMIT");
  if (every > 0 && (atomic_fetch_add(&submits, 1) + 1) % every == 0) return -5; /* POOL_EFULL */
  return NEXT(int32_t(*)(struct group, int32_t(*)(void*), void*), "pool_group_submit")(group, fn, ctx);
}

int fdatasync(int fd) {
  long ms = number("FAULT_SYNC_MS");
  nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
  return NEXT(int (*)(int), "fdatasync")(fd);
}
