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
  std::vector<std::uint32_t> claims(int tasks, std::uint32_t most, bool are_tiny) {
    std::uint32_t life = 0;
    test::Group& its = group(make_group(life));
    std::atomic<int> runs = 0;
    for (int i = 0; i < tasks; ++i) EXPECT_EQ(submit(its, life, count, &runs), Submitted::ok);
    share(its);
    std::vector<std::uint32_t> all;
    Claim<System> claim;
    const auto mine = [life](std::uint32_t its_life) { return its_life == life; };
    while (claim_batch(world_, pool(), its, mine, most, are_tiny, claim) == test::Group::Queue::Claimed::task) {
      all.push_back(claim.in_window ? claim.count : 1);
      run_claim(world_, pool(), claim);
      claim = {};
    }
    EXPECT_EQ(runs, tasks);
    EXPECT_TRUE(destroy_group(world_, its, life, true));
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

}  // namespace
}  // namespace pool::sched
