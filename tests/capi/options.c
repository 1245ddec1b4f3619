/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Option structs: what _init writes at each size, which struct_size is taken, which values are in range, NULLs. */
#define _GNU_SOURCE
#include "check.h"

typedef union {
  pool_options_t options;
  pool_group_options_t group;
  pool_task_t task;
  unsigned char bytes[256];
  uint32_t struct_size;
} any_t;

typedef pool_status_t (*init_fn)(any_t*, size_t);
static pool_status_t init_options(any_t* any, size_t size) {
  return pool_options_init(any != NULL ? &any->options : NULL, size);
}
static pool_status_t init_group(any_t* any, size_t size) {
  return pool_group_options_init(any != NULL ? &any->group : NULL, size);
}
static pool_status_t init_task(any_t* any, size_t size) {
  return pool_task_init(any != NULL ? &any->task : NULL, size);
}

static void check_init(init_fn init) {
  any_t any;
  CHECK_STATUS(init(NULL, 64), POOL_EINVAL);
  for (size_t size = 0; size <= 200; size++) {
    memset(&any, 0xee, sizeof any);
    const bool fine = size >= 8 && size % 4 == 0;
    CHECK_STATUS(init(&any, size), fine ? POOL_OK : POOL_EINVAL);
    if (fine) CHECK_EQ(any.struct_size, size);
    /* Never a byte behind what the caller has; nothing at all on failure. Every default is 0. */
    for (size_t i = fine ? size : 0; i < sizeof any; i++) CHECK_EQ(any.bytes[i], 0xee);
    for (size_t i = sizeof(uint32_t); fine && i < size; i++) CHECK_EQ(any.bytes[i], 0);
  }
}

static pool_t pool;
static pool_group_t group;

static pool_status_t use_options(const any_t* any) {
  pool_t made = {1};
  const pool_status_t status = pool_create(&any->options, &made);
  CHECK((status == POOL_OK) == (made.id != 0));
  if (status == POOL_OK) OK(pool_destroy(made));
  return status;
}
static pool_status_t use_group(const any_t* any) {
  pool_group_t made = {1};
  const pool_status_t status = pool_group_create(pool, &any->group, &made);
  CHECK((status == POOL_OK) == (made.id != 0));
  if (status == POOL_OK) OK(pool_group_destroy(made));
  return status;
}
static pool_status_t use_task(const any_t* any) { return pool_group_submit_task(group, &any->task); }

/* `least`: the size up to which a struct says enough to succeed. */
static void check_sizes(init_fn init, pool_status_t (*use)(const any_t*), size_t least, size_t whole) {
  any_t any;
  for (uint32_t size = 0; size <= 200; size++) {
    memset(&any, 0, sizeof any);
    OK(init(&any, 200));
    if (init == init_task) any.task.fn = task_nothing;
    if (init == init_options) any.options.name = "name"; /* half an address is none */
    any.struct_size = size;
    /* What lies behind struct_size does not count. */
    for (size_t i = size > whole ? size : whole; i < sizeof any; i++) any.bytes[i] = 0xee;
    const bool fine = size >= 8 && size % 4 == 0;
    CHECK_STATUS(use(&any), fine && size >= least ? POOL_OK : POOL_EINVAL);
    /* A field that this version does not know must be zero. */
    if (fine && size > whole) {
      any.bytes[size - 1] = 1;
      CHECK_STATUS(use(&any), POOL_EINVAL);
      any.bytes[size - 1] = 0;
      any.bytes[whole] = 1;
      CHECK_STATUS(use(&any), POOL_EINVAL);
    }
  }
}

static pool_status_t try_workers(uint32_t value) {
  any_t any;
  OK(init_options(&any, sizeof any.options));
  any.options.max_workers = value;
  return use_options(&any);
}
static pool_status_t try_capacity(uint32_t value) {
  any_t any;
  OK(init_options(&any, sizeof any.options));
  any.options.queue_capacity = value;
  return use_options(&any);
}
/* One field of the pool's options, by its place. */
static pool_status_t try_field(size_t offset, uint32_t value) {
  any_t any;
  OK(init_options(&any, sizeof any.options));
  memcpy(any.bytes + offset, &value, sizeof value);
  return use_options(&any);
}
static pool_status_t try_time(size_t offset, int64_t value) {
  any_t any;
  OK(init_options(&any, sizeof any.options));
  memcpy(any.bytes + offset, &value, sizeof value);
  return use_options(&any);
}
static pool_status_t try_staff(uint32_t min, uint32_t max, uint32_t burst) {
  any_t any;
  OK(init_options(&any, sizeof any.options));
  any.options.min_workers = min;
  any.options.max_workers = max;
  any.options.burst_workers = burst;
  return use_options(&any);
}
#define FIELD(name) offsetof(pool_options_t, name)
static pool_status_t try_group_overflow(uint32_t value) {
  any_t any;
  OK(init_group(&any, sizeof any.group));
  any.group.overflow = value;
  return use_group(&any);
}
static pool_status_t try_task_overflow(uint32_t value) {
  any_t any;
  OK(init_task(&any, sizeof any.task));
  any.task.fn = task_nothing;
  any.task.overflow = value;
  return use_task(&any);
}
static pool_status_t try_copy_size(uint64_t value) {
  char context[POOL_TASK_COPY_MAX] = {0};
  any_t any;
  OK(init_task(&any, sizeof any.task));
  any.task.fn = task_nothing;
  any.task.ctx = context;
  any.task.copy_size = value;
  return use_task(&any);
}

