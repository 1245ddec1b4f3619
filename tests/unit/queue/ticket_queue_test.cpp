// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "unit/queue/ticket_queue_test.hpp"

#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace pool::queue {
namespace {

TEST_F(TicketQueueTest, IsEmptyAtFirst) {
  EXPECT_TRUE(queue_->empty());
  EXPECT_EQ(try_claim(), Queue::Claimed::empty);
  EXPECT_EQ(queue_->generation(), 1U);
  EXPECT_EQ(queue_->tail(), Queue::first_ticket);
  EXPECT_EQ(queue_->head(), Queue::first_ticket);
}

TEST_F(TicketQueueTest, IsFirstInFirstOutAtEverySize) {
  for (std::uintptr_t size = 1; size <= 40; ++size) {
    for (std::uintptr_t i = 1; i <= size; ++i) submit(i);
    for (std::uintptr_t i = 1; i <= size; ++i) {
      EXPECT_EQ(claim(), i);
      EXPECT_EQ(more_, i < size);
    }
    EXPECT_TRUE(queue_->empty());
  }
}

TEST_F(TicketQueueTest, WrapsItsTicketsBehindTheInlineCells) {
  for (std::uintptr_t i = 1; i <= Queue::inline_cells; ++i) submit(i);
  EXPECT_EQ(queue_->tail(), 0U);
  submit(99);
  EXPECT_EQ(queue_->tail(), 1U);
  for (std::uintptr_t i = 1; i <= Queue::inline_cells; ++i) EXPECT_EQ(claim(), i);
  EXPECT_EQ(claim(), 99U);
}

TEST_F(TicketQueueTest, TakesSegmentsOneAheadAndGivesThemBack) {
  for (std::uintptr_t i = 1; i < Queue::inline_cells; ++i) submit(i);
  EXPECT_TRUE(segments_.out.empty());
  submit(3);  // the last inline ticket: the next segment has to be there
  EXPECT_EQ(segments_.out.size(), 1U);
  for (std::uintptr_t i = 0; i < 3 * Queue::segment_cells; ++i) submit(4 + i);
  EXPECT_EQ(segments_.out.size(), 4U);
  while (claim() != 0) {
  }
  EXPECT_EQ(segments_.out.size(), 1U);
  EXPECT_TRUE(queue_->close(1, queue_->tail()));
  queue_->release(segments_);
  EXPECT_TRUE(segments_.out.empty());
  EXPECT_EQ(segments_.doubles, 0);
}

TEST_F(TicketQueueTest, TellsNotReadyFromEmpty) {
  for (int round = 0; round < 20; ++round) {  // across inline cells and segments
    Queue::Ticket first;
    Queue::Ticket second;
    ASSERT_EQ(queue_->reserve(segments_, 1, first), Queue::Reserved::ok);
    EXPECT_TRUE(queue_->is_first(first));
    ASSERT_EQ(queue_->reserve(segments_, 1, second), Queue::Reserved::ok);
    EXPECT_FALSE(queue_->is_first(second));
    EXPECT_FALSE(queue_->empty());
    EXPECT_EQ(try_claim(), Queue::Claimed::not_ready);
    queue_->publish(segments_, second, {2, 3});
    EXPECT_EQ(try_claim(), Queue::Claimed::not_ready);  // in order
    queue_->publish(segments_, first, {1, 2});
    EXPECT_EQ(claim(), 1U);
    EXPECT_TRUE(more_);
    EXPECT_EQ(claim(), 2U);
    EXPECT_FALSE(more_);
    EXPECT_EQ(try_claim(), Queue::Claimed::empty);
  }
}

TEST_F(TicketQueueTest, LooksBeforeATicketThatEndsAnEmptyMoment) {
  for (int round = 0; round < 20; ++round) {  // across inline cells and segments
    Queue::Ticket ticket;
    int looks = 0;
    const std::uint32_t tail = queue_->tail();
    const auto look = [&](std::uint32_t number) {
      ++looks;
      EXPECT_EQ(number, tail);
      EXPECT_EQ(queue_->tail(), tail);  // not taken yet
    };
    ASSERT_EQ(queue_->reserve(segments_, 1, ticket, look), Queue::Reserved::ok);
    EXPECT_EQ(looks, 1);
    queue_->publish(segments_, ticket, {1, 2});
    ASSERT_EQ(queue_->reserve(segments_, 1, ticket, look), Queue::Reserved::ok);
    EXPECT_EQ(looks, 1);  // the queue is not empty
    queue_->publish(segments_, ticket, {2, 3});
    EXPECT_EQ(claim(), 1U);
    EXPECT_EQ(claim(), 2U);
  }
}

TEST_F(TicketQueueTest, RefusesOtherGenerations) {
  Queue::Ticket ticket;
  const std::uint32_t tail = queue_->tail();
  for (const std::uint32_t generation : {0U, 2U, 3U, UINT32_MAX}) {
    EXPECT_EQ(queue_->reserve(segments_, generation, ticket), Queue::Reserved::stale);
  }
  EXPECT_EQ(queue_->tail(), tail);
  submit(5);
  Work work;
  EXPECT_EQ(queue_->claim(
                segments_, [](std::uint32_t of) { return of == 3; }, work, more_),
            Queue::Claimed::foreign);
  EXPECT_EQ(claim(), 5U);
}

TEST_F(TicketQueueTest, ChangesNothingWithoutMemory) {
  segments_.limit = 0;
  for (std::uintptr_t i = 1; i < Queue::inline_cells; ++i) submit(i);
  Queue::Ticket ticket;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue_->reserve(segments_, 1, ticket), Queue::Reserved::no_memory);
  EXPECT_EQ(queue_->tail(), UINT32_MAX);
  segments_.limit = 1;
  for (std::uintptr_t i = 0; i < Queue::segment_cells; ++i) submit(Queue::inline_cells + i);
  EXPECT_EQ(queue_->reserve(segments_, 1, ticket), Queue::Reserved::no_memory);
  segments_.limit = 2;
  submit(Queue::inline_cells + Queue::segment_cells);
  for (std::uintptr_t i = 1; i <= Queue::inline_cells + Queue::segment_cells; ++i) EXPECT_EQ(claim(), i);
}

