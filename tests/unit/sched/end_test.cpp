// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Slots whose generations are used up, at the size that ships: the last life is as good as any, and there is none after
// it. No test can live through 2^29 lives: slots that are free are told that they have.
#include "sched/end.hpp"

#include "unit/sched/real_pool.hpp"

namespace pool::sched {
namespace {

constexpr std::uint32_t last_life = System::last_generation - 1;
constexpr std::uint32_t before_last = last_life - 2;

class EndTest : public test::RealPool {
 protected:
  // A group in a slot that has so many lives behind it.
  std::uint32_t make_aged(std::uint32_t life, const group::Config& config = {}) {
    std::uint32_t first = 0;
    const std::uint32_t index = make_group(first);
    EXPECT_TRUE(end_group(world_, group(index), first));
    group(index).queue.open(life - 1);  // nobody's, until the slot is taken again
    std::uint32_t made = 0;
    EXPECT_EQ(make_group(made, config), index);
    EXPECT_EQ(made, life);
    return index;
  }
  bool comes_back(std::uint32_t slot) {
    for (int i = 0; i < 100; ++i) {
      std::uint32_t life = 0;
      if (make_group(life) == slot) return true;
    }
    return false;
  }

  std::atomic<int> runs_{0};
};

TEST_F(EndTest, TheLastLifeOfAGroupDoesWhatEveryLifeDoes) {
  group::Config config;
  config.limit = 1;
  config.capacity = 1000;
  config.keep_jobs = true;
  const std::uint32_t index = make_aged(last_life, config);
  test::Group& last = group(index);
  for (int round = 1; round <= 3; ++round) {
    ASSERT_EQ(suspend_group(world_, last, last_life), Suspended::ok);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(submit(last, last_life, count, &runs_), Submitted::ok);
    EXPECT_TRUE(last.queue.is_suspended());
    EXPECT_EQ(last.counters().queued, 500U);
    EXPECT_EQ(last.free_places(), 500U);
    EXPECT_TRUE(resume_group(world_, last, last_life));
    EXPECT_EQ(wait(last, last_life), Waited::empty);
    EXPECT_EQ(runs_, 500 * round);
    EXPECT_EQ(last.free_places(), 1000U);
    EXPECT_EQ(Submit<System>(world_, last, last_life).enter(), Submitted::ok);
    EXPECT_TRUE(leave_group(world_, last, last_life, 0));
  }
  std::atomic<int> told{0};
  const auto tell = [](void* counter, std::int32_t) { (void)count(counter); };
  EXPECT_EQ(notify(world_, last, last_life, tell, &told), Notified::ok);
  wait_for_notices(world_, last, last_life);
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(cancel_group(world_, last, last_life));
  EXPECT_EQ(submit(last, last_life, count, &runs_), Submitted::cancelled);
  EXPECT_EQ(last.tally.outcome(), group::Outcome::success);
  EXPECT_EQ(last.counters().succeeded, 1503U);
  EXPECT_TRUE(end_group(world_, last, last_life));
  EXPECT_EQ(submit(last, last_life, count, &runs_), Submitted::stale);
}

TEST_F(EndTest, AGroupsSlotIsRetiredAfterItsLastLife) {
  const std::uint32_t index = make_aged(before_last);
  ASSERT_EQ(submit(group(index), before_last, count, &runs_), Submitted::ok);
  EXPECT_EQ(wait(group(index), before_last), Waited::empty);
  EXPECT_TRUE(end_group(world_, group(index), before_last));
  std::uint32_t life = 0;
  ASSERT_EQ(make_group(life), index);  // once more
  EXPECT_EQ(life, last_life);
  EXPECT_TRUE(end_group(world_, group(index), last_life));
  EXPECT_FALSE(comes_back(index));
  EXPECT_EQ(group(index).queue.generation(), System::last_generation);
  for (const std::uint32_t stale : {1U, before_last, last_life, last_life + 2}) {
    EXPECT_EQ(submit(group(index), stale, count, &runs_), Submitted::stale);
  }
  EXPECT_EQ(runs_, 1);
}

TEST_F(EndTest, SoItIsIfItsLastTaskEndsIt) {
  const std::uint32_t index = make_aged(last_life);
  ASSERT_EQ(suspend_group(world_, group(index), last_life), Suspended::ok);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(submit(group(index), last_life, count, &runs_), Submitted::ok);
  EXPECT_TRUE(detach_group(world_, group(index), last_life));
  ASSERT_TRUE(shut_down(world_, pool(), life_, false, INT64_MAX));
  EXPECT_EQ(runs_, 10);
  EXPECT_FALSE(comes_back(index));
}

TEST_F(EndTest, AJobsSlotIsRetiredAfterItsLastLife) {
  std::uint32_t life = 0;
  test::Group& jobs = group(make_group(life));
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  const auto nothing = [](void* ctx, void** result) {
    *result = ctx;
    return 0;
  };
  // Ends in three ways: released after its run, released before it, refused.
  for (int way = 0; way < 3; ++way) {
    ASSERT_EQ(submit_job(world_, jobs, life, {nothing, nullptr, nullptr, nullptr}, index, generation), Submitted::ok);
    test::Job& job = *world_.jobs.at(index);
    EXPECT_TRUE(wait_for_job(world_, job, generation, INT64_MAX, true));
    EXPECT_EQ(wait(jobs, life), Waited::empty);
    EXPECT_TRUE(release_handle(world_, job, generation));
    job.word.store(base::pack(before_last - 1, 0));
    const std::uint32_t slot = index;
    ASSERT_EQ(submit_job(world_, jobs, life, {nothing, nullptr, nullptr, nullptr}, index, generation), Submitted::ok);
    ASSERT_EQ(index, slot);
    ASSERT_EQ(generation, before_last);
    EXPECT_EQ(wait(jobs, life), Waited::empty);
    EXPECT_TRUE(release_handle(world_, job, generation));
    if (way == 2) {
      EXPECT_TRUE(cancel_group(world_, jobs, life));
    }
    const Submitted submitted = submit_job(world_, jobs, life, {nothing, nullptr, nullptr, nullptr}, index, generation);
    EXPECT_EQ(submitted, way == 2 ? Submitted::cancelled : Submitted::ok);
    EXPECT_EQ(index, slot);
    EXPECT_EQ(generation, last_life);
    if (way == 0) {
      EXPECT_TRUE(wait_for_job(world_, job, generation, INT64_MAX, true));
    }
    if (way != 2) {
      EXPECT_TRUE(release_handle(world_, job, generation));
    }
    EXPECT_EQ(wait(jobs, life), Waited::empty);
    EXPECT_EQ(base::high(job.word.load()), System::last_generation);
    EXPECT_FALSE(release_handle(world_, job, last_life));
    for (int i = 0; i < 100; ++i) EXPECT_NE(world_.jobs.take(), slot);
  }
}

TEST_F(EndTest, APoolsSlotIsRetiredAfterItsLastLife) {
  const std::uint32_t slot = index_;
  close();
  world_.pools.at(slot)->generation.store(before_last - 1);
  for (const std::uint32_t life : {before_last, last_life}) {
    open();
    ASSERT_EQ(index_, slot);
    ASSERT_EQ(life_, life);
    std::uint32_t group_life = 0;
    test::Group& own = group(make_group(group_life));
    for (int i = 0; i < 10; ++i) ASSERT_EQ(submit(own, group_life, count, &runs_), Submitted::ok);
    EXPECT_EQ(wait(own, group_life), Waited::empty);
    close();
  }
  EXPECT_EQ(runs_, 20);
  for (int i = 0; i < 100; ++i) EXPECT_NE(world_.pools.take(), slot);
}

}  // namespace
}  // namespace pool::sched
