/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * failing.h - a program's own malloc and mmap, which stand before those of the C library: the N-th allocation of the
 * thread that tests fails, once or from then on; or all of all other threads, to see whether there are any. Each try in
 * a process of its own. Not for sanitized programs, whose malloc is the sanitizer's. */
#ifndef POOL_TESTS_CAPI_FAILING_H
#define POOL_TESTS_CAPI_FAILING_H

#include "check.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* old, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

static _Thread_local long countdown = -1; /* allocations until one fails; -1: none does */
static _Thread_local bool persistent, is_tester;
static _Thread_local long failed;
static atomic_bool workers_fail;
static atomic_long worker_allocations;

static bool fails(void) {
  if (!is_tester && atomic_load(&workers_fail)) {
    atomic_fetch_add(&worker_allocations, 1);
    return true;
  }
  if (countdown < 0) return false;
  if (countdown > 0) {
    countdown--;
    return false;
  }
  if (!persistent) countdown = -1;
  failed++;
  errno = ENOMEM;
  return true;
}

void* malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return fails() ? NULL : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }
void* memalign(size_t alignment, size_t size);
void* memalign(size_t alignment, size_t size) { return fails() ? NULL : __libc_memalign(alignment, size); }
void* aligned_alloc(size_t alignment, size_t size) { return fails() ? NULL : __libc_memalign(alignment, size); }
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (fails()) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out != NULL ? 0 : ENOMEM;
}

/* The library's structures of whole pages. */
void* mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) {
  if (fails()) return MAP_FAILED;
  return (void*)syscall(SYS_mmap, at, size, protection, flags, file, offset);
}

enum { passed = 0, nothing_failed = 42 };

/* What attempt(ctx) returns in a child. */
static int in_child(int (*attempt)(const void* ctx), const void* ctx, const char* name, long n) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const int result = attempt(ctx);
    fflush(NULL);
    _exit(result);
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  if (!WIFEXITED(status) || (WEXITSTATUS(status) != passed && WEXITSTATUS(status) != nothing_failed)) {
    fprintf(stderr, "%s, failure %ld: status %x\n", name, n, (unsigned)status);
    check_failed();
  }
  return WEXITSTATUS(status);
}

#endif
