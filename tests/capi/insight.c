/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * What pool_stats and insight.h tell of a running pool: counts of all outcomes, how long tasks wait and run, how old
 * the queue is, metrics as text. */
#define _GNU_SOURCE
#include <pool/insight.h>

#include "rig.h"

static pool_histogram_t histogram_of(pool_t pool, int32_t which) {
  pool_histogram_t histogram;
  OK(pool_histogram(pool, which, &histogram, sizeof histogram));
  uint64_t sum = 0;
  for (uint32_t i = 0; i < POOL_HISTOGRAM_BUCKETS; i++) sum += histogram.buckets[i];
  CHECK_EQ(sum, histogram.count);
  return histogram;
}

/* --- how long --- */

static pool_t make_timed(uint32_t workers, uint64_t timing) {
  pool_options_t options = pool_defaults();
  pool_t pool;
  options.max_workers = workers;
  options.timing = timing;
  options.help = POOL_HELP_NEVER;
  OK(pool_create(&options, &pool));
  return pool;
}

static int32_t spend_1ms(void* ctx) {
  (void)ctx;
  for (const int64_t end = now_ns() + 1000000; now_ns() < end;) {
  }
  return 0;
}
static int32_t task_again(void* ctx) {
  int* left = (int*)ctx;
  return (*left)-- > 0 ? pool_task_again_after(0) : 0;
}
static int32_t task_all_x(void* ctx) {
  for (int i = 0; i < POOL_TASK_COPY_MAX; i++) CHECK(((const char*)ctx)[i] == 'x');
  return 0;
}
static int32_t job_nothing(void* ctx, void** result) {
  (void)ctx;
  (void)result;
  return 0;
}

