// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <atomic>  // which the header leaves to its policy

#include "sched/job.hpp"

#include <gtest/gtest.h>

#include "unit/test_system.hpp"

namespace pool::sched {
namespace {

using TestJob = Job<test::TestSystem>;

class JobTest : public ::testing::Test {
 protected:
  void SetUp() override { generation_ = job_.open(7, 3, 5); }
  TestJob::Phase phase() const { return TestJob::phase(job_.word.load()); }

  TestJob job_;
  std::uint32_t generation_ = 0;
};

TEST_F(JobTest, BeginsQueuedWithAHandleAndACell) {
  EXPECT_EQ(generation_ & 1U, 1U);
  EXPECT_EQ(base::high(job_.word.load()), generation_);
  EXPECT_EQ(phase(), TestJob::queued);
  EXPECT_FALSE(TestJob::is_over(job_.word.load()));
  EXPECT_FALSE(job_.is_early());
  EXPECT_EQ(job_.references.load(), 2U);
  EXPECT_EQ(job_.index, 7U);
  EXPECT_EQ(job_.group.load(), 3U);
  EXPECT_EQ(job_.group_life.load(), 5U);
}

TEST_F(JobTest, LeavesTheQueueOnce) {
  EXPECT_TRUE(job_.start());
  EXPECT_EQ(phase(), TestJob::running);
  EXPECT_FALSE(job_.start());
  EXPECT_FALSE(job_.leave_queue(generation_, TestJob::cancelled));
  EXPECT_FALSE(job_.leave_queue(generation_, TestJob::running | TestJob::early));
  EXPECT_FALSE(job_.is_early());
}

TEST_F(JobTest, IsCancelledBeforeItStartsOnly) {
  EXPECT_TRUE(job_.leave_queue(generation_, TestJob::cancelled));
  EXPECT_EQ(phase(), TestJob::cancelled);
  EXPECT_TRUE(TestJob::is_over(job_.word.load()));
  EXPECT_FALSE(job_.start());
  EXPECT_FALSE(job_.is_early());
}

TEST_F(JobTest, StartsBeforeItsTurnAndStaysEarly) {
  job_.word.fetch_or(TestJob::waited);
  EXPECT_TRUE(job_.leave_queue(generation_, TestJob::running | TestJob::early));
  EXPECT_EQ(phase(), TestJob::running);
  EXPECT_TRUE(job_.is_early());
  EXPECT_TRUE(job_.finish(TestJob::succeeded));  // somebody waits
  EXPECT_EQ(phase(), TestJob::succeeded);
  EXPECT_TRUE(job_.is_early());
  EXPECT_EQ(base::high(job_.word.load()), generation_);
}

TEST_F(JobTest, OfAnotherLifeIsLeftAlone) {
  EXPECT_FALSE(job_.leave_queue(generation_ + 2, TestJob::cancelled));
  EXPECT_EQ(phase(), TestJob::queued);
  EXPECT_TRUE(job_.start());  // a worker needs no handle
  EXPECT_FALSE(job_.finish(TestJob::failed));
  EXPECT_EQ(phase(), TestJob::failed);
  const std::uint32_t next = job_.open(7, 3, 5);
  EXPECT_EQ(next, generation_ + 2);
  EXPECT_EQ(phase(), TestJob::queued);
  EXPECT_FALSE(job_.leave_queue(generation_, TestJob::cancelled));
}

}  // namespace
}  // namespace pool::sched
