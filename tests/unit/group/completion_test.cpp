// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "group/completion.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "unit/test_system.hpp"

namespace pool::group {
namespace {

using test::TestSystem;
using Done = Completion<TestSystem>;

TEST(Completion, CountsOn) {
  Done done;
  done.open(5);
  EXPECT_EQ(done.load().count(), 5U);
  EXPECT_EQ(done.add().count(), 6U);
  done.lower();
  EXPECT_EQ(done.load().count(), 5U);
}

TEST(Completion, WrapsWithoutTouchingTheFlags) {
  Done done;
  done.open(UINT32_MAX);
  done.announce_wait();
  const std::uint32_t flags = done.load().flags();
  EXPECT_EQ(done.add().count(), 0U);
  EXPECT_EQ(done.load().flags(), flags);
  done.lower();
  EXPECT_EQ(done.load().count(), UINT32_MAX);
  EXPECT_EQ(done.load().flags(), flags);
}

TEST(Completion, BeginsEachLifeInANewEpochWithoutFlags) {
  Done done;
  done.open(1);
  const std::uint32_t epoch = done.load().epoch();
  done.announce_sleep(true);
  done.detach();
  done.open(7);
  EXPECT_EQ(done.load().epoch(), epoch + 1);
  EXPECT_EQ(done.load().count(), 7U);
  EXPECT_FALSE(done.load().has(Done::waiter | Done::sleeper | Done::helper | Done::detached));
}

TEST(Completion, MovesTheEpochOnForWaitersAlone) {
  Done done;
  done.open(1);
  const std::uint32_t epoch = done.load().epoch();
  done.announce_empty(done.load());
  EXPECT_EQ(done.load().epoch(), epoch);
  done.announce_wait();
  EXPECT_EQ(done.load().epoch(), epoch);
  done.announce_empty(done.load());
  EXPECT_EQ(done.load().epoch(), epoch + 1);
  EXPECT_FALSE(done.load().has(Done::waiter));
}

TEST(Completion, IsAnnouncedOnceForOneMoment) {
  Done done;
  done.open(1);
  const Done::Seen seen = done.announce_wait();
  done.announce_empty(seen);
  const std::uint32_t epoch = done.load().epoch();
  done.announce_wait();
  done.announce_empty(seen);  // a late completer names the old epoch
  EXPECT_EQ(done.load().epoch(), epoch);
  const Done::Seen again = done.load();
  done.add();
  done.announce_empty(again);  // the count has moved on
  EXPECT_EQ(done.load().epoch(), epoch);
}

TEST(Completion, IsAnnouncedThoughASleeperCameMeanwhile) {
  TestSystem::wakes = 0;
  Done done;
  done.open(1);
  const Done::Seen seen = done.announce_wait();
  done.announce_sleep(true);
  done.announce_empty(seen);
  EXPECT_EQ(done.load().epoch(), seen.epoch() + 1);
  EXPECT_EQ(TestSystem::wakes, 1);
}

TEST(Completion, WakesOnlyWhenSomebodySleeps) {
  TestSystem::wakes = 0;
  Done done;
  done.open(1);
  done.announce_empty(done.announce_wait());
  done.detach();
  done.end();
  EXPECT_EQ(TestSystem::wakes, 0);
  done.open(1);
  done.announce_empty(done.announce_sleep(false));
  EXPECT_EQ(TestSystem::wakes, 1);
  done.announce_sleep(false);
  done.end();
  EXPECT_EQ(TestSystem::wakes, 2);
}

TEST(Completion, WakesHelpersOnceForNewWork) {
  Done done;
  done.open(1);
  const Done::Seen seen = done.announce_sleep(true);
  EXPECT_TRUE(seen.has(Done::helper));
  done.wake_helpers();
  EXPECT_FALSE(done.load().has(Done::helper));
  EXPECT_TRUE(done.load().has(Done::waiter));
  EXPECT_TRUE(done.sleep(seen, 0));  // the flags have changed: no sleep
}

TEST(Completion, SleepsUntilTheDeadline) {
  Done done;
  done.open(1);
  EXPECT_FALSE(done.sleep(done.announce_sleep(false), os::now() + 1'000'000));
  EXPECT_FALSE(done.sleep(done.announce_sleep(false), 0));
}

template <class Event>
void expect_wakes(Event&& event) {
  TestSystem::sleeps = 0;
  Done done;
  done.open(1);
  std::thread sleeper([&] {
    const Done::Seen seen = done.announce_sleep(true);
    while (done.load().flags() == seen.flags()) EXPECT_TRUE(done.sleep(seen, INT64_MAX));
  });
  while (TestSystem::sleeps == 0) std::this_thread::yield();
  event(done);
  sleeper.join();
}

TEST(Completion, EveryChangeWakesASleeper) {
  expect_wakes([](Done& done) { done.announce_empty(done.add()); });
  expect_wakes([](Done& done) { done.wake_helpers(); });
  expect_wakes([](Done& done) { done.detach(); });
  expect_wakes([](Done& done) { done.end(); });
}

}  // namespace
}  // namespace pool::group
