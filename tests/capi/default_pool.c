/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * The default pool: one for all who ask, from any thread; configured before that or never; not to be destroyed; a child
 * of fork() has its own, made in the same way. Each scenario in a process of its own. */
#define _GNU_SOURCE
#include "check.h"

#include <sys/wait.h>

static void in_child(void (*life)(void)) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(60);
    life();
    _exit(0);
  }
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
}

static int32_t tell_name(void* name) {
  CHECK_EQ(pthread_getname_np(pthread_self(), (char*)name, 16), 0);
  return 0;
}
/* By its threads' names one knows how it was made. */
static void expect_named(pool_t pool, const char* expected) {
  char name[16];
  const pool_group_t group = make_group(pool);
  OK(pool_group_submit(group, tell_name, name));
  OK(pool_group_wait_for(group, LONG_NS));
  OK(pool_group_destroy(group));
  name[strlen(expected)] = '\0';
  CHECK(strcmp(name, expected) == 0);
}

static pool_t the_default(void) {
  pool_t pool;
  OK(pool_default(&pool));
  CHECK(pool.id != 0);
  return pool;
}

static void configure(const char* name) {
  char text[64];
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  snprintf(text, sizeof text, "%s", name);
  options.name = text;
  OK(pool_default_configure(&options));
  memset(text, 'x', sizeof text - 1); /* it has its own copy */
}

static void plain(void) {
  CHECK_STATUS(pool_default(NULL), POOL_EINVAL);
  const pool_t pool = the_default();
  CHECK_EQ(the_default().id, pool.id);
  expect_named(pool, "pool-");
  CHECK_STATUS(pool_destroy(pool), POOL_EBUSY);
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  CHECK_STATUS(pool_default_configure(&options), POOL_EBUSY);
  expect_named(pool, "pool-"); /* neither has done anything */
  const pool_t other = make_pool(1);
  CHECK(other.id != pool.id);
  OK(pool_destroy(other));
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, LONG_NS));
  CHECK_EQ(the_default().id, pool.id);
  CHECK_STATUS(pool_destroy(pool), POOL_EBUSY);
  pool_group_t group;
  CHECK_STATUS(pool_group_create(pool, NULL, &group), POOL_ECLOSED);
}

static void configured(void) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  CHECK_STATUS(pool_default_configure(NULL), POOL_EINVAL);
  configure("first");
  configure("second");
  options.max_workers = UINT32_MAX;
  CHECK_STATUS(pool_default_configure(&options), POOL_EINVAL);
  options.struct_size = 4;
  CHECK_STATUS(pool_default_configure(&options), POOL_EINVAL);
  expect_named(the_default(), "second-");
}

/* In the child of one that has it, and of one that has only configured it. */
static pool_t parents;
static void child_of_user(void) {
  CHECK_STATUS(pool_destroy(parents), POOL_EFORKED);
  CHECK_STATUS(pool_shutdown(parents, POOL_SHUTDOWN_DRAIN, 0), POOL_EFORKED);
  configure("child"); /* its own is not made yet */
  CHECK(the_default().id != parents.id);
  expect_named(the_default(), "child-");
  CHECK_STATUS(pool_destroy(the_default()), POOL_EBUSY);
}
static void heir(void) { expect_named(the_default(), "parent-"); }
static void forking(void) {
  configure("parent");
  in_child(heir);
  parents = the_default();
  expect_named(parents, "parent-");
  in_child(heir);
  in_child(child_of_user);
  expect_named(parents, "parent-");
}

enum { askers = 8 };
static pthread_barrier_t barrier;
static void* ask(void* pool) {
  pthread_barrier_wait(&barrier);
  *(pool_t*)pool = the_default();
  return NULL;
}
static void* configure_and_ask(void* pool) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  pthread_barrier_wait(&barrier);
  pool_status_t status = POOL_OK;
  for (int i = 0; i < 10 && status == POOL_OK; i++) status = pool_default_configure(&options);
  CHECK(status == POOL_OK || status == POOL_EBUSY);
  *(pool_t*)pool = the_default();
  CHECK_STATUS(pool_default_configure(&options), POOL_EBUSY);
  return NULL;
}
static void all_at_once(void) {
  pthread_t threads[askers];
  pool_t pools[askers];
  CHECK_EQ(pthread_barrier_init(&barrier, NULL, askers), 0);
  for (int i = 0; i < askers; i++) threads[i] = start(i % 2 == 0 ? ask : configure_and_ask, &pools[i]);
  for (int i = 0; i < askers; i++) pthread_join(threads[i], NULL);
  for (int i = 1; i < askers; i++) CHECK_EQ(pools[i].id, pools[0].id);
  /* No second one was made on the way: it would have a slot of its own. */
  const pool_t next = make_pool(1);
  CHECK_EQ((next.id & 0xffffff) - (pools[0].id & 0xffffff), 1);
}

int main(void) {
  in_child(plain);
  in_child(configured);
  if (FOLLOWS_FORKS) {
    in_child(forking);
  } else {
    puts("SKIPPED: forks; a sanitizer cannot follow threads that a child starts");
  }
  for (int i = 0; i < 50; i++) in_child(all_at_once);
  return 0;
}