int main(void) {
  CHECK_EQ(sizeof(pool_options_t), 128);
  CHECK_EQ(sizeof(pool_group_options_t), 64);
  CHECK_EQ(sizeof(pool_task_t), 72);
  CHECK_EQ(sizeof(pool_stats_t), 160);
  CHECK_EQ(sizeof(pool_group_stats_t), 80);

  pool = make_pool(1);
  group = make_group(pool);
  check_init(init_options);
  check_init(init_group);
  check_init(init_task);
  check_sizes(init_options, use_options, 8, sizeof(pool_options_t));
  check_sizes(init_group, use_group, 8, sizeof(pool_group_options_t));
  check_sizes(init_task, use_task, offsetof(pool_task_t, ctx), sizeof(pool_task_t));

  OK(try_workers(0));
  OK(try_workers(1));
  OK(try_workers(32767));
  CHECK_STATUS(try_workers(32768), POOL_EINVAL);
  CHECK_STATUS(try_workers(UINT32_MAX), POOL_EINVAL);
  OK(try_capacity(0));
  OK(try_capacity(1));
  OK(try_capacity(1000000000));
  OK(try_capacity(POOL_UNBOUNDED));
  CHECK_STATUS(try_capacity(1000000001), POOL_EINVAL);
  CHECK_STATUS(try_capacity(UINT32_MAX - 1), POOL_EINVAL);
  for (uint32_t overflow = 0; overflow <= 5; overflow++) {
    OK(try_group_overflow(overflow));
    OK(try_task_overflow(overflow));
  }
  const uint32_t unknown[] = {6, 7, 255, INT32_MAX, UINT32_MAX};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    CHECK_STATUS(try_group_overflow(unknown[i]), POOL_EINVAL);
    CHECK_STATUS(try_task_overflow(unknown[i]), POOL_EINVAL);
  }
  static const struct {
    size_t offset;
    uint32_t last;
  } choices[] = {{FIELD(overflow), POOL_OVERFLOW_DISCARD_NEWEST},
                 {FIELD(wake_policy), POOL_WAKE_EAGER},
                 {FIELD(help), POOL_HELP_ALWAYS},
                 {FIELD(log_level), POOL_LOG_OFF},
                 {FIELD(prestart), 1}};
  for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
    for (uint32_t value = 0; value <= choices[i].last; value++) OK(try_field(choices[i].offset, value));
    CHECK_STATUS(try_field(choices[i].offset, choices[i].last + 1), POOL_EINVAL);
    CHECK_STATUS(try_field(choices[i].offset, INT32_MAX), POOL_EINVAL);
    CHECK_STATUS(try_field(choices[i].offset, UINT32_MAX), POOL_EINVAL);
  }
  const int64_t times[] = {INT64_MIN, -1, 0, 1, 1000, INT64_MAX - 1, INT64_MAX};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    OK(try_time(FIELD(overflow_timeout), times[i]));
    OK(try_time(FIELD(idle_timeout), times[i]));
    OK(try_time(FIELD(burst_delay), times[i]));
  }
  OK(try_staff(1, 1, 0));
  OK(try_staff(0, 1, 32766));
  OK(try_staff(32767, 32767, 0)); /* not prestarted */
  CHECK_STATUS(try_staff(2, 1, 0), POOL_EINVAL);
  CHECK_STATUS(try_staff(32768, 0, 0), POOL_EINVAL);
  CHECK_STATUS(try_staff(UINT32_MAX, 32767, 0), POOL_EINVAL);
  CHECK_STATUS(try_staff(0, 1, 32767), POOL_EINVAL);
  CHECK_STATUS(try_staff(0, 32767, 1), POOL_EINVAL);
  CHECK_STATUS(try_staff(0, 1, UINT32_MAX), POOL_EINVAL);
  OK(try_time(FIELD(stack_size), 0));
  OK(try_time(FIELD(stack_size), sysconf(_SC_THREAD_STACK_MIN)));
  CHECK_STATUS(try_time(FIELD(stack_size), sysconf(_SC_THREAD_STACK_MIN) - 1), POOL_EINVAL);
  CHECK_STATUS(try_time(FIELD(stack_size), 1), POOL_EINVAL);
  OK(try_time(FIELD(stack_size), -1)); /* more than there is: no thread can be started, but none is */
  for (uint64_t size = 0; size <= POOL_TASK_COPY_MAX; size++) OK(try_copy_size(size));
  CHECK_STATUS(try_copy_size(POOL_TASK_COPY_MAX + 1), POOL_EINVAL);
  CHECK_STATUS(try_copy_size(UINT64_C(1) << 32), POOL_EINVAL);
  CHECK_STATUS(try_copy_size(UINT64_MAX), POOL_EINVAL);

  /* NULLs. The defaults may be asked for by NULL. */
  pool_t made;
  OK(pool_create(NULL, &made));
  pool_group_t made_group;
  OK(pool_group_create(made, NULL, &made_group));
  CHECK_STATUS(pool_create(NULL, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_group_create(made, NULL, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_group_submit(group, NULL, NULL), POOL_EINVAL);
  CHECK_STATUS(pool_group_submit_task(group, NULL), POOL_EINVAL);
  pool_task_t task;
  OK(pool_task_init(&task, sizeof task));
  CHECK_STATUS(pool_group_submit_task(group, &task), POOL_EINVAL); /* no fn */
  task.fn = task_nothing;
  task.copy_size = 1;
  CHECK_STATUS(pool_group_submit_task(group, &task), POOL_EINVAL); /* nothing to copy */
  void* ctxs[1] = {NULL};
  size_t accepted = 5;
  CHECK_STATUS(pool_group_submit_n(group, NULL, ctxs, 1, NULL, &accepted), POOL_EINVAL);
  CHECK_EQ(accepted, 0);
  accepted = 5;
  CHECK_STATUS(pool_group_submit_n(group, task_nothing, NULL, 1, NULL, &accepted), POOL_EINVAL);
  CHECK_EQ(accepted, 0);
  OK(pool_group_submit_n(group, task_nothing, NULL, 0, NULL, NULL));

  /* What is written out. */
  union {
    pool_stats_t pool;
    pool_group_stats_t group;
    unsigned char bytes[256];
    uint32_t struct_size;
  } stats;
  CHECK_STATUS(pool_stats(pool, NULL, sizeof stats.pool), POOL_EINVAL);
  CHECK_STATUS(pool_group_stats(group, NULL, sizeof stats.group), POOL_EINVAL);
  for (size_t size = 0; size <= sizeof stats; size++) {
    const bool fine = size >= 8 && size % 4 == 0;
    memset(&stats, 0xee, sizeof stats);
    CHECK_STATUS(pool_stats(pool, &stats.pool, size), fine ? POOL_OK : POOL_EINVAL);
    size_t written = size < sizeof stats.pool ? size : sizeof stats.pool;
    if (fine) CHECK_EQ(stats.struct_size, written);
    for (size_t i = fine ? written : 0; i < sizeof stats; i++) CHECK_EQ(stats.bytes[i], 0xee);
    memset(&stats, 0xee, sizeof stats);
    CHECK_STATUS(pool_group_stats(group, &stats.group, size), fine ? POOL_OK : POOL_EINVAL);
    written = size < sizeof stats.group ? size : sizeof stats.group;
    if (fine) CHECK_EQ(stats.struct_size, written);
    for (size_t i = fine ? written : 0; i < sizeof stats; i++) CHECK_EQ(stats.bytes[i], 0xee);
  }
  char text[4];
  OK(pool_group_failure(group, NULL, NULL, 0));
  OK(pool_group_failure(group, NULL, text, sizeof text));
  CHECK_STATUS(pool_group_failure(group, NULL, NULL, 1), POOL_EINVAL);
  CHECK_STATUS(pool_resize(made, 2, 1), POOL_EINVAL);
  CHECK_STATUS(pool_resize(made, 0, 32768), POOL_EINVAL);
  CHECK_STATUS(pool_resize(made, UINT32_MAX, 1), POOL_EINVAL);
  OK(pool_resize(made, 0, 32767));
  OK(pool_resize(made, 0, 0)); /* the default */
  CHECK_STATUS(pool_shutdown(made, 0, 0), POOL_EINVAL);
  CHECK_STATUS(pool_shutdown(made, 3, 0), POOL_EINVAL);
  CHECK_STATUS(pool_shutdown(made, -1, LONG_NS), POOL_EINVAL);
  OK(pool_group_submit(made_group, task_nothing, NULL)); /* it is still open */
  CHECK_STATUS(pool_task_set_failure(1, "outside a task"), POOL_EINVAL);

  OK(pool_group_wait(group));
  OK(pool_destroy(made));
  OK(pool_destroy(pool));
  return 0;
}
