// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/barrier.hpp"

#include <gtest/gtest.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

namespace pool::os {
namespace {

TEST(BarrierTest, RegistersOrSaysNo) {
  const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  const bool is_there = commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0;
  EXPECT_EQ(watch_barrier(), is_there);
  EXPECT_EQ(has_barrier.load(), is_there);
  EXPECT_EQ(watch_barrier(), is_there);  // once more changes nothing
  // Whoever is registered may ask for it.
  EXPECT_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0, is_there);
}

// Store, then look at the other's: never do both miss each other.
TEST(BarrierTest, OneSidePaysForBoth) {
  if (!watch_barrier()) GTEST_SKIP() << "no membarrier";
  constexpr int rounds = 20'000;
  alignas(64) std::atomic<int> go = 0;
  alignas(64) std::atomic<int> light = 0;
  alignas(64) std::atomic<int> heavy = 0;
  alignas(64) std::atomic<int> light_saw = 0;
  alignas(64) std::atomic<int> light_done = 0;
  std::thread other([&] {
    for (int i = 1; i <= rounds; ++i) {
      while (go.load(std::memory_order_relaxed) < i) {
      }
      light.store(i, std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      light_saw.store(heavy.load(std::memory_order_relaxed), std::memory_order_relaxed);
      light_done.store(i, std::memory_order_release);
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    go.store(i, std::memory_order_relaxed);
    // At about the time when the other one sees it.
    for (int spin = 0; spin < i % 128; ++spin) {
      asm volatile("");
    }
    heavy.store(i, std::memory_order_relaxed);
    heavy_barrier();
    const int saw = light.load(std::memory_order_relaxed);
    while (light_done.load(std::memory_order_acquire) < i) {
    }
    EXPECT_TRUE(saw >= i || light_saw.load(std::memory_order_relaxed) >= i) << i;
  }
  other.join();
}

}  // namespace
}  // namespace pool::os
