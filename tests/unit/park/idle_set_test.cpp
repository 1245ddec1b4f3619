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
  EXPECT_TRUE(set.begin_thread(set.state()));
  expect_state(set, 1, 0, 1);
  set.end_search();
  const Set::State old = set.state();
  EXPECT_TRUE(set.try_search());
  EXPECT_FALSE(set.try_search());  // one at a time
  expect_state(set, 1, 0, 1);
  EXPECT_FALSE(set.begin_search(old));
  EXPECT_FALSE(set.begin_thread(old));
  set.end_search();
  EXPECT_TRUE(set.begin_thread(set.state()));
  set.undo_thread();
  expect_state(set, 0, 0, 1);
  set.end_thread();
  expect_state(set, 0, 0, 0);
}

TEST(IdleSet, CountsToTheMostWorkers) {
  Set set;
  constexpr std::uint32_t most = 32'767;
  for (std::uint32_t i = 0; i < most; ++i) {
    ASSERT_TRUE(set.begin_thread(set.state()));
    set.end_search();
  }
  expect_state(set, 0, 0, most);
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
  EXPECT_EQ(slot.sleep(), Slot::search);  // the token is there: no sleep
  EXPECT_EQ(slot.token.load(), Slot::none);
}

TEST(IdleSet, WakesASleeper) {
  TestSystem::sleeps = 0;
  Set set;
  Slot slot;
  set.enter(slot, false);
  std::thread sleeper([&] { EXPECT_EQ(slot.sleep(), Slot::stop); });
  while (TestSystem::sleeps == 0) std::this_thread::yield();
  os::futex_wake(os::futex_word(slot.token), 1);  // spurious: a late waker of an earlier worker of this slot
  EXPECT_TRUE(set.wake_top(Slot::stop));
  sleeper.join();
}

}  // namespace
}  // namespace pool::park
