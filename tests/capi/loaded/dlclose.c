/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A program that is not linked to libpool loads it, uses a pool, and lets go of the library while the pool's threads
 * are idle or at work: a hundred times, and then exits. Usage: dlclose PATH_OF_LIBPOOL.SO */
#define _GNU_SOURCE
#include <pool/pool.h>

#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { rounds = 100, tasks = 10 };

#define CHECK(condition) check_that((condition), #condition, __LINE__)

static void check_that(int fine, const char* text, int line) {
  if (fine) return;
  fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, line, text);
  fflush(NULL);
  _exit(1);
}

static atomic_int runs, over;

static int32_t count(void* ctx) {
  (void)ctx;
  atomic_fetch_add(&runs, 1);
  return 0;
}
/* Still at work when the library is let go of. */
static int32_t work_on(void* ctx) {
  const int round = *(int*)ctx;
  while (atomic_load(&over) <= round) sched_yield();
  atomic_fetch_add(&runs, 1);
  return 0;
}

/* dlsym() gives an object's pointer: functions have theirs copied. */
static void find(void* library, const char* name, void* function) {
  void* symbol = dlsym(library, name);
  CHECK(symbol != NULL);
  memcpy(function, &symbol, sizeof symbol);
}
#define FIND(name)           \
  __typeof__(&name) name##_; \
  find(library, #name, &name##_)

static void one_round(const char* path, int* round) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fprintf(stderr, "%s\n", dlerror());
  CHECK(library != NULL);
  FIND(pool_options_init);
  FIND(pool_create);
  FIND(pool_default);
  FIND(pool_destroy);
  FIND(pool_group_create);
  FIND(pool_group_submit);
  FIND(pool_group_wait);
  FIND(pool_group_destroy);
  pool_t pool;
  pool_group_t group;
  pool_options_t options;
  CHECK(pool_options_init_(&options, sizeof options) == POOL_OK);
  options.max_workers = 2;
  CHECK((*round % 4 == 3 ? pool_default_(&pool) : pool_create_(&options, &pool)) == POOL_OK);
  CHECK(pool_group_create_(pool, NULL, &group) == POOL_OK);
  for (int i = 0; i < tasks; i++) CHECK(pool_group_submit_(group, count, NULL) == POOL_OK);
  CHECK(pool_group_wait_(group) == POOL_OK);
  switch (*round % 4) {
    case 0: /* its threads come to an end */
      CHECK(pool_group_destroy_(group) == POOL_OK);
      CHECK(pool_destroy_(pool) == POOL_OK);
      break;
    case 1: /* they are at work */
      CHECK(pool_group_submit_(group, work_on, round) == POOL_OK);
      break;
    default: /* they idle */
      break;
  }
  CHECK(dlclose(library) == 0);
  atomic_store(&over, *round + 1);
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  static int numbers[rounds];
  for (int round = 0; round < rounds; round++) {
    numbers[round] = round;
    one_round(argv[1], &numbers[round]);
  }
  while (atomic_load(&runs) != rounds * tasks + rounds / 4) sched_yield();
  return 0;
}
