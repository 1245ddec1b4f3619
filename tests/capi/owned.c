/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * A group that one thread makes and uses by itself: its waits keep their deadline and say what has become of the group,
 * its gauges are exact around nested waits, and other groups have their turn behind many of them. */
#define _GNU_SOURCE
#include "rig.h"

/* As if nobody had ever come to a group of this thread: the next ones are its own again. */
static void make_owner(pool_t pool) {
  for (int i = 0; i < 1000; i++) {
    const pool_group_t group = make_group(pool);
    OK(pool_group_destroy(group));
  }
}

static int32_t task_long(void* ctx) {
  (void)ctx;
  usleep(20000);
  return 0;
}

/* The only worker is busy, and the waiter helps: it may go over its deadline by one task, not by all. */
static void timed_wait(void) {
  pool_options_t options = pool_defaults();
  options.max_workers = 1;
  options.help = POOL_HELP_ALWAYS;
  pool_t pool;
  OK(pool_create(&options, &pool));
  hold_t hold;
  hold_workers(&hold, pool, 1);
  make_owner(pool);
  const pool_group_t group = make_group(pool);
  for (int i = 0; i < 6; i++) OK(pool_group_submit(group, task_long, NULL));
  CHECK_STATUS(pool_group_wait_for(group, 1000000), POOL_ETIMEDOUT);
  CHECK(group_stats_of(group).queued >= 4);
  release_workers(&hold);
  OK(pool_group_destroy(group));
  OK(pool_destroy(pool));
}

static int32_t task_detach(void* ctx) {
  OK(pool_group_detach(*(pool_group_t*)ctx));
  return 0;
}

static void detached_by_its_task(void) {
  const pool_t pool = make_pool(1);
  hold_t hold;
  hold_workers(&hold, pool, 1);
  make_owner(pool);
  pool_group_t group = make_group(pool);
  OK(pool_group_submit(group, task_detach, &group));
  CHECK_STATUS(pool_group_wait(group), POOL_ECLOSED);
  CHECK_STATUS(pool_group_wait(group), POOL_EBADHANDLE);
  release_workers(&hold);
  OK(pool_destroy(pool));
}

typedef struct around {
  pool_t pools[2];
  pool_group_t group;
} around_t;

/* With a wait of its own; then one task of either pool is running here, and one is held. */
static int32_t task_nested(void* ctx) {
  const around_t* around = (const around_t*)ctx;
  const pool_group_t inner = make_group(around->pools[1]);
  for (int i = 0; i < 3; i++) OK(pool_group_submit(inner, task_nothing, NULL));
  OK(pool_group_wait(inner));
  CHECK_EQ(group_stats_of(inner).running, 0);
  CHECK_EQ(group_stats_of(inner).succeeded, 3);
  CHECK_EQ(group_stats_of(around->group).running, 1);
  CHECK_EQ(stats_of(around->pools[0]).running, 2);
  CHECK_EQ(stats_of(around->pools[1]).running, 1);
  OK(pool_group_destroy(inner));
  return 0;
}

static void gauges_around_a_nested_wait(void) {
  around_t around;
  hold_t holds[2];
  for (int i = 0; i < 2; i++) {
    around.pools[i] = make_pool(1);
    hold_workers(&holds[i], around.pools[i], 1);
  }
  make_owner(around.pools[0]);
  around.group = make_group(around.pools[0]);
  for (int i = 0; i < 3; i++) OK(pool_group_submit(around.group, task_nothing, NULL));
  OK(pool_group_submit(around.group, task_nested, &around));
  OK(pool_group_submit(around.group, task_nested, &around));
  OK(pool_group_submit(around.group, task_nothing, NULL));
  OK(pool_group_wait(around.group));
  for (int i = 0; i < 2; i++) {
    release_workers(&holds[i]);
    OK(pool_destroy(around.pools[i]));
  }
}

typedef struct crowd {
  pool_t pool;
  pool_group_t busy;
  atomic_int turns, over;
  atomic_int is_set_up; /* 1: the forty are there; 2: all are */
} crowd_t;

/* Submits itself again, for ever. */
static int32_t task_chain(void* ctx) {
  crowd_t* crowd = (crowd_t*)ctx;
  burn(1000);
  atomic_fetch_add(&crowd->turns, 1);
  if (!atomic_load(&crowd->over)) OK(pool_group_submit(crowd->busy, task_chain, crowd));
  return 0;
}

/* Forty groups that always have a task or have just had one. */
static void* move_on(void* ctx) {
  crowd_t* crowd = (crowd_t*)ctx;
  pool_group_t groups[40];
  for (int i = 0; i < 40; i++) groups[i] = make_group(crowd->pool);
  atomic_store(&crowd->is_set_up, 1);
  while (atomic_load(&crowd->is_set_up) != 2) sched_yield();
  while (!atomic_load(&crowd->over)) {
    for (int i = 0; i < 40; i++) {
      OK(pool_group_submit(groups[i], task_nothing, NULL));
      OK(pool_group_wait(groups[i]));
    }
    for (int i = 0; i < 40; i++) {
      OK(pool_group_destroy(groups[i]));
      groups[i] = make_group(crowd->pool);
    }
  }
  return NULL;
}

/* A third one's tasks have their turn, by the turns of the busy one: 100 to 1,000 of them, when all is well. */
static void turns_behind_many(void) {
  crowd_t crowd = {.pool = make_pool(1)};
  const pthread_t mover = start(move_on, &crowd);
  while (atomic_load(&crowd.is_set_up) != 1) sched_yield();
  const pool_group_t rare = make_group(crowd.pool);
  crowd.busy = make_group(crowd.pool);
  for (int i = 0; i < 64; i++) OK(pool_group_submit(crowd.busy, task_chain, &crowd));
  atomic_store(&crowd.is_set_up, 2);
  for (int i = 0; i < scaled(1000); i++) {
    const int before = atomic_load(&crowd.turns);
    OK(pool_group_submit(rare, task_nothing, NULL));
    while (pool_group_poll(rare) == POOL_EBUSY) {
      CHECK(atomic_load(&crowd.turns) - before < 200000);
      sched_yield();
    }
  }
  atomic_store(&crowd.over, 1);
  pthread_join(mover, NULL);
  OK(pool_destroy(crowd.pool));
}

int main(void) {
  timed_wait();
  detached_by_its_task();
  gauges_around_a_nested_wait();
  turns_behind_many();
  return 0;
}
