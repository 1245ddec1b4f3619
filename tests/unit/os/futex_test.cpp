// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/futex.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace pool::os {
namespace {

TEST(Futex, ReturnsAtOnceIfTheWordIsAnotherOne) {
  const std::atomic<std::uint32_t> word = 1;
  EXPECT_TRUE(futex_wait(futex_word(word), 2, INT64_MAX));
  EXPECT_TRUE(futex_wait(futex_word(word), 2, 0));
}

TEST(Futex, EndsAtTheDeadlineAndNotBefore) {
  const std::atomic<std::uint32_t> word = 1;
  EXPECT_FALSE(futex_wait(futex_word(word), 1, 0));
  EXPECT_FALSE(futex_wait(futex_word(word), 1, -5));
  EXPECT_FALSE(futex_wait(futex_word(word), 1, INT64_MIN));
  EXPECT_FALSE(futex_wait(futex_word(word), 1, 1));
  const std::int64_t deadline = now() + 5'000'000;
  while (futex_wait(futex_word(word), 1, deadline)) {
  }
  EXPECT_GE(now(), deadline);
}

TEST(Futex, SleepsOnTheLowerHalf) {
  const std::atomic<std::uint64_t> word = 0x0000000500000007U;
  EXPECT_TRUE(futex_wait(low_futex_word(word), 5, INT64_MAX));
  EXPECT_FALSE(futex_wait(low_futex_word(word), 7, 0));
}

TEST(Futex, IsWoken) {
  for (const std::int64_t deadline : {INT64_MAX, INT64_MAX - 1, now() + 100'000'000'000}) {
    std::atomic<std::uint32_t> word = 0;
    std::atomic<bool> about = false;
    std::thread sleeper([&] {
      about = true;
      while (word == 0) EXPECT_TRUE(futex_wait(futex_word(word), 0, deadline));
    });
    while (!about) std::this_thread::yield();
    word = 1;
    futex_wake(futex_word(word), 1);
    sleeper.join();
  }
}

TEST(Futex, WakingNobodyDoesNothing) {
  const std::atomic<std::uint32_t> word = 0;
  futex_wake(futex_word(word), 1);
  futex_wake(futex_word(word), INT32_MAX);
  futex_wake(nullptr, 1);
}

TEST(Now, NeverGoesBack) {
  std::int64_t last = now();
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t next = now();
    ASSERT_GE(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace pool::os
