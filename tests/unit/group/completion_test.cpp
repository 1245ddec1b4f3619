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

constexpr auto alive = [] { return true; };

std::uint32_t arrive(Done& done) {
  Done::Seen seen{};
  EXPECT_TRUE(done.arrive(seen));
  EXPECT_EQ(seen.word, done.load().word);
  return seen.arrivals();
}

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
  arrive(done);
  const std::uint32_t flags = done.load().flags();
  EXPECT_EQ(done.add().count(), 0U);
  EXPECT_EQ(done.load().flags(), flags);
  done.lower();
  EXPECT_EQ(done.load().count(), UINT32_MAX);
  EXPECT_EQ(done.load().flags(), flags);
}

TEST(Completion, BeginsEachLifeWithOtherNumbersAndWithoutFlags) {
  Done done;
  done.open(1);
  const Done::Seen first = done.load();
  done.announce_sleep(true);
  done.detach();
  done.open(1);
  EXPECT_NE(done.load().word, first.word);
  EXPECT_EQ(done.load().arrivals(), done.load().released());
  EXPECT_FALSE(done.load().has(Done::waiter | Done::sleeper | Done::helper | Done::detached));
}

TEST(Completion, ReleasesAllWhoHadArrived) {
  Done done;
  done.open(1);
  const std::uint32_t one = arrive(done);
  const std::uint32_t two = arrive(done);
  EXPECT_FALSE(done.load().has_released(one));
  done.announce_empty(done.add(), alive);
  EXPECT_TRUE(done.load().has_released(one));
  EXPECT_TRUE(done.load().has_released(two));
  EXPECT_FALSE(done.load().has(Done::waiter));
}

TEST(Completion, DoesNotReleaseWhoArrivedAfterTheMoment) {
  Done done;
  done.open(1);
  const std::uint32_t early = arrive(done);
  const Done::Seen moment = done.add();
  const std::uint32_t late = arrive(done);
  done.announce_empty(moment, alive);
  EXPECT_TRUE(done.load().has_released(early));
  EXPECT_FALSE(done.load().has_released(late));
  EXPECT_TRUE(done.load().has(Done::waiter));
  done.announce_empty(moment, alive);  // once more, by a late submitter
  EXPECT_FALSE(done.load().has_released(late));
}

TEST(Completion, GoesOnLookingForWhoeverStays) {
  Done done;
  done.open(1);
  const std::uint32_t number = arrive(done);
  done.announce_empty(done.add(), alive, true);
  EXPECT_TRUE(done.load().has_released(number));
  EXPECT_TRUE(done.load().has(Done::waiter));
  done.announce_empty(done.add(), alive, true);
  EXPECT_TRUE(done.load().has(Done::waiter));
  // One who arrives after the moment keeps the flag from an announcer who did not know of him.
  const Done::Seen moment = done.add();
  arrive(done);
  done.announce_empty(moment, alive, false);
  EXPECT_TRUE(done.load().has(Done::waiter));
}

TEST(Completion, AnnouncesAMomentThoughTheCountMovedOn) {
  Done done;
  done.open(1);
  const std::uint32_t number = arrive(done);
  const Done::Seen moment = done.add();
  done.add();
  done.announce_empty(moment, alive);
  EXPECT_TRUE(done.load().has_released(number));
  EXPECT_EQ(done.load().count(), 3U);
}

TEST(Completion, TouchesNothingOfALaterLife) {
  Done done;
  done.open(1);
  arrive(done);
  const Done::Seen moment = done.add();
  done.open(1);
  const std::uint32_t number = arrive(done);
  done.announce_empty(moment, [] { return false; });
  EXPECT_FALSE(done.load().has_released(number));
}

TEST(Completion, GivesNoNumberThatCouldBeTakenForAnother) {
  Done done;
  done.open(1);
  const std::uint32_t first = arrive(done);
  Done::Seen seen{};
  std::uint32_t given = 1;
  while (done.arrive(seen)) ++given;
  EXPECT_EQ(given, 8191U);
  EXPECT_TRUE(Done::is_crowded(seen));
  EXPECT_FALSE(seen.has_released(first));
  EXPECT_FALSE(seen.has_released(seen.arrivals()));
  done.announce_empty(done.add(), alive);
  EXPECT_TRUE(done.load().has_released(first));
  EXPECT_TRUE(done.arrive(seen));
}

TEST(Completion, WakesOnlyWhenSomebodySleeps) {
  TestSystem::wakes = 0;
  Done done;
  done.open(1);
  arrive(done);
  done.announce_empty(done.load(), alive);
  done.detach();
  done.end();
  EXPECT_EQ(TestSystem::wakes, 0);
  done.open(1);
  arrive(done);
  done.announce_empty(done.announce_sleep(false), alive);
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
  arrive(done);
  std::thread sleeper([&] {
    const Done::Seen seen = done.announce_sleep(true);
    while (done.load().flags() == seen.flags()) EXPECT_TRUE(done.sleep(seen, INT64_MAX));
  });
  while (TestSystem::sleeps == 0) std::this_thread::yield();
  event(done);
  sleeper.join();
}

TEST(Completion, EveryChangeWakesASleeper) {
  expect_wakes([](Done& done) { done.announce_empty(done.add(), alive); });
  expect_wakes([](Done& done) { done.wake_helpers(); });
  expect_wakes([](Done& done) { done.detach(); });
  expect_wakes([](Done& done) { done.end(); });
}

}  // namespace
}  // namespace pool::group
