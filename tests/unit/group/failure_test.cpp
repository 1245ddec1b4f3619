// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <atomic>  // which the header leaves to its policy

#include "group/failure.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "unit/test_system.hpp"

namespace pool::group {
namespace {

using First = FirstFailure<test::TestSystem>;

// What record() is given: a buffer of the full size.
struct Text {
  char bytes[failure_text_size] = {};
  explicit Text(char fill) { std::memset(bytes, fill, sizeof bytes - 1); }
};

TEST(FirstFailure, IsNoneAtFirstAndAfterOpen) {
  First failure;
  std::int32_t code = 5;
  char text[failure_text_size];
  EXPECT_FALSE(failure.read(code, text));
  EXPECT_EQ(code, 5);
  failure.record(7, Text('a').bytes);
  EXPECT_TRUE(failure.read(code, text));
  failure.open();
  EXPECT_FALSE(failure.read(code, text));
  EXPECT_EQ(failure.count(), 0U);
}

TEST(FirstFailure, KeepsTheFirstAndCountsAll) {
  First failure;
  failure.open();
  failure.record(-7, Text('a').bytes);
  for (int i = 0; i < 10; ++i) failure.record(8, Text('b').bytes);
  std::int32_t code = 0;
  char text[failure_text_size];
  ASSERT_TRUE(failure.read(code, text));
  EXPECT_EQ(code, -7);
  EXPECT_EQ(std::string(text), std::string(failure_text_size - 1, 'a'));
  EXPECT_EQ(failure.count(), 11U);
}

TEST(FirstFailure, TakesNoText) {
  First failure;
  failure.record(1, Text('a').bytes);
  failure.open();
  failure.record(INT32_MIN, nullptr);
  std::int32_t code = 0;
  char text[failure_text_size];
  ASSERT_TRUE(failure.read(code, text));
  EXPECT_EQ(code, INT32_MIN);
  EXPECT_EQ(std::string(text), "");
}

// Code and text always belong together, whoever was first.
TEST(FirstFailure, IsWholeUnderARace) {
  for (int round = 0; round < 300; ++round) {
    First failure;
    failure.open();
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&failure, i] { failure.record('a' + i, Text(static_cast<char>('a' + i)).bytes); });
    }
    std::int32_t code = 0;
    char text[failure_text_size];
    while (!failure.read(code, text)) std::this_thread::yield();
    EXPECT_EQ(std::string(text), std::string(failure_text_size - 1, static_cast<char>(code)));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failure.count(), 3U);
  }
}

}  // namespace
}  // namespace pool::group
