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
    return queue.put_alone(
        [this]() -> auto& { return segments; }, life, {fn, 2 * fn}, false, is_first);
  }
  std::uint32_t take(std::uint32_t most, std::uint32_t life = generation) {
    const auto store = [this](std::uint32_t i, std::uintptr_t fn, std::uintptr_t ctx) {
      EXPECT_EQ(ctx, 2 * fn);
      taken[i] = fn;
    };
    return queue.take_alone(
        [this]() -> auto& { return segments; }, life, most, store, first, more);
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

TEST_F(AloneTest, TheNextLifeFindsNoCellReady) {
  const auto mine = [](std::uint32_t) { return true; };
  const auto segments_here = [this]() -> auto& { return segments; };
  std::uint32_t life = generation;
  for (int way = 0; way < 4; ++way) {
    ASSERT_TRUE(put(100, life));
    Work work;
    std::uint32_t number = 0;
    std::uint32_t count = 0;
    switch (way) {
      case 0:
        ASSERT_EQ(queue.take_one_alone(segments_here, life, work, number), Queue::Taken::task);
        break;
      case 1:
        ASSERT_EQ(take(1, life), 1U);
        break;
      case 2:
        ASSERT_EQ(queue.claim(segments, mine, work, more), Queue::Claimed::task);
        break;
      default:
        std::uint32_t its_life = 0;
        ASSERT_EQ(queue.claim_many(
                      segments, mine, 1, [](std::uint32_t, std::uintptr_t, std::uintptr_t) { return true; }, its_life,
                      first, count, more),
                  Queue::Claimed::task);
    }
    ASSERT_TRUE(queue.close_alone(life, queue.tail()));
    life += 2;
    queue.open(life);
    Queue::Ticket ticket;
    ASSERT_EQ(queue.reserve(segments, life, ticket), Queue::Reserved::ok);
    EXPECT_EQ(queue.claim(segments, mine, work, more), Queue::Claimed::not_ready) << way;
    queue.publish(segments, ticket, {200, 400});
    EXPECT_EQ(queue.claim(segments, mine, work, more), Queue::Claimed::task);
    ASSERT_TRUE(queue.close_alone(life, queue.tail()));
    life += 2;
    queue.open(life);
  }
}

TEST_F(AloneTest, TellsEmptyFromNotSimple) {
  const auto segments_here = [this]() -> auto& { return segments; };
  const auto take_one = [&](Work& work, std::uint32_t life = generation) {
    std::uint32_t number = 0;
    const auto one = queue.take_one_alone(segments_here, life, work, number);
    EXPECT_TRUE(one != Queue::Taken::empty || number == queue.tail());
    return one;
  };
  Work work;
  EXPECT_EQ(take_one(work), Queue::Taken::empty);
  for (std::uint32_t i = 0; i < simple; ++i) ASSERT_TRUE(put(100 + i));
  EXPECT_EQ(take_one(work, generation + 2), Queue::Taken::not_simple);
  for (std::uint32_t i = 0; i < simple; ++i) {
    EXPECT_EQ(take_one(work), Queue::Taken::task);
    EXPECT_EQ(work.fn, 100 + i);
  }
  EXPECT_EQ(take_one(work), Queue::Taken::empty);
  Queue::Ticket ticket;
  ASSERT_EQ(queue.reserve(segments, generation, ticket), Queue::Reserved::ok);  // its segment's last
  queue.publish(segments, ticket, {200, 400});
  EXPECT_EQ(take_one(work), Queue::Taken::not_simple);
}

TEST_F(AloneTest, PutsIntoItsOwnCellsWithOneLook) {
  std::uint64_t sub = 0;
  EXPECT_FALSE(queue.see_inline(generation + 2, sub));
  for (std::uint32_t i = 0; i < simple; ++i) {
    ASSERT_TRUE(queue.see_inline(generation, sub));
    EXPECT_EQ(queue.put_inline(sub, {100 + i, 2 * (100 + i)}), i == 0);
  }
  EXPECT_FALSE(queue.see_inline(generation, sub));  // the last one is for the others
  EXPECT_EQ(take(simple), simple);
  EXPECT_EQ(taken[simple - 1], 100 + simple - 1);
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
