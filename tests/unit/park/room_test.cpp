// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <atomic>  // which the header leaves to its policy

#include "park/room.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "unit/test_system.hpp"

namespace pool::park {
namespace {

using test::SeenMutex;
using test::TestSystem;
using TestRoom = Room<TestSystem>;
using Taken = TestRoom::Taken;

constexpr auto alive = [] { return true; };

class RoomTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TestSystem::sleeps = 0;
    room_.open(2);
  }
  void TearDown() override { SeenMutex::locked = nullptr; }

  // Comes back once so many have gone to sleep in the line, since the beginning of the test.
  static void await_sleeps(int count) {
    while (TestSystem::sleeps < count) std::this_thread::yield();
  }

  TestRoom room_;
};

TEST_F(RoomTest, HasExactlyItsCapacity) {
  EXPECT_EQ(room_.try_take(false), Taken::ok);
  EXPECT_EQ(room_.try_take(true), Taken::ok);
  EXPECT_EQ(room_.try_take(false), Taken::full);
  EXPECT_EQ(room_.try_take(true), Taken::full);
  EXPECT_EQ(room_.counts().queued, 2U);
  EXPECT_EQ(room_.counts().unfinished, 2U);
  room_.give(1, 0);
  EXPECT_EQ(room_.counts().queued, 1U);
  EXPECT_EQ(room_.counts().unfinished, 2U);
  EXPECT_EQ(room_.try_take(false), Taken::ok);
  EXPECT_EQ(room_.try_take(false), Taken::full);
  room_.give(1, 1);
  EXPECT_EQ(room_.counts().unfinished, 2U);
  EXPECT_EQ(room_.try_take(false), Taken::ok);
}

TEST_F(RoomTest, CountsToTheLargestCapacity) {
  room_.open(TestRoom::max_capacity);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(room_.try_take(false), Taken::ok);
  EXPECT_EQ(room_.counts().queued, 1000U);
  for (int i = 0; i < 1000; ++i) room_.give(1, 0);
  EXPECT_EQ(room_.counts().queued, 0U);
  EXPECT_EQ(room_.counts().unfinished, 1000U);
}

TEST_F(RoomTest, IsClosedToAllButInsiders) {
  EXPECT_FALSE(room_.is_closed());
  room_.close();
  EXPECT_TRUE(room_.is_closed());
  EXPECT_EQ(room_.try_take(false), Taken::closed);
  EXPECT_EQ(room_.take(0), Taken::closed);
  EXPECT_EQ(room_.take(INT64_MAX), Taken::closed);
  EXPECT_EQ(room_.try_take(true), Taken::ok);
}

TEST_F(RoomTest, ServesTheLineInItsOrder) {
  room_.open(1);
  ASSERT_EQ(room_.try_take(false), Taken::ok);
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_EQ(room_.take(INT64_MAX), Taken::ok);
      {
        const std::lock_guard lock(mutex);
        order.push_back(i);
      }
      room_.give(1, 0);  // makes room for the next
    });
    await_sleeps(i + 1);
    EXPECT_EQ(room_.try_take(false), Taken::full);
    EXPECT_EQ(room_.counts().queued, 1U);
  }
  room_.give(1, 0);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(room_.counts().queued, 0U);
  EXPECT_EQ(room_.counts().unfinished, 7U);
  EXPECT_EQ(room_.try_take(false), Taken::ok);  // nobody stands in line any more
}

// Between the freeing of a place and its handing over there is room; whoever comes then must not take it.
TEST_F(RoomTest, LetsNobodyBarge) {
  room_.open(1);
  ASSERT_EQ(room_.try_take(false), Taken::ok);
  std::thread waiting([&] { EXPECT_EQ(room_.take(INT64_MAX), Taken::ok); });
  await_sleeps(1);
  std::atomic<int> asked = 0;
  SeenMutex::locked = [&] {
    if (asked++ > 0) return;
    EXPECT_EQ(room_.counts().queued, 0U);
    EXPECT_EQ(room_.try_take(false), Taken::full);
    EXPECT_EQ(room_.try_take(true), Taken::full);
  };
  room_.give(1, 0);
  EXPECT_GE(asked, 1);
  waiting.join();
  EXPECT_EQ(room_.counts().queued, 1U);
}

TEST_F(RoomTest, TakesAPlaceThatCameFreeBeforeTheLine) {
  room_.open(1);
  ASSERT_EQ(room_.try_take(false), Taken::ok);
  bool freed = false;
  SeenMutex::locked = [&] {
    if (!freed) {
      freed = true;
      SeenMutex::locked = nullptr;
      room_.give(1, 0);  // after try_take has seen "full", before the line is announced
    }
  };
  EXPECT_EQ(room_.take(INT64_MAX), Taken::ok);
  EXPECT_TRUE(freed);
  EXPECT_EQ(TestSystem::sleeps, 0);
  room_.give(1, 0);
  EXPECT_EQ(room_.try_take(false), Taken::ok);  // the line is gone
}

TEST_F(RoomTest, TimesOutAndLeavesTheLineAsItWas) {
  room_.open(1);
  ASSERT_EQ(room_.try_take(false), Taken::ok);
  EXPECT_EQ(room_.take(0), Taken::timed_out);
  EXPECT_EQ(room_.take(os::now() + 1), Taken::timed_out);
  const int slept = TestSystem::sleeps;
  std::thread first([&] { EXPECT_EQ(room_.take(INT64_MAX), Taken::ok); });
  await_sleeps(slept + 1);
  EXPECT_EQ(room_.take(0), Taken::timed_out);  // from the end of a line
  room_.give(1, 0);
  first.join();
  EXPECT_EQ(room_.counts().queued, 1U);
  room_.give(1, 0);
  EXPECT_EQ(room_.try_take(false), Taken::ok);
}

