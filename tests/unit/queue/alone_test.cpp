// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The ways of a queue's owner: what they do, and where they leave it to the others'.
#include <gtest/gtest.h>

#include "queue/ticket_queue.hpp"
#include "unit/test_system.hpp"

namespace pool::queue {
namespace {

using test::TestSystem;
using Queue = TicketQueue<TestSystem>;

class AloneTest : public testing::Test {
 protected:
  static constexpr std::uint32_t generation = 5;
  // So many fit before the last cell of the group itself, which is for the others.
  static constexpr std::uint32_t simple = Queue::inline_cells - 1;

  test::SmallSegments segments;
  Queue queue;
  bool is_first = false;
  bool more = false;
  std::uint32_t first = 0;
  std::uintptr_t taken[Queue::inline_cells + 1] = {};

  void SetUp() override { queue.open(generation); }
  bool put(std::uintptr_t fn, std::uint32_t life = generation) {
    return queue.put_alone(segments, life, {fn, 2 * fn}, false, is_first);
  }
  std::uint32_t take(std::uint32_t most, std::uint32_t life = generation) {
    const auto store = [this](std::uint32_t i, std::uintptr_t fn, std::uintptr_t ctx) {
      EXPECT_EQ(ctx, 2 * fn);
      taken[i] = fn;
    };
    return queue.take_alone(segments, life, most, store, first, more);
  }
};

TEST_F(AloneTest, GivesBackInOrder) {
  ASSERT_GE(simple, 1U);
  for (std::uint32_t i = 0; i < simple; ++i) {
    ASSERT_TRUE(put(100 + i));
    EXPECT_EQ(is_first, i == 0);
  }
  EXPECT_EQ(queue.waiting(), simple);
  EXPECT_EQ(take(1), 1U);
  EXPECT_EQ(taken[0], 100U);
  EXPECT_EQ(more, simple > 1);
  EXPECT_EQ(take(simple), simple - 1);
  EXPECT_FALSE(more);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(take(1), 0U);
}

TEST_F(AloneTest, LeavesTheLastCellToTheOthers) {
  for (std::uint32_t i = 0; i < simple; ++i) ASSERT_TRUE(put(100 + i));
  const std::uint64_t before = queue.sub();
  EXPECT_FALSE(put(1));
  EXPECT_EQ(queue.sub(), before);
  Queue::Ticket ticket;
  ASSERT_EQ(queue.reserve(segments, generation, ticket), Queue::Reserved::ok);
  queue.publish(segments, ticket, {200, 400});
  EXPECT_EQ(take(Queue::inline_cells), simple);
  EXPECT_TRUE(more);
  EXPECT_EQ(take(1), 0U);
  Work work;
  ASSERT_EQ(queue.claim(
                segments, [](std::uint32_t) { return true; }, work, more),
            Queue::Claimed::task);
  EXPECT_EQ(work.fn, 200U);
}

TEST_F(AloneTest, ChangesNothingOfAnotherLife) {
  ASSERT_TRUE(put(1));
  const std::uint64_t sub = queue.sub();
  const std::uint64_t front = queue.front();
  EXPECT_FALSE(put(2, generation + 2));
  EXPECT_EQ(take(1, generation + 2), 0U);
  EXPECT_FALSE(queue.close_alone(generation + 2, queue.tail()));
  EXPECT_EQ(queue.sub(), sub);
  EXPECT_EQ(queue.front(), front);
}

TEST_F(AloneTest, TakesNothingThatIsSuspended) {
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(queue.suspend(generation));
  EXPECT_EQ(take(1), 0U);
  ASSERT_TRUE(queue.resume(generation));
  EXPECT_EQ(take(1), 1U);
}

TEST_F(AloneTest, ClosesWhenNothingCameSince) {
  const std::uint32_t tail = queue.tail();
  ASSERT_TRUE(put(1));
  EXPECT_FALSE(queue.close_alone(generation, tail));
  EXPECT_TRUE(queue.close_alone(generation, tail + 1));
  EXPECT_EQ(queue.generation(), generation + 1);
  EXPECT_FALSE(put(2));
}

TEST_F(AloneTest, DoesNotCloseWhatIsNoted) {
  ASSERT_TRUE(queue.note(generation));
  EXPECT_FALSE(queue.close_alone(generation, queue.tail()));
  EXPECT_EQ(queue.generation(), generation);
}

}  // namespace
}  // namespace pool::queue