/* Each task, one in four, none; tasks of all kinds. */
static void check_histograms(uint32_t workers) {
  const pool_t pool = make_timed(workers, 1);
  const pool_group_t group = make_group(pool);
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  CHECK_EQ(histogram_of(pool, POOL_HISTOGRAM_WAIT).count, 100);
  CHECK_EQ(histogram_of(pool, POOL_HISTOGRAM_RUN).count, 100);
  OK(pool_timing(pool, 4));
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  CHECK_EQ(histogram_of(pool, POOL_HISTOGRAM_WAIT).count, 125);
  OK(pool_timing(pool, 0));
  for (int i = 0; i < 100; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  CHECK_EQ(histogram_of(pool, POOL_HISTOGRAM_RUN).count, 125);
  OK(pool_timing(pool, 1));
  /* One that hands itself back has waited once, and runs three times. A delayed one is not timed. */
  int left = 2;
  pool_job_t job;
  atomic_int drops = 0;
  pool_task_t with_drop = {.struct_size = sizeof with_drop, .fn = task_nothing, .ctx = &drops, .drop = drop_count};
  OK(pool_group_submit(group, task_again, &left));
  OK(pool_group_submit_job(group, job_nothing, NULL, NULL, NULL, &job));
  OK(pool_group_submit_task(group, &with_drop));
  OK(pool_group_submit_after(group, 1000, task_nothing, NULL, NULL));
  int copied_left = 2;
  pool_task_t copied = {
      .struct_size = sizeof copied, .fn = task_again, .ctx = &copied_left, .copy_size = sizeof copied_left};
  OK(pool_group_submit_task(group, &copied));
  char bytes[POOL_TASK_COPY_MAX];
  memset(bytes, 'x', sizeof bytes);
  copied.fn = task_all_x;
  copied.ctx = bytes;
  copied.copy_size = sizeof bytes;
  OK(pool_group_submit_task(group, &copied));
  OK(pool_group_wait(group));
  OK(pool_job_release(job));
  CHECK_EQ(drops, 1);
  CHECK_EQ(histogram_of(pool, POOL_HISTOGRAM_WAIT).count, 130);
  const uint64_t before = histogram_of(pool, POOL_HISTOGRAM_RUN).sum;
  CHECK_EQ(histogram_of(pool, POOL_HISTOGRAM_RUN).count, 130);
  for (int i = 0; i < 10; i++) OK(pool_group_submit(group, spend_1ms, NULL));
  OK(pool_group_wait(group));
  const pool_histogram_t runs = histogram_of(pool, POOL_HISTOGRAM_RUN);
  CHECK(runs.sum - before >= 10 * 1000000);
  CHECK(runs.longest >= 1000000);
  CHECK(pool_histogram_percentile(&runs, 100) == runs.longest);
  CHECK(pool_histogram_percentile(&runs, 95) >= 1000000);
  int64_t last = 0;
  for (double percent = 0; percent <= 100; percent += 0.5) {
    const int64_t now = pool_histogram_percentile(&runs, percent);
    CHECK(now >= last);
    last = now;
  }
  OK(pool_destroy(pool));
}

/* The median of nine known durations lies in its bucket, at most a quarter too high. */
static void check_percentiles(void) {
  pool_histogram_t histogram = {.struct_size = sizeof histogram};
  CHECK_EQ(pool_histogram_percentile(&histogram, 50), 0);
  CHECK_EQ(pool_histogram_percentile(NULL, 50), 0);
  CHECK_EQ(pool_histogram_bound(0), 64);
  CHECK_EQ(pool_histogram_bound(1), 80);
  CHECK_EQ(pool_histogram_bound(4), 128);
  CHECK_EQ(pool_histogram_bound(POOL_HISTOGRAM_BUCKETS - 1), INT64_MAX);
  CHECK_EQ(pool_histogram_bound(UINT32_MAX), INT64_MAX);
  histogram.buckets[0] = 4;
  histogram.buckets[1] = 1;
  histogram.buckets[5] = 4;
  histogram.count = 9;
  histogram.longest = 130;
  CHECK_EQ(pool_histogram_percentile(&histogram, 0), 64);
  CHECK_EQ(pool_histogram_percentile(&histogram, 44), 64);
  CHECK_EQ(pool_histogram_percentile(&histogram, 50), 80);
  CHECK_EQ(pool_histogram_percentile(&histogram, 56), 130);
  CHECK_EQ(pool_histogram_percentile(&histogram, 101), 130);
}

/* --- how old --- */

static int64_t oldest_of(pool_group_t group) {
  pool_group_stats_t stats;
  OK(pool_group_stats(group, &stats, sizeof stats));
  return stats.oldest_wait;
}
static void check_oldest(uint64_t timing) {
  const pool_t pool = make_timed(1, timing);
  const pool_group_t held = make_group(pool);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  OK(pool_group_submit(held, task_gate, &gate));
  gate_await(&gate, 1);
  CHECK_EQ(oldest_of(group), 0);
  CHECK_EQ(stats_of(pool).oldest_wait, 0);
  const int64_t before = now_ns();
  OK(pool_group_submit(group, task_nothing, NULL));
  const int64_t after = now_ns();
  for (int i = 0; i < 10; i++) OK(pool_group_submit(group, task_nothing, NULL));
  for (int i = 0; i < 5; i++) {
    const int64_t least = now_ns() - after;
    const int64_t oldest = i % 2 == 0 ? oldest_of(group) : stats_of(pool).oldest_wait;
    CHECK(oldest >= least);
    CHECK(oldest <= now_ns() - before);
  }
  gate_open(&gate);
  OK(pool_group_wait(group));
  CHECK_EQ(oldest_of(group), 0);
  /* One that starts tells how old those behind it are at most. */
  gate_t first = GATE_CLOSED;
  gate_t second = GATE_CLOSED;
  OK(pool_group_submit(group, task_gate, &first));
  gate_await(&first, 1);
  const int64_t between = now_ns();
  OK(pool_group_submit(group, task_gate, &second));
  OK(pool_group_submit(group, task_nothing, NULL));
  gate_open(&first);
  gate_await(&second, 1);
  const int64_t oldest = oldest_of(group);
  CHECK(oldest > 0 && oldest <= now_ns() - between);
  /* Nobody times any more. */
  OK(pool_timing(pool, 0));
  CHECK_EQ(oldest_of(group), 0);
  gate_open(&second);
  OK(pool_group_wait(group));
  OK(pool_destroy(pool));
}

static void check_longest_run(void) {
  const pool_t pool = make_timed(2, 0);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  CHECK_EQ(stats_of(pool).longest_run, 0);
  OK(pool_group_submit(group, task_gate, &gate));
  gate_await(&gate, 1);
  const int64_t begun = now_ns();
  while (now_ns() - begun < 5000000) sched_yield();
  /* (Two clocks, that agree to a per mille or so.) */
  CHECK(stats_of(pool).longest_run >= 4000000);
  gate_open(&gate);
  OK(pool_group_wait(group));
  while (stats_of(pool).workers_idle != stats_of(pool).workers) sched_yield();
  CHECK_EQ(stats_of(pool).longest_run, 0);
  OK(pool_destroy(pool));
}

/* --- counts --- */

static void check_outcomes(uint32_t workers) {
  const pool_t pool = make_timed(workers, 0);
  const pool_group_t held = make_group(pool);
  const pool_group_t group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  for (uint32_t i = 0; i < workers; i++) OK(pool_group_submit(held, task_gate, &gate));
  gate_await(&gate, (int)workers);
  for (int i = 0; i < 50; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_cancel(group));
  gate_open(&gate);
  CHECK_STATUS(pool_group_wait(group), POOL_ECANCELED);
  OK(pool_group_wait(held));
  OK(pool_group_reset(group));
  for (int i = 0; i < 30; i++) OK(pool_group_submit(group, task_fail, NULL));
  CHECK_STATUS(pool_group_wait(group), POOL_EFAILED);
  OK(pool_group_destroy(group));
  pool_stats_t stats = stats_of(pool);
  CHECK_EQ(stats.cancelled, 50);
  CHECK_EQ(stats.failed, 30);
  while (stats_of(pool).workers_idle != stats_of(pool).workers) sched_yield();
  stats = stats_of(pool);
  CHECK_EQ(stats.finished, workers + 80);
  CHECK_EQ(stats.helps, 0);
  /* All are about to park, or have: a task wakes one, if none finds it by itself at that moment. */
  uint64_t wakes = stats.wakes;
  for (int round = 0; wakes == stats.wakes; round++) {
    CHECK(round < 1000);
    while (stats_of(pool).workers_idle != stats_of(pool).workers) sched_yield();
    OK(pool_group_submit(held, task_nothing, NULL));
    OK(pool_group_wait(held));
    wakes = stats_of(pool).wakes;
  }
  OK(pool_destroy(pool));
}

/* A thread that waits helps, and turns to another pool: what it did for the first one is not lost. */
static int32_t task_fan(void* ctx) {
  const pool_group_t group = make_group(*(pool_t*)ctx);
  for (int i = 0; i < 3; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  OK(pool_group_destroy(group));
  return 0;
}
static void check_helps(void) {
  pool_t pools[2] = {make_pool(1), make_pool(1)};
  gate_t gate = GATE_CLOSED;
  pool_group_t held[2];
  for (int i = 0; i < 2; i++) {
    held[i] = make_group(pools[i]);
    OK(pool_group_submit(held[i], task_gate, &gate));
  }
  gate_await(&gate, 2);
  for (int round = 0; round < 10; round++) task_fan(&pools[round % 2]);
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(stats_of(pools[i]).helps, 15);
    CHECK_EQ(stats_of(pools[i]).finished, 15);
  }
  gate_open(&gate);
  for (int i = 0; i < 2; i++) {
    OK(pool_group_submit(held[i], task_fan, &pools[i]));
    OK(pool_destroy(pools[i]));
  }
}

/* --- metrics --- */

static void check_metrics(void) {
  pool_options_t options = pool_defaults();
  pool_t pool;
  char text[16384];
  size_t length = 0;
  options.name = "a\"b";
  options.max_workers = 1;
  options.timing = 1;
  OK(pool_create(&options, &pool));
  const pool_group_t group = make_group(pool);
  for (int i = 0; i < 7; i++) OK(pool_group_submit(group, task_nothing, NULL));
  OK(pool_group_wait(group));
  CHECK_STATUS(pool_metrics(pool, NULL, 0, &length), POOL_EFULL);
  CHECK(length > 1000 && length < sizeof text);
  CHECK_STATUS(pool_metrics(pool, text, 10, NULL), POOL_EFULL);
  CHECK_STATUS(pool_metrics(pool, NULL, 10, NULL), POOL_EINVAL);
  OK(pool_metrics(pool, text, sizeof text, &length));
  CHECK_EQ(strlen(text), length);
  CHECK(strstr(text, "\nlibpool_wait_seconds_count{pool=\"a\\\"b\"} 7\n") != NULL);
  CHECK(strstr(text, "\nlibpool_wait_seconds_bucket{pool=\"a\\\"b\",le=\"+Inf\"} 7\n") != NULL);
  CHECK(strcmp(text + length - 6, "# EOF\n") == 0);
  OK(pool_destroy(pool));
  CHECK_STATUS(pool_metrics(pool, text, sizeof text, &length), POOL_EBADHANDLE);
}

/* A pool's name is any bytes, 15 of them are kept; as a label it is UTF-8, and on one line. */
static void check_metrics_name(const char* name, const char* label) {
  pool_options_t options = pool_defaults();
  pool_t pool;
  char text[16384];
  char line[100];
  options.name = name;
  OK(pool_create(&options, &pool));
  OK(pool_metrics(pool, text, sizeof text, NULL));
  snprintf(line, sizeof line, "\nlibpool_workers{pool=\"%s\"} 0\n", label);
  if (strstr(text, line) == NULL) fprintf(stderr, "%s is not in: %.200s\n", line, text);
  CHECK(strstr(text, line) != NULL);
  OK(pool_destroy(pool));
}
#define NO_CHARACTER "\xef\xbf\xbd"
static void check_metrics_names(void) {
  check_metrics_name("a\\b\nc", "a\\\\b\\nc");
  check_metrics_name("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  check_metrics_name("cut within a ch\xc3\xa9", "cut within a ch");
  check_metrics_name("cut within a c\xc3\xa9", "cut within a c" NO_CHARACTER);
  check_metrics_name(
      "a\xff"
      "b\x80",
      "a" NO_CHARACTER "b" NO_CHARACTER);
  check_metrics_name("\xc1\xbf", NO_CHARACTER NO_CHARACTER);                                   /* too long a form */
  check_metrics_name("\xe0\x9f\xbf", NO_CHARACTER NO_CHARACTER NO_CHARACTER);                  /* so is this */
  check_metrics_name("\xed\xa0\x80", NO_CHARACTER NO_CHARACTER NO_CHARACTER);                  /* a surrogate */
  check_metrics_name("\xf4\x90\x80\x80", NO_CHARACTER NO_CHARACTER NO_CHARACTER NO_CHARACTER); /* above U+10FFFF */
}

static void check_refused(void) {
  pool_options_t options = pool_defaults();
  pool_t pool;
  pool_histogram_t histogram;
  const pool_t none = {0};
  options.timing = (uint64_t)UINT32_MAX + 1;
  CHECK_STATUS(pool_create(&options, &pool), POOL_EINVAL);
  pool = make_pool(1);
  CHECK_STATUS(pool_histogram(pool, 0, &histogram, sizeof histogram), POOL_EINVAL);
  CHECK_STATUS(pool_histogram(pool, 3, &histogram, sizeof histogram), POOL_EINVAL);
  CHECK_STATUS(pool_histogram(pool, POOL_HISTOGRAM_RUN, NULL, sizeof histogram), POOL_EINVAL);
  CHECK_STATUS(pool_histogram(pool, POOL_HISTOGRAM_RUN, &histogram, 3), POOL_EINVAL);
  CHECK_STATUS(pool_histogram(none, POOL_HISTOGRAM_RUN, &histogram, sizeof histogram), POOL_EBADHANDLE);
  CHECK_STATUS(pool_timing(none, 1), POOL_EBADHANDLE);
  CHECK_STATUS(pool_dump(none, 2), POOL_EBADHANDLE);
  CHECK_STATUS(pool_dump(pool, -1), POOL_EINVAL);
  OK(pool_destroy(pool));
}

int main(void) {
  check_percentiles();
  check_histograms(1);
  check_histograms(3);
  check_oldest(1);
  check_oldest(1000); /* nearly none of them is timed */
  check_longest_run();
  check_outcomes(1);
  check_outcomes(3);
  check_helps();
  check_metrics();
  check_metrics_names();
  check_refused();
  return 0;
}
