// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/segments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

namespace pool::queue {
namespace {

void expect_empty(const Segments& segments, std::uint32_t index) {
  for (std::uint32_t i = 0; i < Segments::cells_per_segment; ++i) EXPECT_EQ(segments.cells(index)[i].fn.load(), 0U);
}
void fill(const Segments& segments, std::uint32_t index) {
  for (std::uint32_t i = 0; i < Segments::cells_per_segment; ++i) segments.cells(index)[i].fn.store(i + 1);
}

TEST(Segments, AreEmptyAndUnlinkedAtFirst) {
  auto segments = std::make_unique<Segments>();
  std::set<std::uint32_t> seen;
  std::set<Segments::CellType*> cells;
  for (int i = 0; i < 200; ++i) {  // several chunks
    const std::uint32_t index = segments->take();
    ASSERT_NE(index, base::nil);
    EXPECT_TRUE(seen.insert(index).second);
    EXPECT_TRUE(cells.insert(segments->cells(index)).second);
    EXPECT_EQ(segments->link(index).load(), base::nil);
    expect_empty(*segments, index);
    fill(*segments, index);
  }
}

TEST(Segments, AreEmptyAgainWhenTheyAreReused) {
  auto segments = std::make_unique<Segments>();
  const std::uint32_t index = segments->take();
  fill(*segments, index);
  segments->give_used(index);
  EXPECT_EQ(segments->take(), index);
  expect_empty(*segments, index);
}

TEST(Segments, KeepTheLinkOfAnUnusedOneAndResetThatOfAUsedOne) {
  auto segments = std::make_unique<Segments>();
  const std::uint32_t index = segments->take();
  segments->link(index).store(5);
  segments->give_unused(index);
  EXPECT_EQ(segments->take(), index);
  EXPECT_EQ(segments->link(index).load(), 5U);
  segments->give_used(index);
  EXPECT_EQ(segments->link(index).load(), base::nil);
}

TEST(Segments, GiveTheirPagesBackAndStayReadable) {
  auto segments = std::make_unique<Segments>();
  constexpr int count = 4'200;  // more than are kept in memory
  std::vector<std::uint32_t> taken(count);
  for (std::uint32_t& index : taken) {
    index = segments->take();
    fill(*segments, index);
  }
  for (const std::uint32_t index : taken) segments->give_used(index);
  // The last ones were beyond what is kept: their pages are gone, a late reader finds zeros.
  expect_empty(*segments, taken.back());
  EXPECT_EQ(segments->cells(taken.front())[0].fn.load(), 1U);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t index = segments->take();
    expect_empty(*segments, index);
    fill(*segments, index);
  }
}

class SegmentsTrim : public ::testing::TestWithParam<std::uint32_t> {};

// Few, or more than are kept in memory to begin with.
TEST_P(SegmentsTrim, GivesBackWhatIsKeptWhenNobodyNeedsIt) {
  const std::uint32_t count = GetParam();
  const std::ptrdiff_t kept = std::min(count, 4'096U);
  auto segments = std::make_unique<Segments>();
  std::vector<std::uint32_t> taken(count);
  for (std::uint32_t& index : taken) {
    index = segments->take();
    fill(*segments, index);
  }
  for (const std::uint32_t index : taken) segments->give_used(index);
  const auto count_kept = [&] {
    return std::count_if(taken.begin(), taken.end(),
                         [&](std::uint32_t index) { return segments->cells(index)[0].fn.load() != 0; });
  };
  EXPECT_EQ(count_kept(), kept);
  EXPECT_TRUE(segments->trim_some(10));
  EXPECT_EQ(count_kept(), kept - 10);
  EXPECT_FALSE(segments->trim_some(10'000));
  EXPECT_EQ(count_kept(), 64);
  // None is lost, none is there twice.
  std::set<std::uint32_t> again;
  for (std::size_t i = 0; i < taken.size(); ++i) again.insert(segments->take());
  EXPECT_EQ(again, std::set<std::uint32_t>(taken.begin(), taken.end()));
}
INSTANTIATE_TEST_SUITE_P(Counts, SegmentsTrim, ::testing::Values(1'000, 10'000));

}  // namespace
}  // namespace pool::queue
