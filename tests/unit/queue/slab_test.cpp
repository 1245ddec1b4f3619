// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/slab.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <set>

namespace pool::queue {
namespace {

struct Slot {
  int value = 17;
};
using Small = Slab<Slot, 4, 3>;

// The library never destroys a slab, so that this is ours to do.
struct FreeChunks {
  void operator()(Small* slab) const {
    for (std::uint32_t i = 0; i < Small::slots; i += 4) {
      ::operator delete (slab->at(i), std::align_val_t{alignof(Slot)});
    }
    delete slab;
  }
};
std::unique_ptr<Small, FreeChunks> make_slab() { return std::unique_ptr<Small, FreeChunks>(new Small); }

TEST(Slab, HandsOutEachSlotOnceThenNone) {
  const auto slab = make_slab();
  std::set<std::uint32_t> indexes;
  std::set<Slot*> slots;
  for (std::uint32_t i = 0; i < Small::slots; ++i) {
    const std::uint32_t index = slab->take();
    ASSERT_LT(index, Small::slots);
    EXPECT_TRUE(indexes.insert(index).second);
    EXPECT_TRUE(slots.insert(slab->at(index)).second);
    EXPECT_EQ(slab->at(index)->value, 17);
    EXPECT_LT(index, slab->high_water());
  }
  EXPECT_EQ(slab->take(), base::nil);
  EXPECT_EQ(slab->high_water(), Small::slots);
}

TEST(Slab, ReusesTheSlotThatWasGivenBackLast) {
  const auto slab = make_slab();
  std::uint32_t taken[6];
  for (std::uint32_t& index : taken) index = slab->take();
  slab->at(taken[2])->value = 2;
  slab->give(taken[4]);
  slab->give(taken[2]);
  EXPECT_EQ(slab->take(), taken[2]);
  EXPECT_EQ(slab->at(taken[2])->value, 2);  // neither destroyed nor made again
  EXPECT_EQ(slab->take(), taken[4]);
  EXPECT_EQ(slab->high_water(), 6U);
}

TEST(Slab, KnowsNothingOfSlotsThatWereNeverThere) {
  const auto slab = make_slab();
  EXPECT_EQ(slab->at(0), nullptr);
  EXPECT_EQ(slab->at(Small::slots), nullptr);
  EXPECT_EQ(slab->at(base::nil), nullptr);
  slab->take();
  EXPECT_NE(slab->at(0), nullptr);
  EXPECT_EQ(slab->at(1), nullptr);  // of the same chunk
  EXPECT_EQ(slab->at(4), nullptr);
}

}  // namespace
}  // namespace pool::queue