TEST_F(TicketQueueTest, ClosesOnlyAtTheTailThatIsNamed) {
  submit(1);
  EXPECT_FALSE(queue_->close(1, Queue::first_ticket));
  EXPECT_FALSE(queue_->close(3, queue_->tail()));
  EXPECT_EQ(queue_->generation(), 1U);
  EXPECT_EQ(claim(), 1U);
  EXPECT_TRUE(queue_->close(1, queue_->tail()));
  EXPECT_EQ(queue_->generation(), 2U);
  Queue::Ticket ticket;
  EXPECT_EQ(queue_->reserve(segments_, 1, ticket), Queue::Reserved::stale);
  EXPECT_FALSE(queue_->close(1, queue_->tail()));
  queue_->release(segments_);
  queue_->open(3);
  submit(7, 3);
  EXPECT_EQ(claim(), 7U);
}

TEST_F(TicketQueueTest, ClosesWithTasksInsideThatCanStillBeClaimed) {
  for (std::uintptr_t i = 1; i <= 10; ++i) submit(i);
  std::uint32_t tail = 0;
  EXPECT_FALSE(queue_->close_any(3, tail));
  EXPECT_TRUE(queue_->close_any(1, tail));
  EXPECT_EQ(tail, Queue::first_ticket + 10);
  EXPECT_FALSE(queue_->close_any(1, tail));
  for (std::uintptr_t i = 1; i <= 10; ++i) EXPECT_EQ(claim(), i);
  queue_->release(segments_);
  EXPECT_TRUE(segments_.out.empty());
}

// A submitter of an earlier life may have linked a segment behind one that has been recycled: it is used, not lost.
TEST_F(TicketQueueTest, UsesASegmentThatWasLinkedLate) {
  const std::uint32_t first = segments_.take();
  const std::uint32_t gift = segments_.take();
  segments_.link(first).store(gift);
  segments_.give_unused(first);  // the next take() gives it, its link set
  for (std::uintptr_t i = 1; i <= 30; ++i) submit(i);
  for (std::uintptr_t i = 1; i <= 30; ++i) EXPECT_EQ(claim(), i);
  EXPECT_TRUE(queue_->close(1, queue_->tail()));
  queue_->release(segments_);
  EXPECT_TRUE(segments_.out.empty());
  EXPECT_EQ(segments_.doubles, 0);
}

