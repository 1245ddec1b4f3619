// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/thread.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <csignal>
#include <string>

#include "os/cgroup.hpp"

namespace pool::os {
namespace {

struct Found {
  sigset_t blocked;
};

void* look(void* argument) {
  auto& found = *static_cast<Found*>(argument);
  pthread_sigmask(SIG_BLOCK, nullptr, &found.blocked);
  return argument;
}

TEST(StartThread, BlocksAsynchronousSignalsInTheThreadAlone) {
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  Found found;
  pthread_t thread;
  ASSERT_TRUE(start_thread(thread, look, &found, 0));
  void* result = nullptr;
  pthread_join(thread, &result);
  EXPECT_EQ(result, &found);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGPIPE, SIGRTMIN, SIGRTMAX}) {
    EXPECT_EQ(sigismember(&found.blocked, number), 1) << number;
  }
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    EXPECT_EQ(sigismember(&found.blocked, number), 0) << number;
  }
  sigset_t after;
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    EXPECT_EQ(sigismember(&after, number), sigismember(&before, number)) << number;
  }
}

void* settle(void* argument) {
  settle_thread("a-rather-long-name", 42);
  auto& name = *static_cast<std::string*>(argument);
  name.resize(16);
  pthread_getname_np(pthread_self(), name.data(), name.size());
  int before = PTHREAD_CANCEL_ENABLE;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  return before == PTHREAD_CANCEL_DISABLE ? argument : nullptr;
}

TEST(SettleThread, NamesItAndKeepsItFromBeingCancelled) {
  std::string name;
  pthread_t thread;
  ASSERT_TRUE(start_thread(thread, settle, &name, 0));
  void* result = nullptr;
  pthread_join(thread, &result);
  EXPECT_EQ(result, &name);
  EXPECT_STREQ(name.c_str(), "a-rather-lon-42");
}

TEST(UsableProcessors, IsTheSizeOfTheAffinityMaskOrTheQuota) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  const auto affine = static_cast<std::uint32_t>(CPU_COUNT(&before));
  const std::uint32_t quota = quota_processors();
  EXPECT_EQ(usable_processors(), quota != 0 && quota < affine ? quota : affine);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_processors(), 1U);
  sched_setaffinity(0, sizeof before, &before);
}

}  // namespace
}  // namespace pool::os
