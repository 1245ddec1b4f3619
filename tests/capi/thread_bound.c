/* SPDX-License-Identifier: MIT
 * Copyright (c) the libpool authors
 *
 * Never more threads than max_workers, burst_workers and one housekeeper, at no instant: a process of its own looks all
 * the time while bursts, leavers, resizes and tasks that end their threads come thick and fast. It asks the kernel for
 * the count, which is a single number; to list the threads would take a while, and meanwhile some go and others come.
 */
#define _GNU_SOURCE
#include "staff.h"

#include <fcntl.h>
#include <sys/mman.h>

typedef struct shared {
  atomic_bool stop;
  atomic_long samples;
  atomic_int most;   /* seen since the last change of `allowed` */
  atomic_int others; /* threads that are not the pool's */
} shared_t;
static shared_t* shared;

static int count_of(int stat) {
  char text[1024];
  const ssize_t got = pread(stat, text, sizeof text - 1, 0);
  if (got <= 0) return -1;
  text[got] = '\0';
  const char* at = strrchr(text, ')');
  for (int field = 2; field < 20 && at != NULL; field++) at = strchr(at + 1, ' ');
  return at != NULL ? atoi(at + 1) : -1;
}

static int open_stat(pid_t process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  const int stat = open(path, O_RDONLY);
  CHECK(stat >= 0);
  return stat;
}

static void sample(pid_t parent) {
  const int stat = open_stat(parent);
  while (!shared->stop) {
    const int count = count_of(stat);
    if (count < 0) break;
    if (count > shared->most) shared->most = count;
    shared->samples++;
  }
  _exit(0);
}

static pool_t pool;
static atomic_int runs;

static int32_t work(void* ctx) {
  const uintptr_t kind = (uintptr_t)ctx % 16;
  runs++;
  if (kind == 0) pthread_exit(NULL);
  if (kind == 1) usleep(200);
  if (kind == 2) {
    const int until = runs + 2; /* stuck for a while, if anybody else is there */
    for (int i = 0; i < 50 && runs < until; i++) usleep(20);
  }
  return 0;
}

/* The bounds go up and down, between 1 and `max`. */
static void storm(uint32_t max, uint32_t burst, int64_t idle_timeout, int64_t burst_delay, int rounds, bool resizes) {
  pool_options_t options = staff_options(0, max, idle_timeout);
  options.burst_workers = burst;
  options.burst_delay = burst_delay;
  shared->most = 0;
  pool = make_pool_with(&options);
  uint32_t seed = max * 2654435761U;
  int submitted = 0;
  runs = 0;
  for (int i = 0; i < rounds; i++) {
    const pool_group_t group = make_group(pool);
    seed = seed * 1664525 + 1013904223;
    const uint32_t count = 1 + (seed >> 16) % (2 * (max + burst));
    for (uint32_t j = 0; j < count; j++) {
      seed = seed * 1664525 + 1013904223;
      OK(pool_group_submit(group, work, (void*)(uintptr_t)(seed >> 8)));
    }
    submitted += (int)count;
    if (resizes && i % 3 == 0) OK(pool_resize(pool, (seed >> 12) % 2, 1 + (seed >> 16) % max));
    const pool_status_t status = pool_group_wait_for(group, LONG_NS);
    CHECK(status == POOL_OK || status == POOL_EFAILED);
    OK(pool_group_destroy(group));
    while (i % 8 == 0 && stats_of(pool).workers > 1) sched_yield(); /* min_workers may be 1 */
  }
  CHECK_EQ(runs, submitted);
  OK(pool_destroy(pool));
  const int allowed = shared->others + (int)(max + burst) + 1;
  if (shared->most > allowed) {
    fprintf(stderr, "max %u, burst %u: %d threads, of which %d are not the pool's\n", max, burst, shared->most,
            shared->others);
    shared->stop = true;
    check_failed();
  }
}

int main(void) {
  const char* text = getenv("POOL_TEST_SCALE");
  const double scale = text != NULL ? atof(text) : 1;
  const int rounds = scale > 0 && scale < 1 ? (int)(400 * scale) + 1 : 400;
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(shared != MAP_FAILED);
  const pid_t parent = getpid();
  const pid_t sampler = fork();
  CHECK(sampler >= 0);
  if (sampler == 0) sample(parent);
  shared->others = threads_at_first();
  CHECK_EQ(count_of(open_stat(parent)), shared->others);
  for (int i = 0; i < worker_counts_size; i++) {
    const uint32_t max = worker_counts[i];
    const int some = max > 8 ? rounds / 8 + 1 : rounds;
    storm(max, 0, -1, 0, some, false);
    storm(max, 0, 50000, 0, some, true);
    storm(max, max, -1, -1, some, false);
    storm(max, 1 + max / 2, 20000, 100000, some, true);
  }
  CHECK(shared->samples > 1000);
  shared->stop = true;
  CHECK_EQ(waitpid(sampler, NULL, 0), sampler);
  printf("%ld samples\n", (long)shared->samples);
  return 0;
}