TEST_F(TicketQueueTest, FollowsADequeThroughManyLives) {
  std::mt19937 random(12345);
  std::uint32_t generation = 1;
  for (int life = 0; life < 300; ++life) {
    std::deque<std::uintptr_t> reference;
    std::uintptr_t next = 1;
    for (auto step = random() % 200; step > 0; --step) {
      if (random() % 2 == 0) {
        reference.push_back(next);
        submit(next++, generation);
      } else {
        const std::uintptr_t expected = reference.empty() ? 0 : reference.front();
        if (!reference.empty()) reference.pop_front();
        ASSERT_EQ(claim(), expected);
      }
      ASSERT_EQ(queue_->empty(), reference.empty());
    }
    for (; !reference.empty(); reference.pop_front()) ASSERT_EQ(claim(), reference.front());
    ASSERT_TRUE(queue_->close(generation, queue_->tail()));
    queue_->release(segments_);
    ASSERT_TRUE(segments_.out.empty());
    ASSERT_EQ(segments_.doubles, 0);
    generation += 2;
    queue_->open(generation);
  }
}

TEST_F(TicketQueueTest, HoldsItsTasksWhileItIsSuspended) {
  submit(1);
  EXPECT_FALSE(queue_->is_suspended());
  EXPECT_TRUE(queue_->suspend(1));
  EXPECT_TRUE(queue_->suspend(1));  // once more changes nothing
  EXPECT_TRUE(queue_->is_suspended());
  submit(2);
  EXPECT_EQ(try_claim(), Queue::Claimed::held);
  EXPECT_TRUE(queue_->resume(1));
  EXPECT_FALSE(queue_->is_suspended());
  EXPECT_EQ(claim(), 1U);
  EXPECT_EQ(claim(), 2U);
  EXPECT_TRUE(queue_->suspend(1));
  EXPECT_EQ(try_claim(), Queue::Claimed::empty);
}

TEST_F(TicketQueueTest, SuspendsAndResumesItsOwnLifeOnly) {
  EXPECT_FALSE(queue_->suspend(3));
  EXPECT_TRUE(queue_->suspend(1));
  EXPECT_FALSE(queue_->resume(3));
  EXPECT_TRUE(queue_->is_suspended());
  ASSERT_TRUE(queue_->close(1, queue_->tail()));
  queue_->open(3);
  EXPECT_FALSE(queue_->is_suspended());
  EXPECT_FALSE(queue_->suspend(1));
  EXPECT_FALSE(queue_->is_suspended());
}

TEST_F(TicketQueueTest, GivesALimitedTaskToWhoHasAUnitOfItsLife) {
  queue_->open(1, true);
  submit(1);
  submit(2);
  Work work;
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_), Queue::Claimed::no_unit);
  EXPECT_EQ(work.life, 1U);  // whose unit it takes
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, {.unit = 3}), Queue::Claimed::no_unit);
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, {.unit = 1}), Queue::Claimed::task);
  EXPECT_EQ(work.fn, 1U);
  EXPECT_TRUE(queue_->suspend(1));
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, {.unit = 1}), Queue::Claimed::held);
  EXPECT_TRUE(queue_->resume(1));
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_), Queue::Claimed::no_unit);  // it is limited still
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, {.unit = 1}), Queue::Claimed::task);
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_), Queue::Claimed::empty);
}

TEST_F(TicketQueueTest, DiscardsWhateverHoldsTheTask) {
  queue_->open(1, true);
  submit(1);
  EXPECT_TRUE(queue_->suspend(1));
  Work work;
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, {.discards = true}), Queue::Claimed::task);
  EXPECT_EQ(work.fn, 1U);
  EXPECT_TRUE(queue_->is_suspended());
}

TEST_F(TicketQueueTest, LeavesWhatIsNotWanted) {
  submit(1);
  submit(2);
  Work work;
  Queue::Terms odd_ones;
  odd_ones.wants = [](const Work& one) { return one.fn % 2 == 1; };
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, odd_ones), Queue::Claimed::task);
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, odd_ones), Queue::Claimed::unwanted);
  EXPECT_EQ(claim(), 2U);
  EXPECT_EQ(queue_->claim(segments_, anybody, work, more_, odd_ones), Queue::Claimed::empty);
}

// --- the simple ways ---

