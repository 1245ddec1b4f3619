// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// A cancel takes the same time however many tasks are queued: it comes through with every cell and every link of them
// out of reach, so that there is nothing that it could do for each.
#include "sched/cancel.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <latch>
#include <vector>

#include "unit/sched/real_pool.hpp"

namespace pool::sched {
namespace {

constexpr std::uint32_t tasks = 1'000'000;

class CancelTest : public test::RealPool {
 protected:
  // Everything of the segments that are in use lies in mappings of their own (queue/segments.hpp): 1024 in each,
  // their cells first, then their links.
  void find_segments(std::uint32_t count) {
    constexpr std::uint32_t in_chunk = 1024;
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (std::uint32_t first = 0; first < count; first += in_chunk) {
      auto* const begin = reinterpret_cast<char*>(world_.segments.cells(first));
      auto* const end = reinterpret_cast<char*>(&world_.segments.link(first + in_chunk - 1) + 1);
      ASSERT_EQ(end - begin, in_chunk * (256 * 16 + 4));
      ranges_.push_back({begin, (static_cast<std::size_t>(end - begin) + page - 1) / page * page});
    }
  }
  void protect(int protection) {
    for (const Range& range : ranges_) ASSERT_EQ(mprotect(range.begin, range.size, protection), 0);
  }

  static std::int32_t stand(void* latches) {
    auto* const latch = static_cast<std::latch*>(latches);
    latch[0].count_down();
    latch[1].wait();
    return 0;
  }

 private:
  struct Range {
    char* begin;
    std::size_t size;
  };
  std::vector<Range> ranges_;
};

TEST_F(CancelTest, TouchesNoneOfTheTasksThatItCancels) {
  std::uint32_t held_life = 0;
  std::uint32_t life = 0;
  std::uint32_t child_life = 0;
  test::Group& held = group(make_group(held_life));
  const std::uint32_t index = make_group(life);
  test::Group& cancelled = group(index);
  test::Group& child = group(make_group(child_life));
  ASSERT_TRUE(adopt(world_, index, life, child));
  std::latch latches[2] = {std::latch(1), std::latch(1)};
  std::atomic<int> runs{0};
  ASSERT_EQ(submit(held, held_life, stand, latches), Submitted::ok);
  latches[0].wait();  // nobody else looks at the queues
  for (std::uint32_t i = 0; i < tasks; ++i) ASSERT_EQ(submit(cancelled, life, count, &runs), Submitted::ok);
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(submit(child, child_life, count, &runs), Submitted::ok);
  find_segments(tasks / 256);
  protect(PROT_NONE);
  EXPECT_TRUE(cancel_group(world_, cancelled, life));
  const auto counters = cancelled.counters();
  protect(PROT_READ | PROT_WRITE);
  EXPECT_TRUE(child.is_cancelled(child_life));
  EXPECT_EQ(counters.queued, tasks);
  EXPECT_EQ(counters.cancelled, 0U);
  latches[1].count_down();
  EXPECT_EQ(wait(held, held_life), Waited::empty);
  EXPECT_EQ(wait(cancelled, life), Waited::empty);
  EXPECT_EQ(wait(child, child_life), Waited::empty);
  EXPECT_EQ(cancelled.counters().cancelled, tasks);
  EXPECT_EQ(child.counters().cancelled, 1000U);
  EXPECT_EQ(runs, 0);
}

}  // namespace
}  // namespace pool::sched
