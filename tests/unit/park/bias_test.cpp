// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "park/bias.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "os/barrier.hpp"
#include "sched/system.hpp"

namespace pool::park {
namespace {

// The policy that ships, which counts how often somebody waits for the owner, looks for an answer, and has a barrier.
struct BiasSystem : System {
  static inline std::atomic<int> yields = 0;
  static inline std::atomic<int> pauses = 0;
  static inline std::atomic<int> barriers = 0;
  static inline std::function<void()> at_pause;
  static void yield() {
    yields.fetch_add(1);
    System::yield();
  }
  static void pause() {
    pauses.fetch_add(1);
    if (at_pause) std::exchange(at_pause, nullptr)();
  }
  static void heavy_barrier() {
    barriers.fetch_add(1);
    System::heavy_barrier();
  }
};
using TestBias = Bias<BiasSystem>;

// With the kernel's barrier, and without it.
class BiasTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && !os::watch_barrier()) GTEST_SKIP() << "no membarrier";
    os::has_barrier = GetParam();
    BiasSystem::yields = 0;
  }
  void TearDown() override { (void)os::watch_barrier(); }
};

TEST_P(BiasTest, ExcludesOwnerAndRevokers) {
  constexpr int rounds = 200'000;
  constexpr int revokers = 2;
  constexpr int revocations = 2'000;
  TestBias bias;
  std::int64_t count = 0;  // plain
  std::int64_t twice = 0;
  const auto add = [&] {
    ++count;
    twice += 2;
    EXPECT_EQ(twice, 2 * count);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < revokers; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < revocations; ++j) {
        bias.revoke();
        add();
        bias.restore();
      }
    });
  }
  for (int i = 0; i < rounds; ++i) {
    // (The short way is for where there is a barrier.)
    if (GetParam() && i % 2 == 0 && bias.try_enter()) {
      add();
      bias.leave_tried();
      continue;
    }
    bias.enter();
    add();
    bias.leave();
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(count, rounds + revokers * revocations);
}

TEST_P(BiasTest, ARevokerWaitsForABusyOwner) {
  TestBias bias;
  std::atomic<bool> is_revoked = false;
  bias.enter();
  std::thread revoker([&] {
    bias.revoke();
    is_revoked = true;
    bias.restore();
  });
  while (BiasSystem::yields < 3) std::this_thread::yield();  // it waits
  EXPECT_FALSE(is_revoked);
  bias.leave();
  revoker.join();
  EXPECT_TRUE(is_revoked);
}

TEST_P(BiasTest, AnOwnerThatLooksSavesTheBarrier) {
  TestBias bias;
  std::atomic<bool> has_entered = false;
  std::thread owner;
  BiasSystem::barriers = 0;
  BiasSystem::at_pause = [&] {  // the revoker has asked
    BiasSystem::pauses = 0;
    owner = std::thread([&] {
      bias.enter();
      has_entered = true;
      bias.leave();
    });
    while (BiasSystem::pauses == 0) std::this_thread::yield();  // the owner has answered
  };
  bias.revoke();
  EXPECT_EQ(BiasSystem::barriers, 0);
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_FALSE(has_entered);
  bias.restore();
  owner.join();
  EXPECT_TRUE(has_entered);
  // The answer was to that one.
  bias.revoke();
  EXPECT_EQ(BiasSystem::barriers, 1);
  bias.restore();
}

TEST(BiasTryTest, AnOwnerThatTriesDoesNotWait) {
  if (!os::watch_barrier()) GTEST_SKIP() << "no membarrier";
  TestBias bias;
  bias.revoke();
  std::thread([&] { EXPECT_FALSE(bias.try_enter()); }).join();
  bias.restore();
  ASSERT_TRUE(bias.try_enter());
  bias.leave_tried();
  bias.revoke();  // it is outside
  bias.restore();
}

TEST_P(BiasTest, AnOwnerWaitsForARevoker) {
  TestBias bias;
  std::atomic<bool> has_entered = false;
  bias.revoke();
  std::atomic<bool> is_there = false;
  std::thread owner([&] {
    is_there = true;
    bias.enter();
    has_entered = true;
    bias.leave();
    bias.enter();  // the bias is back
    bias.leave();
  });
  while (!is_there) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_FALSE(has_entered);
  bias.restore();
  owner.join();
  EXPECT_TRUE(has_entered);
}

TEST_P(BiasTest, SeveralAreAskedBeforeOneBarrier) {
  TestBias biases[3];
  int counts[3] = {};  // plain
  std::atomic<bool> over = false;
  std::thread sweeper([&] {
    for (int i = 0; i < 1'000; ++i) {
      for (TestBias& each : biases) each.ask();
      BiasSystem::heavy_barrier();
      for (int j = 0; j < 3; ++j) {
        biases[j].await();
        ++counts[j];
        biases[j].restore();
      }
    }
    over = true;
  });
  std::vector<std::thread> owners;
  std::atomic<std::int64_t> entered[3] = {};
  for (int j = 0; j < 3; ++j) {
    owners.emplace_back([&, j] {
      while (!over) {
        biases[j].enter();
        ++counts[j];
        biases[j].leave();
        ++entered[j];
      }
    });
  }
  sweeper.join();
  for (std::thread& each : owners) each.join();
  for (int j = 0; j < 3; ++j) EXPECT_EQ(counts[j], entered[j] + 1'000);
}

INSTANTIATE_TEST_SUITE_P(Barriers, BiasTest, ::testing::Values(true, false),
                         [](const auto& param) { return param.param ? "Kernel" : "Fences"; });

}  // namespace
}  // namespace pool::park