TEST_F(RoomTest, DismissesTheWholeLineWhenItCloses) {
  room_.open(1);
  ASSERT_EQ(room_.try_take(false), Taken::ok);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(room_.take(INT64_MAX), Taken::closed); });
    await_sleeps(i + 1);
  }
  room_.close();
  for (std::thread& thread : threads) thread.join();
  room_.give(1, 0);
  EXPECT_EQ(room_.counts().queued, 0U);
  EXPECT_EQ(room_.try_take(true), Taken::ok);
}

TEST_F(RoomTest, IsDrainedWhenNothingIsUnfinished) {
  room_.close();
  EXPECT_TRUE(room_.wait_drained(0, alive));
  EXPECT_TRUE(room_.wait_drained(INT64_MAX, alive));
  room_.enter_unqueued();
  EXPECT_EQ(room_.counts().queued, 0U);
  EXPECT_FALSE(room_.wait_drained(0, alive));
  EXPECT_FALSE(room_.wait_drained(os::now() + 1'000'000, alive));
  EXPECT_TRUE(room_.wait_drained(INT64_MAX, [] { return false; }));  // another life: not ours to wait for
  ASSERT_EQ(room_.try_take(true), Taken::ok);
  const int slept = TestSystem::sleeps;
  std::thread waiting([&] { EXPECT_TRUE(room_.wait_drained(INT64_MAX, alive)); });
  await_sleeps(slept + 1);
  room_.give(0, 1);
  EXPECT_EQ(room_.counts().unfinished, 1U);
  room_.give(1, 1);
  waiting.join();
}

TEST_F(RoomTest, BeginsAgain) {
  ASSERT_EQ(room_.try_take(false), Taken::ok);
  room_.close();
  room_.give(1, 1);
  EXPECT_TRUE(room_.wait_drained(INT64_MAX, alive));
  room_.open(1);
  EXPECT_FALSE(room_.is_closed());
  EXPECT_EQ(room_.counts().unfinished, 0U);
  EXPECT_EQ(room_.try_take(false), Taken::ok);
  EXPECT_EQ(room_.try_take(false), Taken::full);
}

// A room that is large enough for its line to wait for room for many.
struct LargeSystem : TestSystem {
  static constexpr std::uint32_t credit_chunk(std::uint32_t) { return 1; }
};
struct ImpatientSystem : LargeSystem {
  static constexpr std::int64_t line_patience = 1;
};

template <class Sys>
struct LargeRoom : Room<Sys> {
  static constexpr std::uint32_t capacity = 16;  // an eighth are two
  LargeRoom() {
    this->open(capacity);
    for (std::uint32_t i = 0; i < capacity; ++i) EXPECT_EQ(this->try_take(false), Room<Sys>::Taken::ok);
  }
};

TEST_F(RoomTest, TheLineOfALargeRoomWaitsForRoomForMany) {
  using Large = LargeRoom<LargeSystem>;
  Large room;
  std::vector<std::thread> line;
  for (int i = 0; i < 2; ++i) {
    line.emplace_back([&] { EXPECT_EQ(room.take(INT64_MAX), Large::Taken::ok); });
    await_sleeps(i + 1);
  }
  room.give(1, 0);
  EXPECT_EQ(room.length(), 2U);
  EXPECT_EQ(room.try_take(false), Large::Taken::full);  // nobody barges
  EXPECT_FALSE(room.refill(1, 1));
  room.give(1, 0);
  for (std::thread& each : line) each.join();
  EXPECT_EQ(room.counts().queued, Large::capacity);
  EXPECT_FALSE(room.has_line());
}

TEST_F(RoomTest, TheLineOfALargeRoomDoesNotWaitForLong) {
  using Large = LargeRoom<ImpatientSystem>;
  Large room;
  std::thread waiting([&] { EXPECT_EQ(room.take(INT64_MAX), Large::Taken::ok); });
  await_sleeps(2);  // the second time without patience
  room.give(1, 0);
  waiting.join();
  EXPECT_EQ(room.counts().queued, Large::capacity);
}

TEST_F(RoomTest, WhoGoesTakesHisPatienceAlong) {
  using Large = LargeRoom<LargeSystem>;
  for (const bool times_out : {true, false}) {
    TestSystem::sleeps = 0;
    Large room;
    int owner = 0;
    const auto take_first = [&] {
      const Large::Owner mine = {&owner, 1};
      return room.take(
          times_out ? TestSystem::after(50'000'000) : INT64_MAX, mine, [] { return false; }, [] {});
    };
    std::thread first([&] { EXPECT_EQ(take_first(), times_out ? Large::Taken::timed_out : Large::Taken::closed); });
    await_sleeps(1);
    std::thread second([&] { EXPECT_EQ(room.take(INT64_MAX), Large::Taken::ok); });
    await_sleeps(2);
    // On a busy machine the first one's time may be over before the second came: that one is patient itself then.
    const std::uint32_t free = room.length() == 2 ? 1 : 2;
    room.give(free, 0);
    if (!times_out) room.dismiss({&owner, 1});
    first.join();
    second.join();
    EXPECT_EQ(room.counts().queued, Large::capacity - free + 1);
  }
}

}  // namespace
}  // namespace pool::park
