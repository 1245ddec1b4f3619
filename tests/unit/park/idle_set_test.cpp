// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "park/idle_set.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "unit/test_system.hpp"

namespace pool::park {
namespace {

using test::TestSystem;
using Set = IdleSet<TestSystem>;
using Slot = Parker<TestSystem>;

void expect_state(const Set& set, std::uint32_t searching, std::uint32_t idle, std::uint32_t threads) {
  EXPECT_EQ(set.state().searching(), searching);
  EXPECT_EQ(set.state().idle(), idle);
  EXPECT_EQ(set.state().threads(), threads);
}

TEST(IdleSet, CountsSearchersAndThreads) {
  Set set;
  expect_state(set, 0, 0, 0);
  EXPECT_TRUE(set.begin_thread(set.state(), true));
  expect_state(set, 1, 0, 1);
  set.end_search();
  const Set::State old = set.state();
  EXPECT_TRUE(set.try_search());
  EXPECT_TRUE(set.try_search());
  EXPECT_FALSE(set.try_search());  // two at a time
  set.end_search();
  expect_state(set, 1, 0, 1);
  EXPECT_FALSE(set.begin_search(old));
  EXPECT_FALSE(set.begin_thread(old, true));
  set.end_search();
  EXPECT_TRUE(set.begin_thread(set.state(), true));
  set.undo_thread(true);
  expect_state(set, 0, 0, 1);
  EXPECT_TRUE(set.begin_thread(set.state(), false));  // does not search
  expect_state(set, 0, 0, 2);
  set.undo_thread(false);
  set.end_thread();
  expect_state(set, 0, 0, 0);
}

TEST(IdleSet, CountsToTheMostWorkers) {
  Set set;
  constexpr std::uint32_t most = 32'767;
  for (std::uint32_t i = 0; i < most; ++i) {
    ASSERT_TRUE(set.begin_thread(set.state(), true));
    set.end_search();
  }
  expect_state(set, 0, 0, most);
  for (std::uint32_t i = 0; i < most; ++i) set.must_leave();
  expect_state(set, 0, 0, most);
  EXPECT_EQ(set.state().leaving(), most);
  EXPECT_EQ(set.state().active(), 0U);
  for (std::uint32_t i = 0; i < most; ++i) set.end_leave();
  EXPECT_EQ(set.state().word, 0U);
}

// A set with so many threads, none of which searches.
void add_threads(Set& set, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) ASSERT_TRUE(set.begin_thread(set.state(), false));
}

TEST(IdleSet, LetsNoMoreLeaveThanAreToBeKept) {
  Set set;
  add_threads(set, 3);
  EXPECT_FALSE(set.begin_leave(3));
  EXPECT_TRUE(set.begin_leave(1));
  EXPECT_TRUE(set.begin_leave(1));
  EXPECT_FALSE(set.begin_leave(1));
  expect_state(set, 0, 0, 3);  // they hold their places
  EXPECT_EQ(set.state().leaving(), 2U);
  set.undo_leave();
  EXPECT_EQ(set.state().active(), 2U);
  set.end_leave();
  expect_state(set, 0, 0, 2);
  EXPECT_EQ(set.state().leaving(), 0U);
}

TEST(IdleSet, RetiresFromTheStackInOneStep) {
  Set set;
  add_threads(set, 3);
  Slot slots[3];
  for (Slot& slot : slots) set.enter(slot, false);
  const auto keep_two = [] { return 2U; };
  EXPECT_EQ(set.retire(slots[0], keep_two), Set::Retired::leaving);
  expect_state(set, 0, 2, 3);
  EXPECT_EQ(set.state().leaving(), 1U);
  EXPECT_EQ(set.retire(slots[1], keep_two), Set::Retired::stays);
  // It stays where it was: the warm one still comes first.
  EXPECT_TRUE(set.wake_top(Slot::search));
  EXPECT_EQ(slots[2].token.load(), Slot::search);
  EXPECT_EQ(set.retire(slots[2], [] { return 0U; }), Set::Retired::woken);
  EXPECT_EQ(set.state().leaving(), 1U);
  expect_state(set, 0, 1, 3);
}

TEST(IdleSet, MakesAllLookWithoutWakingThemUp) {
  Set set;
  Slot slots[3];
  for (Slot& slot : slots) set.enter(slot, false);
  EXPECT_TRUE(set.wake_top(Slot::search));
  set.look_all();
  EXPECT_EQ(slots[2].sleep(INT64_MAX), Slot::search);  // not overwritten
  EXPECT_EQ(slots[1].sleep(INT64_MAX), Slot::look);
  expect_state(set, 0, 2, 0);
  EXPECT_TRUE(set.wake_top(Slot::search));  // in the order as it was
  EXPECT_EQ(slots[1].sleep(INT64_MAX), Slot::search);
  EXPECT_TRUE(set.wake_top(Slot::search));  // overwrites `look`: whoever searches looks
  EXPECT_EQ(slots[0].sleep(INT64_MAX), Slot::search);
}

TEST(IdleSet, SleepsUntilItsTimeIsOver) {
  Slot slot;
  EXPECT_EQ(slot.sleep(0), Slot::none);
  slot.token.store(Slot::stop);
  EXPECT_EQ(slot.sleep(0), Slot::stop);  // however late
}

TEST(IdleSet, WakesTheOneThatParkedLast) {
  Set set;
  Slot slots[3];
  for (Slot& slot : slots) set.enter(slot, false);
  expect_state(set, 0, 3, 0);
  for (int i = 2; i >= 0; --i) {
    EXPECT_TRUE(set.wake_top(Slot::search));
    EXPECT_EQ(slots[i].token.load(), Slot::search);
    for (int j = 0; j < i; ++j) EXPECT_EQ(slots[j].token.load(), Slot::none);
  }
  EXPECT_FALSE(set.wake_top(Slot::search));
  expect_state(set, 0, 0, 0);
}

TEST(IdleSet, LowersSearchingInTheStepThatRaisesIdle) {
  Set set;
  Slot slot;
  ASSERT_TRUE(set.try_search());
  set.enter(slot, true);
  expect_state(set, 0, 1, 0);
}

TEST(IdleSet, LetsAnyoneLeaveTheMiddle) {
  Set set;
  Slot slots[4];
  for (Slot& slot : slots) set.enter(slot, false);
  EXPECT_TRUE(set.leave(slots[1]));
  EXPECT_FALSE(set.leave(slots[1]));
  EXPECT_TRUE(set.leave(slots[3]));  // the top
  EXPECT_TRUE(set.leave(slots[0]));  // the bottom
  expect_state(set, 0, 1, 0);
  set.enter(slots[1], false);
  EXPECT_TRUE(set.wake_top(Slot::stop));
  EXPECT_EQ(slots[1].token.load(), Slot::stop);
  EXPECT_TRUE(set.wake_top(Slot::stop));
  EXPECT_EQ(slots[2].token.load(), Slot::stop);
  EXPECT_FALSE(set.wake_top(Slot::stop));
}

TEST(IdleSet, TellsALeaverThatAWakerWasFaster) {
  Set set;
  Slot slot;
  set.enter(slot, false);
  EXPECT_TRUE(set.wake_top(Slot::search));
  EXPECT_FALSE(set.leave(slot));
  EXPECT_EQ(slot.sleep(INT64_MAX), Slot::search);  // the token is there: no sleep
  EXPECT_EQ(slot.token.load(), Slot::none);
}

TEST(IdleSet, WakesASleeper) {
  TestSystem::sleeps = 0;
  Set set;
  Slot slot;
  set.enter(slot, false);
  std::thread sleeper([&] { EXPECT_EQ(slot.sleep(INT64_MAX), Slot::stop); });
  while (TestSystem::sleeps == 0) std::this_thread::yield();
  os::futex_wake(os::futex_word(slot.token), 1);  // spurious: a late waker of an earlier worker of this slot
  EXPECT_TRUE(set.wake_top(Slot::stop));
  sleeper.join();
}

}  // namespace
}  // namespace pool::park
