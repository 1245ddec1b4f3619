// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/ready_set.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <random>
#include <set>

#include "sched/system.hpp"
#include "unit/test_system.hpp"

namespace pool::queue {
namespace {

template <std::uint32_t Slots, std::uint32_t Bits>
struct Sized : test::TestSystem {
  static constexpr std::uint32_t group_slots = Slots;
  static constexpr std::uint32_t ready_word_bits = Bits;
};

template <class Sys>
class ReadySetTest : public ::testing::Test {};
// The last is the shipped one; three levels need more than Bits^2 slots. Some do not fill their last words.
using Systems = ::testing::Types<Sized<8, 2>, Sized<7, 2>, Sized<60, 4>, Sized<64, 4>, Sized<61, 4>, Sized<300, 8>,
                                 Sized<4096, 64>, Sized<5000, 64>, System>;
TYPED_TEST_SUITE(ReadySetTest, Systems);

TYPED_TEST(ReadySetTest, FollowsASet) {
  ReadySet<TypeParam> set;
  ASSERT_TRUE(set.allocate());
  constexpr std::uint32_t slots = ReadySet<TypeParam>::slots;
  std::set<std::uint32_t> reference;
  std::mt19937 random(4711);
  EXPECT_FALSE(set.any());
  EXPECT_EQ(set.next(0), base::nil);
  for (int step = 0; step < 20'000; ++step) {
    // Phases of growth and of decline; now and then only at the edges of words.
    std::uint32_t index = static_cast<std::uint32_t>(random()) % slots;
    if (step % 3 == 0) index = index / TypeParam::ready_word_bits * TypeParam::ready_word_bits;
    if (random() % 100 < (step / 1000 % 2 == 0 ? 70U : 30U)) {
      set.set(index);
      reference.insert(index);
    } else {
      if (!reference.empty() && step % 2 == 0) index = *reference.begin();
      EXPECT_FALSE(set.clear(index));
      reference.erase(index);
    }
    ASSERT_EQ(set.any(), !reference.empty());
    const std::uint32_t from = static_cast<std::uint32_t>(random()) % slots;
    const auto expected = reference.lower_bound(from);
    ASSERT_EQ(set.next(from), expected == reference.end() ? base::nil : *expected) << "from " << from;
  }
  while (!reference.empty()) {
    set.clear(*reference.begin());
    reference.erase(reference.begin());
  }
  EXPECT_FALSE(set.any());
}

TYPED_TEST(ReadySetTest, FindsEachSlotAlone) {
  ReadySet<TypeParam> set;
  ASSERT_TRUE(set.allocate());
  constexpr std::uint32_t slots = ReadySet<TypeParam>::slots;
  constexpr std::uint32_t step = slots > 10'000 ? 997 : 1;
  for (std::uint32_t index = 0; index < slots; index += step) {
    set.set(index);
    set.set(index);
    ASSERT_TRUE(set.any());
    ASSERT_EQ(set.next(0), index);
    ASSERT_EQ(set.next(index), index);
    ASSERT_EQ(set.next(index + 1), base::nil);
    ASSERT_FALSE(set.clear(index));
    ASSERT_FALSE(set.any());
  }
  set.set(slots - 1);
  EXPECT_EQ(set.next(0), slots - 1);
  EXPECT_EQ(set.next(slots), base::nil);
}

// An atomic that lets somebody else come in before it changes.
template <class T>
struct SeenAtomic : std::atomic<T> {
  using std::atomic<T>::atomic;
  T fetch_or(T bits) {
    step();
    return std::atomic<T>::fetch_or(bits);
  }
  T fetch_and(T bits) {
    step();
    return std::atomic<T>::fetch_and(bits);
  }
  // Called once, before the change that has this number.
  static inline std::function<void()> other;
  static inline int when = 0;
  static void step() {
    if (--when == 0) other();
  }
};
struct SeenSystem : Sized<60, 4> {
  template <class T>
  using Atomic = SeenAtomic<T>;
};

// Whoever sets stops between two levels, and a worker has found the bit meanwhile and cleared it: what is set above
// would keep workers looking for ever.
TEST(ReadySetSteps, LeavesNoBitAboveAnEmptyWord) {
  for (int when = 1; when <= 10; ++when) {
    ReadySet<SeenSystem> set;
    ASSERT_TRUE(set.allocate());
    SeenAtomic<std::uint64_t>::other = [&set] {
      if (set.next(0) == 5) (void)set.clear(5);
    };
    SeenAtomic<std::uint64_t>::when = when;
    set.set(5);
    if (set.next(0) == 5) {
      EXPECT_TRUE(set.any());
      (void)set.clear(5);
    }
    EXPECT_EQ(set.next(0), base::nil);
    EXPECT_FALSE(set.any()) << "before change " << when;
  }
}

// The same where a clear restores what another one clears for good.
TEST(ReadySetSteps, NorDoesAClearThatRestores) {
  for (int when = 1; when <= 20; ++when) {
    ReadySet<SeenSystem> set;
    ASSERT_TRUE(set.allocate());
    set.set(5);
    int calls = 0;
    // A neighbour comes while the word's bit is missing, and goes while it is restored.
    SeenAtomic<std::uint64_t>::other = [&] {
      if (calls++ == 0) {
        set.set(6);
        SeenAtomic<std::uint64_t>::when = when;
      } else {
        (void)set.clear(6);
      }
    };
    SeenAtomic<std::uint64_t>::when = 2;  // after level 0
    (void)set.clear(5);
    SeenAtomic<std::uint64_t>::when = 0;
    if (set.next(0) == 6) (void)set.clear(6);
    EXPECT_EQ(set.next(0), base::nil);
    EXPECT_FALSE(set.any()) << "before change " << when;
  }
}

TYPED_TEST(ReadySetTest, LeavesNeighboursAlone) {
  ReadySet<TypeParam> set;
  ASSERT_TRUE(set.allocate());
  set.set(0);
  set.set(1);
  set.clear(0);
  EXPECT_EQ(set.next(0), 1U);
  set.clear(0);
  EXPECT_EQ(set.next(0), 1U);
  set.clear(1);
  EXPECT_FALSE(set.any());
}

}  // namespace
}  // namespace pool::queue
