// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <atomic>  // which the header leaves to its policy

#include "group/notices.hpp"

#include <gtest/gtest.h>

#include "unit/test_system.hpp"

namespace pool::group {
namespace {

using TestNotices = Notices<test::TestSystem>;

class NoticesTest : public ::testing::Test {
 protected:
  void SetUp() override { notices_.open(1); }

  TestNotices notices_;
};

TEST_F(NoticesTest, ArePendingUntilTheLastIsSettled) {
  EXPECT_FALSE(notices_.any_pending(1));
  EXPECT_TRUE(notices_.expect(1));
  EXPECT_TRUE(notices_.expect(1));
  EXPECT_TRUE(notices_.any_pending(1));
  EXPECT_FALSE(notices_.settle(1));
  EXPECT_TRUE(notices_.any_pending(1));
  EXPECT_FALSE(notices_.settle(1));  // the last one, but the group is not over
  EXPECT_FALSE(notices_.any_pending(1));
}

// Either the end of the group or its last notice frees the slot: never both.
TEST_F(NoticesTest, EndOnce) {
  EXPECT_TRUE(notices_.expect(1));
  EXPECT_FALSE(notices_.settle(1));
  EXPECT_TRUE(notices_.end(1));
  EXPECT_FALSE(notices_.end(1));
  EXPECT_FALSE(notices_.expect(1));
  EXPECT_FALSE(notices_.settle(1));
}

TEST_F(NoticesTest, TheLastOneOfAGroupThatIsOverEndsThem) {
  EXPECT_TRUE(notices_.expect(1));
  EXPECT_FALSE(notices_.end(1));
  EXPECT_TRUE(notices_.expect(1));  // asked for at the last moment
  EXPECT_FALSE(notices_.settle(1));
  EXPECT_TRUE(notices_.settle(1));
  EXPECT_FALSE(notices_.end(1));
  EXPECT_FALSE(notices_.expect(1));
}

TEST_F(NoticesTest, OfAnotherLifeAreNotCounted) {
  EXPECT_FALSE(notices_.expect(3));
  EXPECT_TRUE(notices_.expect(1));
  EXPECT_FALSE(notices_.any_pending(3));
  EXPECT_FALSE(notices_.settle(3));
  EXPECT_FALSE(notices_.end(3));
  EXPECT_TRUE(notices_.any_pending(1));
}

// A destroy that has looked at the word must not fall asleep over what came after its look.
TEST_F(NoticesTest, StirredAreADifferentWordAndTheSameNumber) {
  EXPECT_TRUE(notices_.expect(1));
  const std::uint64_t before = notices_.pending().load();
  notices_.stir(1);
  const std::uint64_t after = notices_.pending().load();
  EXPECT_NE(base::low(before), base::low(after));
  EXPECT_TRUE(TestNotices::is_pending(after, 1));
  notices_.stir(3);  // another life
  EXPECT_EQ(notices_.pending().load(), after);
  EXPECT_FALSE(notices_.settle(1));
  EXPECT_FALSE(notices_.any_pending(1));
  EXPECT_TRUE(notices_.end(1));
}

TEST_F(NoticesTest, AreStirredMoreOftenThanTheWordCanCount) {
  EXPECT_TRUE(notices_.expect(1));
  for (int i = 0; i < 0x10001; ++i) notices_.stir(1);
  EXPECT_TRUE(notices_.any_pending(1));
  EXPECT_FALSE(notices_.settle(1));
  EXPECT_TRUE(notices_.end(1));
}

TEST_F(NoticesTest, AreTakenAllAtOnceTheLastOneFirst) {
  Notice notices[3];
  EXPECT_FALSE(notices_.any());
  EXPECT_EQ(notices_.take_all(), nullptr);
  for (Notice& each : notices) notices_.put(each);
  EXPECT_TRUE(notices_.any());
  const Notice* at = notices_.take_all();
  for (int i = 2; i >= 0; --i) {
    ASSERT_EQ(at, &notices[i]);
    at = at->next;
  }
  EXPECT_EQ(at, nullptr);
  EXPECT_FALSE(notices_.any());
  EXPECT_EQ(notices_.take_all(), nullptr);
}

}  // namespace
}  // namespace pool::group
