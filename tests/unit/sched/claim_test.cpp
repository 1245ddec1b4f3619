// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include <thread>
#include <vector>

#include "sched/resize.hpp"
#include "unit/sched/real_pool.hpp"

namespace pool::sched {
namespace {

// The only worker is held, so that what is submitted is this thread's to claim.
class ClaimTest : public test::RealPool {
 protected:
  ClaimTest() {
    EXPECT_EQ(resize_pool(world_, pool(), life_, 0, 1), Resized::ok);
    const std::uint32_t held = make_group(held_life_);
    EXPECT_EQ(submit(group(held), held_life_, hold, this), Submitted::ok);
    while (!is_held_) std::this_thread::yield();
  }
  ~ClaimTest() override { may_go_ = true; }

  static std::int32_t hold(void* self) {
    auto& test = *static_cast<ClaimTest*>(self);
    test.is_held_ = true;
    while (!test.may_go_) std::this_thread::yield();
    return 0;
  }

  // Of so many tasks, how many are claimed together each time.
  std::vector<std::uint32_t> claims(int tasks, std::uint32_t most, bool are_tiny, std::uint32_t limit = 0,
                                    bool is_detached = false) {
    std::uint32_t life = 0;
    group::Config config;
    config.limit = limit;
    test::Group& its = group(make_group(life, config));
    std::atomic<int> runs = 0;
    for (int i = 0; i < tasks; ++i) EXPECT_EQ(submit(its, life, count, &runs), Submitted::ok);
    share(its);
    EXPECT_EQ(is_detached && detach_group(world_, its, life), is_detached);
    std::vector<std::uint32_t> all;
    Claim<System> claim;
    const auto mine = [life](std::uint32_t its_life) { return its_life == life; };
    while (claim_batch(world_, pool(), its, mine, most, are_tiny, claim) == test::Group::Queue::Claimed::task) {
      all.push_back(claim.in_window ? claim.count : 1);
      run_claim(world_, pool(), claim);
      claim = {};
    }
    EXPECT_EQ(runs, tasks);
    if (!is_detached) {
      for (std::uint32_t i = 0; i < limit; ++i) EXPECT_TRUE(its.units.take(life));  // all have come back
      EXPECT_TRUE(destroy_group(world_, its, life, true));
    }
    return all;
  }

 private:
  std::uint32_t held_life_ = 0;
  std::atomic<bool> is_held_ = false, may_go_ = false;
};

using Counts = std::vector<std::uint32_t>;

TEST_F(ClaimTest, LeavesHalfOfTheLastOnes) {
  EXPECT_EQ(claims(10, 32, false), (Counts{5, 3, 1, 1}));
  EXPECT_EQ(claims(3, 32, false), (Counts{2, 1}));
  EXPECT_EQ(claims(10, 2, false), (Counts{2, 2, 2, 2, 1, 1}));
}

TEST_F(ClaimTest, TakesTinyOnesTogether) { EXPECT_EQ(claims(10, 32, true), Counts{10}); }

// A 16th of the units that are free, to which all have come back each time; by the handle's life or after its end.
TEST_F(ClaimTest, TakesAsManyAsThereAreUnitsToSpare) {
  EXPECT_EQ(claims(10, 32, true, 64), (Counts{4, 4, 2}));
  EXPECT_EQ(claims(10, 32, true, 64, true), (Counts{4, 4, 2}));
  EXPECT_EQ(claims(4, 32, true, 31), (Counts{1, 1, 1, 1}));
  // A claim ends with the group's own cells: some units go back at once.
  EXPECT_EQ(claims(30, 32, true, 1'000), (Counts{16, 14}));
}

// Somebody was told that there is no unit, since those that are free now were on their way to our window. We are as if
// stuck in the first task, before we have run it: the rest is another's.
TEST_F(ClaimTest, CallsSomebodyToAWindowWithUnits) {
  EXPECT_EQ(resize_pool(world_, pool(), life_, 0, 2), Resized::ok);
  std::uint32_t life = 0;
  group::Config config;
  config.limit = 96;
  test::Group& its = group(make_group(life, config));
  for (int i = 0; i < 96; ++i) ASSERT_TRUE(its.units.take(life));
  std::atomic<int> runs = 0;
  for (int i = 0; i < 6; ++i) EXPECT_EQ(submit(its, life, count, &runs), Submitted::ok);
  while (pool().idle.state().idle() != 1) std::this_thread::yield();
  its.units.give(life, 96);
  Claim<System> claim;
  const auto mine = [life](std::uint32_t its_life) { return its_life == life; };
  ASSERT_EQ(claim_batch(world_, pool(), its, mine, 32, true, claim), test::Group::Queue::Claimed::task);
  EXPECT_EQ(claim.count, 6U);
  while (runs != 6) std::this_thread::yield();
  EXPECT_TRUE(destroy_group(world_, its, life, false));
}

// Jobs may start before their turn, with a unit of their own.
TEST_F(ClaimTest, LeavesJobsTheirUnits) {
  std::uint32_t life = 0;
  group::Config config;
  config.limit = 96;
  test::Group& its = group(make_group(life, config));
  std::atomic<int> runs = 0;
  std::uint32_t jobs[4];
  std::uint32_t generations[4];
  const auto run = [](void* counter, void**) { return count(counter); };
  for (int i = 0; i < 4; ++i) {
    if (i == 2) {
      EXPECT_EQ(submit(its, life, count, &runs), Submitted::ok);
    }
    const Submitted done =
        submit_job(world_, its, life, JobCalls{run, &runs, nullptr, nullptr}, jobs[i], generations[i]);
    EXPECT_EQ(done, Submitted::ok);
  }
  Claim<System> claim;
  const auto mine = [life](std::uint32_t its_life) { return its_life == life; };
  std::vector<bool> in_window;
  while (claim_batch(world_, pool(), its, mine, 32, true, claim) == test::Group::Queue::Claimed::task) {
    in_window.push_back(claim.in_window);
    EXPECT_LE(claim.count, 1U);
    run_claim(world_, pool(), claim);
    claim = {};
  }
  EXPECT_EQ(in_window, (std::vector<bool>{false, false, true, false, false}));
  EXPECT_EQ(runs, 5);
  for (std::uint32_t i = 0; i < config.limit; ++i) EXPECT_TRUE(its.units.take(life));
  EXPECT_TRUE(destroy_group(world_, its, life, true));
}

}  // namespace
}  // namespace pool::sched
