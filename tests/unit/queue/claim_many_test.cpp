// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// claim_many(): SmallSegments has 4 cells a segment, and 3 are inline.
#include <deque>
#include <random>
#include <vector>

#include "unit/queue/ticket_queue_test.hpp"

namespace pool::queue {
namespace {

class ClaimManyTest : public TicketQueueTest {
 protected:
  // What a claim of up to `most` got; `result_` says how it went.
  std::vector<std::uintptr_t> claim_many(std::uint32_t most, std::uint32_t of = 0, std::uint32_t unit = 0) {
    std::vector<std::uintptr_t> stored;
    std::uint32_t count = 0;
    const auto mine = [of](std::uint32_t life) { return of == 0 || life == of; };
    const auto store = [&](std::uint32_t i, std::uintptr_t fn, std::uintptr_t ctx) {
      EXPECT_EQ(ctx, fn + 1);
      if (stored.size() <= i) stored.resize(i + 1);  // stored again after a failure
      stored[i] = fn;
      return fn != unwanted_;
    };
    const std::uint32_t head = queue_->head();
    result_ = queue_->claim_many(segments_, mine, most, store, life_, first_, count, more_, unit);
    if (result_ != Queue::Claimed::task) return {};
    EXPECT_EQ(first_, head);
    stored.resize(count);
    return stored;
  }
  using Values = std::vector<std::uintptr_t>;

  std::uintptr_t unwanted_ = 0;
  Queue::Claimed result_ = Queue::Claimed::empty;
  std::uint32_t life_ = 0;
  std::uint32_t first_ = 0;
};

TEST_F(ClaimManyTest, TakesUpToTheEndOfASegment) {
  for (std::uintptr_t i = 1; i <= 13; ++i) submit(i);
  EXPECT_EQ(claim_many(100), (Values{1, 2, 3}));  // inline
  EXPECT_EQ(life_, 1U);
  EXPECT_TRUE(more_);
  EXPECT_EQ(claim_many(100), (Values{4, 5, 6, 7}));
  EXPECT_EQ(claim(), 8U);
  EXPECT_EQ(claim_many(100), (Values{9, 10, 11}));
  EXPECT_EQ(claim_many(100), (Values{12, 13}));
  EXPECT_FALSE(more_);
  EXPECT_TRUE(claim_many(100).empty());
  EXPECT_EQ(result_, Queue::Claimed::empty);
  EXPECT_EQ(segments_.out.size(), 1U);  // the others were given back
  EXPECT_EQ(segments_.doubles, 0);
}

TEST_F(ClaimManyTest, TakesNoMoreThanItIsAskedTo) {
  for (std::uintptr_t i = 1; i <= 7; ++i) submit(i);
  EXPECT_EQ(claim_many(1), (Values{1}));
  EXPECT_EQ(claim_many(1), (Values{2}));
  EXPECT_EQ(claim_many(2), (Values{3}));
  EXPECT_EQ(claim_many(3), (Values{4, 5, 6}));
  EXPECT_TRUE(more_);
  EXPECT_EQ(claim_many(3), (Values{7}));
  EXPECT_FALSE(more_);
}

TEST_F(ClaimManyTest, StopsBeforeACellThatIsNotReady) {
  submit(1);
  submit(2);
  submit(3);
  submit(4);
  Queue::Ticket slow;
  ASSERT_EQ(queue_->reserve(segments_, 1, slow), Queue::Reserved::ok);
  submit(6);
  EXPECT_EQ(claim_many(100), (Values{1, 2, 3}));
  EXPECT_EQ(claim_many(100), (Values{4}));
  EXPECT_TRUE(more_);
  EXPECT_TRUE(claim_many(100).empty());
  EXPECT_EQ(result_, Queue::Claimed::not_ready);
  queue_->publish(segments_, slow, {5, 6});
  EXPECT_EQ(claim_many(100), (Values{5, 6}));
}

TEST_F(ClaimManyTest, StopsAtOneThatIsNotWanted) {
  for (std::uintptr_t i = 1; i <= 3; ++i) submit(i);
  unwanted_ = 2;
  EXPECT_EQ(claim_many(100), (Values{1}));
  EXPECT_TRUE(claim_many(100).empty());
  EXPECT_EQ(result_, Queue::Claimed::unwanted);
  unwanted_ = 0;
  EXPECT_EQ(claim_many(100), (Values{2, 3}));
}

TEST_F(ClaimManyTest, LeavesWhatIsHeldLimitedOrForeign) {
  submit(1);
  EXPECT_TRUE(claim_many(100, 3).empty());
  EXPECT_EQ(result_, Queue::Claimed::foreign);
  EXPECT_TRUE(queue_->suspend(1));
  EXPECT_TRUE(claim_many(100).empty());
  EXPECT_EQ(result_, Queue::Claimed::held);
  EXPECT_TRUE(queue_->resume(1));
  EXPECT_EQ(claim_many(100), (Values{1}));
  ASSERT_TRUE(queue_->close(1, queue_->tail()));
  queue_->open(3, true);
  submit(2, 3);
  EXPECT_TRUE(claim_many(100).empty());
  EXPECT_EQ(result_, Queue::Claimed::no_unit);
  EXPECT_EQ(life_, 3U);
  EXPECT_TRUE(claim_many(100, 0, 1).empty());  // a unit of another life
  EXPECT_EQ(queue_->tail() - queue_->head(), 1U);
  EXPECT_TRUE(queue_->suspend(3));
  EXPECT_TRUE(claim_many(100, 0, 3).empty());
  EXPECT_TRUE(queue_->resume(3));
  EXPECT_EQ(claim_many(100, 0, 3), (Values{2}));
}

TEST_F(ClaimManyTest, FollowsADequeThroughManyLives) {
  std::mt19937 random(54321);
  std::uint32_t generation = 1;
  for (int life = 0; life < 300; ++life) {
    std::deque<std::uintptr_t> reference;
    std::uintptr_t next = 1;
    for (auto step = random() % 100; step > 0; --step) {
      for (auto count = random() % 4; count > 0; --count) {
        reference.push_back(next);
        submit(next++, generation);
      }
      for (const std::uintptr_t got : claim_many(1 + static_cast<std::uint32_t>(random() % 5))) {
        ASSERT_EQ(got, reference.front());
        reference.pop_front();
      }
      ASSERT_EQ(queue_->empty(), reference.empty());
    }
    while (!reference.empty()) {
      const Values got = claim_many(2);
      ASSERT_FALSE(got.empty());
      for (std::size_t i = 0; i < got.size(); ++i) reference.pop_front();
    }
    ASSERT_TRUE(queue_->close_plain(generation, queue_->tail()));
    queue_->release(segments_);
    ASSERT_TRUE(segments_.out.empty());
    ASSERT_EQ(segments_.doubles, 0);
    generation += 2;
    queue_->open(generation);
  }
}

}  // namespace
}  // namespace pool::queue
