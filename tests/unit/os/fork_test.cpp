// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/fork.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "os/arena.hpp"

namespace pool::os {
namespace {

int calls = 0;
void count() { ++calls; }

// What the child's `life` returns.
template <class Life>
int in_child(Life life) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    _exit(life());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Fork, RaisesTheEraInTheChildAndCallsTheHookThere) {
  ASSERT_TRUE(watch_forks(count));
  ASSERT_TRUE(watch_forks(count));  // once is enough
  ASSERT_EQ(era(), 0U);
  EXPECT_EQ(in_child([] { return static_cast<int>(era()) * 10 + calls; }), 11);
  EXPECT_EQ(in_child([] { return in_child([] { return static_cast<int>(era()) * 10 + calls; }); }), 22);
  EXPECT_EQ(era(), 0U);
  EXPECT_EQ(calls, 0);
}

TEST(Fork, FindsNobodyInTheMiddleOfAnAllocation) {
  ASSERT_TRUE(watch_forks(count));
  std::atomic<bool> over = false;
  std::thread allocating([&over] {
    while (!over) (void)arena_allocate(64);
  });
  int failures = 0;
  for (int i = 0; i < 200; ++i) {
    failures += in_child([] { return arena_allocate(64) != nullptr ? 0 : 1; }) == 0 ? 0 : 1;
    if (failures > 0) break;
  }
  over = true;
  allocating.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace pool::os
