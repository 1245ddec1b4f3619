// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <atomic>  // which the header leaves to its policy

#include "group/units.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "unit/test_system.hpp"

namespace pool::group {
namespace {

using TestUnits = Units<test::TestSystem>;

TEST(Units, AreNeededByNobodyWithoutALimit) {
  TestUnits units;
  units.open(1);
  units.limit(0);
  EXPECT_FALSE(units.are_limited());
  EXPECT_FALSE(units.is_serial());
  EXPECT_TRUE(units.any_free());
}

TEST(Units, AreAsManyAsTheLimit) {
  for (const std::uint32_t limit : {1U, 2U, 7U}) {
    TestUnits units;
    units.open(3);
    units.limit(limit);
    EXPECT_TRUE(units.are_limited());
    EXPECT_EQ(units.is_serial(), limit == 1);
    for (std::uint32_t i = 0; i < limit; ++i) {
      EXPECT_TRUE(units.any_free());
      EXPECT_TRUE(units.take(3));
    }
    EXPECT_FALSE(units.any_free());
    EXPECT_FALSE(units.take(3));
    units.give(3);
    EXPECT_TRUE(units.any_free());
    EXPECT_TRUE(units.take(3));
    EXPECT_FALSE(units.take(3));
  }
}

TEST(Units, OfAnotherLifeAreNeitherTakenNorGivenBack) {
  TestUnits units;
  units.open(5);
  units.limit(1);
  EXPECT_FALSE(units.take(3));
  EXPECT_FALSE(units.take(7));
  EXPECT_TRUE(units.take(5));
  units.give(3);
  EXPECT_FALSE(units.any_free());
  units.open(7);
  units.limit(1);  // whoever still held one of the last life has lost it
  EXPECT_TRUE(units.take(7));
  units.give(5);
  EXPECT_FALSE(units.take(7));
}

// (In this system half of those that are free are a small share.)
TEST(Units, AreTakenSeveralAtOnceIfManyAreFree) {
  TestUnits units;
  units.open(3);
  units.limit(10);
  EXPECT_EQ(units.take_some(1, 100), 0U);  // another life
  EXPECT_EQ(units.take_some(3, 3), 3U);
  EXPECT_EQ(units.take_some(3, 100), 3U);
  EXPECT_EQ(units.take_some(3, 100), 2U);
  EXPECT_EQ(units.take_some(3, 100), 0U);  // two are left: one is to be taken by itself
  EXPECT_TRUE(units.take(3));
  EXPECT_TRUE(units.take(3));
  EXPECT_FALSE(units.any_free());
  EXPECT_EQ(units.take_some(3, 100), 0U);
  units.give(1, 5);
  EXPECT_FALSE(units.any_free());
  units.give(3, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(units.take(3));
  EXPECT_FALSE(units.any_free());
}

TEST(Units, AreNeverMoreThanTheLimitAmongThreads) {
  static constexpr std::uint32_t limit = 5;
  TestUnits units;
  units.open(1);
  units.limit(limit);
  std::atomic<std::uint32_t> out = 0;
  std::atomic<int> taken = 0;
  std::atomic<bool> too_many = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (taken < 4'000) {
        std::uint32_t count = units.take_some(1, 2);
        if (count == 0 && units.take(1)) count = 1;
        if (count == 0) continue;
        if (out.fetch_add(count) + count > limit) too_many = true;
        ++taken;
        out.fetch_sub(count);
        units.give(1, count);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(too_many);
  for (std::uint32_t i = 0; i < limit; ++i) EXPECT_TRUE(units.take(1));
  EXPECT_FALSE(units.take(1));
}

}  // namespace
}  // namespace pool::group
