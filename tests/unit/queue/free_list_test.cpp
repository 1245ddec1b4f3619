// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/free_list.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace pool::queue {
namespace {

TEST(FreeList, LastInFirstOut) {
  FreeList list;
  std::uint32_t index = 99;
  EXPECT_FALSE(list.pop(index));
  list.grow(3);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(list.push(i));
  for (std::uint32_t i = 3; i-- > 0;) {
    ASSERT_TRUE(list.pop(index));
    EXPECT_EQ(index, i);
  }
  EXPECT_FALSE(list.pop(index));
}

TEST(FreeList, HoldsAsManyAsWereAskedForInSeveralSteps) {
  FreeList list;
  constexpr std::uint32_t count = 100'000;  // more than a list of fixed size can have
  for (std::uint32_t i = 0; i < count; i += 1000) list.grow(1000);
  for (std::uint32_t i = 0; i < count; ++i) ASSERT_TRUE(list.push(i));
  std::uint32_t index = 0;
  for (std::uint32_t i = count; i-- > 0;) {
    ASSERT_TRUE(list.pop(index));
    ASSERT_EQ(index, i);
  }
}

TEST(FreeList, EveryIndexHasOneOwner) {
  FreeList list;
  constexpr std::uint32_t count = 8;
  list.grow(count);
  std::vector<std::atomic<int>> owners(count);
  for (std::uint32_t i = 0; i < count; ++i) list.push(i);
  std::atomic<int> errors = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        std::uint32_t index = 0;
        if (!list.pop(index)) continue;
        if (owners[index].fetch_add(1) != 0) errors.fetch_add(1);
        owners[index].fetch_sub(1);
        if (!list.push(index)) errors.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(errors, 0);
  std::uint32_t index = 0;
  for (std::uint32_t i = 0; i < count; ++i) EXPECT_TRUE(list.pop(index));
  EXPECT_FALSE(list.pop(index));
}

}  // namespace
}  // namespace pool::queue