TEST_F(TicketQueueTest, TriesOnlyForTicketsThatAreSimple) {
  Queue::Ticket ticket;
  int looks = 0;
  const auto look = [&] { ++looks; };
  std::uintptr_t next = 1;
  for (int round = 0; round < 3; ++round) {
    // The first segment has 3 cells; its last is also the last before the tickets wrap.
    const std::uintptr_t simple = round == 0 ? Queue::inline_cells - 1 : Queue::segment_cells - 1;
    for (std::uintptr_t i = 0; i < simple; ++i) {
      const std::uint32_t tail = queue_->tail();
      ASSERT_TRUE(queue_->try_reserve(1, ticket, look));
      EXPECT_EQ(ticket.number, tail);
      EXPECT_EQ(queue_->tail(), tail + 1);
      queue_->publish(segments_, ticket, {next, next + 1});
      ++next;
    }
    EXPECT_EQ(looks, round + 1);
    const std::uint32_t tail = queue_->tail();
    EXPECT_FALSE(queue_->try_reserve(1, ticket, look));  // its segment's last
    EXPECT_EQ(queue_->tail(), tail);
    submit(next++);
    for (std::uintptr_t i = next - simple - 1; i < next; ++i) EXPECT_EQ(claim(), i);
  }
}

TEST_F(TicketQueueTest, TriesForNoOtherGeneration) {
  Queue::Ticket ticket;
  const auto look = [] {};
  const std::uint32_t tail = queue_->tail();
  EXPECT_FALSE(queue_->try_reserve(3, ticket, look));
  EXPECT_FALSE(queue_->try_reserve(0, ticket, look));
  ASSERT_TRUE(queue_->close_plain(1, tail));
  EXPECT_FALSE(queue_->try_reserve(1, ticket, look));
  EXPECT_EQ(queue_->tail(), tail);
}

TEST_F(TicketQueueTest, ANotedLifeGoesTheLongWay) {
  Queue::Ticket ticket;
  EXPECT_FALSE(queue_->is_noted());
  EXPECT_FALSE(queue_->note(3));
  EXPECT_FALSE(queue_->is_noted());
  EXPECT_TRUE(queue_->note(1));
  EXPECT_TRUE(queue_->note(1));  // once more changes nothing
  EXPECT_TRUE(queue_->is_noted());
  EXPECT_EQ(queue_->generation(), 1U);
  EXPECT_EQ(base::low(queue_->sub()), queue_->tail());
  EXPECT_EQ(base::high(queue_->sub()), 1U);
  EXPECT_NE(queue_->raw_sub(), queue_->sub());
  EXPECT_FALSE(queue_->try_reserve(1, ticket, [] {}));
  submit(1);
  EXPECT_TRUE(queue_->is_noted());  // a ticket leaves it
  EXPECT_EQ(claim(), 1U);
  EXPECT_FALSE(queue_->close_plain(1, queue_->tail()));
  EXPECT_FALSE(queue_->close(1, queue_->tail() - 1));
  EXPECT_FALSE(queue_->close(3, queue_->tail()));
  EXPECT_EQ(queue_->generation(), 1U);
  EXPECT_TRUE(queue_->close(1, queue_->tail()));
  EXPECT_EQ(queue_->generation(), 2U);
  EXPECT_TRUE(queue_->is_noted());  // for whoever ends it
  EXPECT_FALSE(queue_->note(1));
  queue_->open(3);
  EXPECT_FALSE(queue_->is_noted());
  EXPECT_TRUE(queue_->note(3));
  std::uint32_t tail = 0;
  EXPECT_TRUE(queue_->close_any(3, tail));
  EXPECT_EQ(queue_->generation(), 4U);
  EXPECT_TRUE(queue_->is_noted());
}

TEST_F(TicketQueueTest, ClosesPlainOnlyAtTheTailThatIsNamed) {
  submit(1);
  EXPECT_FALSE(queue_->close_plain(1, Queue::first_ticket));
  EXPECT_FALSE(queue_->close_plain(3, queue_->tail()));
  EXPECT_EQ(claim(), 1U);
  EXPECT_TRUE(queue_->close_plain(1, queue_->tail()));
  EXPECT_FALSE(queue_->close_plain(1, queue_->tail()));
  EXPECT_EQ(queue_->generation(), 2U);
  Queue::Ticket ticket;
  EXPECT_EQ(queue_->reserve(segments_, 1, ticket), Queue::Reserved::stale);
}

}  // namespace
}  // namespace pool::queue
