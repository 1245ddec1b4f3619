// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <atomic>  // which the header leaves to its policy

#include "park/line.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "unit/test_system.hpp"

namespace pool::park {
namespace {

using test::SeenMutex;
using test::TestSystem;
using TestLine = Line<TestSystem>;
using Stood = TestLine::Stood;

class LineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TestSystem::sleeps = 0;
    line_.open(1);
  }
  void TearDown() override { SeenMutex::locked = nullptr; }

  static void await_sleeps(int count) {
    while (TestSystem::sleeps < count) std::this_thread::yield();
  }
  Stood stand(std::int64_t deadline = INT64_MAX, std::uint32_t life = 1) {
    return line_.stand(
        life, deadline, [this] { return free_.load(); }, [this] { return shut_.load(); });
  }
  void serve() {
    line_.serve([this] { return free_.load(); });
  }
  void done(std::uint32_t life = 1) {
    line_.done(life, [this] { return free_.load(); });
  }

  TestLine line_;
  std::atomic<std::uint32_t> free_ = 0;
  std::atomic<bool> shut_ = false;
};

TEST_F(LineTest, GrantsAtOnceWhatIsFree) {
  free_ = 2;
  EXPECT_EQ(stand(), Stood::granted);
  EXPECT_TRUE(line_.busy());
  EXPECT_EQ(stand(), Stood::granted);
  EXPECT_EQ(stand(0), Stood::timed_out);  // both places are granted, if not taken
  free_ = 0;
  done();
  done();
  EXPECT_FALSE(line_.busy());
  EXPECT_EQ(TestSystem::sleeps, 1);
}

TEST_F(LineTest, ServesInItsOrder) {
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_EQ(stand(), Stood::granted);
      {
        const std::lock_guard lock(mutex);
        order.push_back(i);
      }
      done();  // gives the place up: the next one gets it
    });
    await_sleeps(i + 1);
  }
  free_ = 1;
  serve();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_FALSE(line_.busy());
}

TEST_F(LineTest, IsBusyUntilAGrantIsTaken) {
  std::thread standing([this] { EXPECT_EQ(stand(), Stood::granted); });
  await_sleeps(1);
  EXPECT_TRUE(line_.busy());
  free_ = 1;
  serve();
  standing.join();
  EXPECT_TRUE(line_.busy());
  free_ = 0;
  done();
  EXPECT_FALSE(line_.busy());
}

TEST_F(LineTest, GrantsNoMoreThanIsFree) {
  std::atomic<int> granted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(stand(), Stood::granted);
      ++granted;
    });
    await_sleeps(i + 1);
  }
  free_ = 1;
  serve();
  serve();  // the same place
  threads[0].join();
  EXPECT_EQ(granted, 1);
  free_ = 3;
  serve();
  threads[1].join();
  threads[2].join();
  free_ = 0;
  for (int i = 0; i < 3; ++i) done();
  EXPECT_FALSE(line_.busy());
}

TEST_F(LineTest, IsLeftByWhoRunsOutOfTime) {
  EXPECT_EQ(stand(0), Stood::timed_out);
  EXPECT_FALSE(line_.busy());
  std::thread standing([this] { EXPECT_EQ(stand(), Stood::granted); });
  await_sleeps(2);
  EXPECT_EQ(stand(0), Stood::timed_out);  // from behind him
  EXPECT_TRUE(line_.busy());
  free_ = 1;
  serve();
  standing.join();
  free_ = 0;
  done();
  EXPECT_FALSE(line_.busy());
}

TEST_F(LineTest, SendsEverybodyAway) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this] { EXPECT_EQ(stand(), Stood::dismissed); });
    await_sleeps(i + 1);
  }
  line_.dismiss_all(3);  // another one's: nobody here
  EXPECT_TRUE(line_.busy());
  line_.dismiss_all(1);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(line_.busy());
}

TEST_F(LineTest, LetsNobodyStandInVain) {
  shut_ = true;
  free_ = 1;
  EXPECT_EQ(stand(), Stood::dismissed);
  shut_ = false;
  EXPECT_EQ(stand(INT64_MAX, 3), Stood::dismissed);  // another life
  EXPECT_FALSE(line_.busy());
}

TEST_F(LineTest, ForgetsTheGrantsOfTheLastLife) {
  free_ = 1;
  EXPECT_EQ(stand(0), Stood::granted);
  line_.open(3);
  EXPECT_FALSE(line_.busy());
  done(1);  // late
  EXPECT_FALSE(line_.busy());
  free_ = 1;
  EXPECT_EQ(stand(0, 3), Stood::granted);
}

}  // namespace
}  // namespace pool::park
