/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * 16,777,216 jobs may be alive; one more is POOL_ENOMEM and leaves nothing behind; as many as are let go of are
 * possible again. It takes 2.5 GiB and, without optimization, half a minute: skipped where memory is short, and under
 * sanitizers, which take a multiple. */
#define _GNU_SOURCE
#include "rig.h"

enum { most = 16777216, some = 3000 };

#define NEEDED (INT64_C(6) << 30)

/* The number after `key` in a file; INT64_MAX: it is not there, or says "max". */
static int64_t number_in(const char* path, const char* key) {
  char text[4096];
  if (!read_proc(path, text, sizeof text)) return INT64_MAX;
  const char* at = strstr(text, key);
  if (at == NULL) return INT64_MAX;
  char* end = NULL;
  const int64_t number = strtoll(at + strlen(key), &end, 10);
  return end == at + strlen(key) ? INT64_MAX : number;
}
static bool has_memory(void) {
  const int64_t free_kib = number_in("/proc/meminfo", "MemAvailable:");
  return free_kib != INT64_MAX && free_kib >= NEEDED / 1024 && number_in("/sys/fs/cgroup/memory.max", "") >= NEEDED &&
         number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", "") >= NEEDED;
}

static int32_t nothing(void* ctx, void** result) {
  *result = ctx;
  return 0;
}

int main(void) {
  if (SANITIZED || !has_memory()) {
    printf("SKIPPED: 6 GiB of free memory\n");
    return 0;
  }
  pool_job_t* const jobs = malloc(most * sizeof *jobs);
  CHECK(jobs != NULL);
  const pool_t pool = make_pool_of(1, POOL_UNBOUNDED, POOL_OVERFLOW_REJECT);
  const pool_group_t group = make_group(pool);
  uint64_t made = 0;
  for (; made < most; made++) OK(pool_group_submit_job(group, nothing, NULL, NULL, NULL, &jobs[made]));
  for (int round = 0; round < 3; round++) {
    pool_job_t more = {5};
    CHECK_STATUS(pool_group_submit_job(group, nothing, NULL, NULL, NULL, &more), POOL_ENOMEM);
    CHECK_EQ(more.id, 0);
    OK(pool_group_wait(group));
    check_counts(group, (counts_t){made, made, 0, 0, 0});
    /* From all over the table. */
    for (int i = 0; i < some; i++) OK(pool_job_release(jobs[(most / some) * i + round]));
    for (int i = 0; i < some; i++, made++) {
      pool_job_t* const job = &jobs[(most / some) * i + round];
      const pool_job_t before = *job;
      OK(pool_group_submit_job(group, nothing, job, NULL, NULL, job));
      CHECK(job->id != before.id);
      CHECK_STATUS(pool_job_wait(before), POOL_EBADHANDLE);
    }
  }
  void* result = NULL;
  OK(pool_job_wait(jobs[2]));
  OK(pool_job_result(jobs[2], &result));
  CHECK(result == &jobs[2]);
  OK(pool_destroy(pool));
  free(jobs);
  return 0;
}
