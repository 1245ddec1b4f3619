// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <atomic>  // which the header leaves to its policy

#include "group/tally.hpp"

#include <gtest/gtest.h>

#include "unit/test_system.hpp"

namespace pool::group {
namespace {

using TestTally = Tally<test::TestSystem>;

class TallyTest : public ::testing::Test {
 protected:
  void SetUp() override { tally_.open(1); }

  TestTally tally_;
};

TEST_F(TallyTest, IsSuccessAtFirst) {
  EXPECT_EQ(tally_.outcome(), Outcome::success);
  EXPECT_EQ(tally_.failed() + tally_.cancelled() + tally_.discarded_in_queue() + tally_.discarded_newcomers(), 0U);
}

TEST_F(TallyTest, CountsEachKindByItself) {
  const char none[failure_text_size] = {};
  tally_.fail(5, none);
  tally_.cancel_one();
  tally_.cancel_one();
  for (int i = 0; i < 3; ++i) tally_.discard_one();
  for (int i = 0; i < 4; ++i) tally_.discard_newcomer(1);
  EXPECT_EQ(tally_.failed(), 1U);
  EXPECT_EQ(tally_.cancelled(), 2U);
  EXPECT_EQ(tally_.discarded_in_queue(), 3U);
  EXPECT_EQ(tally_.discarded_newcomers(), 4U);
}

TEST_F(TallyTest, PutsFailureOverCancellation) {
  tally_.cancel_one();
  EXPECT_EQ(tally_.outcome(), Outcome::cancelled);
  const char none[failure_text_size] = {};
  tally_.fail(5, none);
  EXPECT_EQ(tally_.outcome(), Outcome::failed);
}

TEST_F(TallyTest, TakesEveryDiscardForAFailure) {
  tally_.discard_one();
  EXPECT_EQ(tally_.outcome(), Outcome::failed);
  tally_.open(3);
  EXPECT_EQ(tally_.outcome(), Outcome::success);
  tally_.discard_newcomer(3);
  EXPECT_EQ(tally_.outcome(), Outcome::failed);
}

TEST_F(TallyTest, GoesOnCountingAfterAReset) {
  const char first[failure_text_size] = "first";
  const char second[failure_text_size] = "second";
  tally_.fail(5, first);
  tally_.cancel_one();
  tally_.discard_one();
  tally_.discard_newcomer(1);
  tally_.reset();
  EXPECT_EQ(tally_.outcome(), Outcome::success);
  EXPECT_EQ(tally_.failed(), 1U);
  EXPECT_EQ(tally_.cancelled(), 1U);
  EXPECT_EQ(tally_.discarded_in_queue() + tally_.discarded_newcomers(), 2U);
  std::int32_t code = 0;
  char text[failure_text_size];
  EXPECT_FALSE(tally_.failure().read(code, text));
  tally_.cancel_one();
  EXPECT_EQ(tally_.outcome(), Outcome::cancelled);
  tally_.fail(6, second);
  EXPECT_EQ(tally_.outcome(), Outcome::failed);
  ASSERT_TRUE(tally_.failure().read(code, text));
  EXPECT_EQ(code, 6);
  EXPECT_STREQ(text, "second");
}

TEST_F(TallyTest, LearnsNothingFromAnotherLife) {
  tally_.open(3);
  tally_.discard_newcomer(1);
  EXPECT_EQ(tally_.discarded_newcomers(), 0U);
  EXPECT_EQ(tally_.outcome(), Outcome::success);
  EXPECT_FALSE(tally_.enter(1));
  EXPECT_TRUE(tally_.enter(3));
  EXPECT_FALSE(tally_.leave(1));
  EXPECT_TRUE(tally_.leave(3));
}

TEST_F(TallyTest, CountsNoMoreThanThereIsPlaceFor) {
  constexpr std::uint64_t most = (std::uint64_t{1} << 40) - 1;
  tally_.start_newcomers_at(most - 1);
  for (int i = 0; i < 3; ++i) {
    tally_.discard_newcomer(1);
    EXPECT_EQ(tally_.discarded_newcomers(), most);
    EXPECT_EQ(tally_.outcome(), Outcome::failed);
  }
  tally_.open(3);
  EXPECT_EQ(tally_.discarded_newcomers(), 0U);
  tally_.discard_newcomer(3);
  EXPECT_EQ(tally_.discarded_newcomers(), 1U);
}

TEST_F(TallyTest, LetsNobodyLeaveWhoHasNotEntered) {
  EXPECT_FALSE(tally_.leave(1));
  EXPECT_TRUE(tally_.enter(1));
  EXPECT_TRUE(tally_.enter(1));
  EXPECT_TRUE(tally_.leave(1));
  EXPECT_TRUE(tally_.leave(1));
  EXPECT_FALSE(tally_.leave(1));
  EXPECT_TRUE(tally_.enter(1));
  tally_.open(3);  // nobody is inside a new life
  EXPECT_FALSE(tally_.leave(3));
}

}  // namespace
}  // namespace pool::group
