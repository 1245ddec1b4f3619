// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/arena.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

namespace pool::os {
namespace {

TEST(Arena, GivesMemoryThatDoesNotOverlap) {
  std::set<std::uintptr_t> begins;
  for (int i = 0; i < 3000; ++i) {
    void* memory = arena_allocate(100);
    ASSERT_NE(memory, nullptr);
    std::memset(memory, 0xee, 100);
    const auto at = reinterpret_cast<std::uintptr_t>(memory);
    EXPECT_EQ(at % arena_alignment, 0U);
    EXPECT_TRUE(begins.insert(at).second);
  }
  std::uintptr_t last = 0;
  for (const std::uintptr_t at : begins) {
    EXPECT_GE(at - last, 100U);
    last = at;
  }
}

TEST(Arena, RefusesWhatNeverFits) { EXPECT_EQ(arena_allocate(64 * 1024 + 1), nullptr); }

TEST(ArenaAllocator, ServesAContainer) {
  std::vector<int, ArenaAllocator<int>> numbers;
  for (int i = 0; i < 1000; ++i) numbers.push_back(i);
  EXPECT_EQ(numbers[999], 999);
}

}  // namespace
}  // namespace pool::os
