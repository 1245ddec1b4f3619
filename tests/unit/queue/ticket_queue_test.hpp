// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// TicketQueueTest: a queue with small segments, and its tasks as numbers; each has its own and one more as context.
#pragma once

#include <atomic>  // which the header leaves to its policy

#include "queue/ticket_queue.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "unit/test_system.hpp"

namespace pool::queue {

using SmallSegments = test::SmallSegments;
using TestSystem = test::TestSystem;
using Queue = TicketQueue<TestSystem>;

inline constexpr auto anybody = [](std::uint32_t) { return true; };

class TicketQueueTest : public ::testing::Test {
 protected:
  void SetUp() override { queue_->open(1); }

  void submit(std::uintptr_t value, std::uint32_t generation = 1) {
    Queue::Ticket ticket;
    ASSERT_EQ(queue_->reserve(segments_, generation, ticket), Queue::Reserved::ok);
    queue_->publish(segments_, ticket, {value, value + 1});
  }
  std::uintptr_t claim() {
    Work work;
    if (queue_->claim(segments_, anybody, work, more_) != Queue::Claimed::task) return 0;
    EXPECT_EQ(work.ctx, work.fn + 1);
    return work.fn;
  }
  Queue::Claimed try_claim() {
    Work work;
    return queue_->claim(segments_, anybody, work, more_);
  }

  SmallSegments segments_;
  std::unique_ptr<Queue> queue_ = std::make_unique<Queue>();
  bool more_ = false;
};

}  // namespace pool::queue
