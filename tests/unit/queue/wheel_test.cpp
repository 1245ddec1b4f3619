// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The wheel against a plain list: nothing early, nothing more than a tick late, next() exact, whatever the distance.
#include "queue/wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "sched/system.hpp"

namespace {

using pool::base::nil;

struct Entry {
  std::int64_t due = 0;
  std::uint32_t next = nil;
  std::uint32_t previous = nil;
  std::uint16_t wheel_slot = pool::queue::no_wheel_slot;
};
using Entries = std::vector<Entry>;
using Wheel = pool::queue::Wheel<pool::System, Entries>;
constexpr std::int64_t tick = pool::System::wheel_tick;

class WheelTest : public testing::Test {
 protected:
  WheelTest() { EXPECT_TRUE(wheel_.allocate()); }
  void put(std::uint32_t index, std::int64_t due, std::int64_t now) {
    if (entries_.size() <= index) entries_.resize(index + 1);
    entries_[index].due = due;
    wheel_.put(entries_, index, now);
  }
  std::vector<std::uint32_t> take_all(std::int64_t now) {
    std::vector<std::uint32_t> taken;
    for (std::uint32_t at = wheel_.take_due(entries_, now); at != nil; at = wheel_.take_due(entries_, now)) {
      taken.push_back(at);
    }
    return taken;
  }
  Entries entries_;
  Wheel wheel_;
};

TEST_F(WheelTest, GivesNothingWhenEmpty) {
  EXPECT_EQ(wheel_.next(), Wheel::never);
  EXPECT_EQ(wheel_.take_due(entries_, INT64_MAX - 1), nil);
}

TEST_F(WheelTest, IsExactAtEveryDistance) {
  const std::int64_t start = 1'234'567'890'123;
  for (int bit = 0; bit < 62; ++bit) {
    for (const std::int64_t more : {-1, 0, 1}) {
      const std::int64_t due = start + (std::int64_t{1} << bit) + more;
      put(0, due, start);
      const std::int64_t next = wheel_.next();
      EXPECT_GE(next, due);
      EXPECT_LT(next, due + tick + (due <= start ? tick : 0));
      wheel_.take_out(entries_, 0);
      EXPECT_EQ(wheel_.next(), Wheel::never);
    }
  }
}

TEST_F(WheelTest, GivesNothingEarlyAndEverythingInTime) {
  std::int64_t now = 77 * tick;
  put(0, now + 1'000'000'000, now);
  EXPECT_EQ(take_all(wheel_.next() - 1).size(), 0u);
  EXPECT_EQ(take_all(wheel_.next()).size(), 1u);
  now += 1'100'000'000;
  put(0, now - 5, now);  // over already: in the next tick
  EXPECT_EQ(take_all(now + tick).size(), 1u);
}

TEST_F(WheelTest, LikeAList) {
  std::mt19937_64 random(42);
  std::multimap<std::int64_t, std::uint32_t> list;
  constexpr std::uint32_t count = 300;
  entries_.resize(count);
  std::vector<std::uint32_t> free;
  for (std::uint32_t i = 0; i < count; ++i) free.push_back(i);
  std::int64_t now = 1'000'000'000'000;
  for (int round = 0; round < 50'000; ++round) {
    switch (random() % 4) {
      case 0:
      case 1: {
        if (free.empty()) break;
        const auto distance = static_cast<std::int64_t>(random() >> (random() % 54 + 10));
        const std::uint32_t index = free.back();
        free.pop_back();
        put(index, now + distance, now);
        list.emplace(now + distance, index);
        break;
      }
      case 2: {
        if (list.empty()) break;
        const auto which = std::next(list.begin(), static_cast<std::ptrdiff_t>(random() % list.size()));
        wheel_.take_out(entries_, which->second);
        free.push_back(which->second);
        list.erase(which);
        break;
      }
      default: {
        // To the next one, a little further, or far over many.
        const std::int64_t next = wheel_.next();
        if (!list.empty()) {
          EXPECT_LE(next, list.begin()->first + 2 * tick);
        }
        if (random() % 2 == 0 && next != Wheel::never) now = std::max(now, next);
        now += static_cast<std::int64_t>(random() >> (random() % 40 + 24));
        for (const std::uint32_t index : take_all(now)) {
          const auto found = std::find_if(list.begin(), list.end(), [&](auto& each) { return each.second == index; });
          ASSERT_NE(found, list.end());
          EXPECT_LE(found->first, now);
          list.erase(found);
          free.push_back(index);
        }
        if (!list.empty()) {
          EXPECT_GT(list.begin()->first + 2 * tick, now);
        }
      }
    }
  }
}

}  // namespace
