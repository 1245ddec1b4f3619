// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Threads that are in the middle of everything (the log, memory for slots, submits, waits, ends of groups and pools)
// while the process forks, again and again. Whatever they held, a child can do what a fresh process can, and knows its
// parent's handles for what they are; the parent's accounts are right in the end.
#include <fcntl.h>
#include <sys/wait.h>

#include "stress.hpp"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define FOLLOWS_FORKS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define FOLLOWS_FORKS 0
#endif
#endif
#ifndef FOLLOWS_FORKS
#define FOLLOWS_FORKS 1
#endif

using namespace stress;

namespace {

std::atomic<bool> over = false;
pool_t pool;

// What a child does: the same that its parent's threads were in the middle of.
void live(pool_group_t parents) {
  alarm(60);
  CHECK_STATUS(pool_group_submit(parents, Job::run, nullptr), POOL_EFORKED);
  CHECK_STATUS(pool_group_wait(parents), POOL_EFORKED);
  CHECK_STATUS(pool_destroy(pool), POOL_EFORKED);
  pool_options_t wrong;
  OK(pool_options_init(&wrong, sizeof wrong));
  wrong.max_workers = UINT32_MAX;
  pool_t none;
  CHECK_STATUS(pool_create(&wrong, &none), POOL_EINVAL);  // writes a line to the log
  const pool_t mine = make_pool(2);
  Jobs jobs(50);
  for (int i = 0; i < 50; ++i) {
    const pool_group_t group = make_group(mine);
    OK(jobs[i].submit(group));
    if (i % 2 == 0) OK(pool_group_wait(group));
    OK(pool_group_detach(group));
  }
  OK(pool_destroy(mine));
  jobs.check(false);
}

void log_lines() {
  pool_options_t wrong;
  OK(pool_options_init(&wrong, sizeof wrong));
  wrong.max_workers = UINT32_MAX;
  pool_t none;
  while (!over) CHECK_STATUS(pool_create(&wrong, &none), POOL_EINVAL);
}

// More groups at once than before, time and again: slots, segments and their free lists grow.
void make_groups(int each) {
  for (int count = 1; !over; count = count < each ? count * 2 : 1) {
    std::vector<pool_group_t> groups;
    for (int i = 0; i < count; ++i) groups.push_back(make_group(pool));
    for (const pool_group_t group : groups) OK(pool_group_destroy(group));
  }
}

void submit_and_wait(std::uint32_t stream) {
  Random random(stream);
  while (!over) {
    const pool_t own = random.chance(10) ? make_pool(1) : pool;
    const pool_group_t group = make_group(own);
    const int count = 1 + static_cast<int>(random.below(100));
    Jobs jobs(count);
    for (int i = 0; i < count; ++i) OK(jobs[i].submit(group));
    OK(pool_group_wait(group));
    OK(pool_group_destroy(group));
    jobs.check(false);
    if (own.id != pool.id) OK(pool_destroy(own));
  }
}

void fork_once(pool_group_t group) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    live(group);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  if (!FOLLOWS_FORKS) {
    std::puts("SKIPPED: a sanitizer cannot follow threads that a child starts");
    return 0;
  }
  // The lines are expected, and many. What the checks say goes there, too: run it with an argument to see it.
  if (argc < 2) CHECK(dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) == STDERR_FILENO);
  pool = make_pool(3);
  const pool_group_t group = make_group(pool);
  const int rounds = scaled(300);
  in_threads(6, [&](int i) {
    if (i == 0) return log_lines();
    if (i == 1) return make_groups(4096);
    if (i < 4) return submit_and_wait(static_cast<std::uint32_t>(i));
    static std::atomic<int> forkers = 2;
    for (int round = 0; round < rounds; ++round) fork_once(group);  // two threads fork, also at the same time
    if (--forkers == 0) over = true;
  });
  OK(pool_group_wait(group));
  CHECK(stats_of(group).submitted == 0);
  OK(pool_destroy(pool));
}
