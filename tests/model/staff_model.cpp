// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Threads that come and go, under the model checker: retire, shrink, resize, burst against submit. What "Workers" in
// src/park/README.md claims. A time-out may pass at any moment. A lost wake-up shows as a deadlock; a thread too many
// as a worker slot that is not there; a missing order as a data race on `Job::runs`.
#include "model/model_system.hpp"
#include "sched/lifecycle.hpp"
#include "sched/resize.hpp"
#include "sched/submit.hpp"

namespace {

using model::ModelSystem;
using namespace pool::sched;
using Group = pool::group::Group<ModelSystem>;

// A task's context: it counts its runs without any synchronization of its own.
struct Job {
  rl::var<int> runs;
  Pool<ModelSystem>* pool = nullptr;
  std::uint32_t most = 0;
  static std::int32_t run(void* ctx) {
    auto& job = *static_cast<Job*>(ctx);
    job.runs($) = job.runs($) + 1;
    RL_ASSERT(job.pool->idle.state().threads() <= job.most);
    return 0;
  }
};

// Users are the first threads; then come those that may be workers, and one for the housekeeper.
template <class Test, unsigned Users, unsigned Workers>
struct StaffTest : rl::test_suite<Test, Users + Workers + 1> {
  static constexpr unsigned jobs = 4;
  static constexpr std::uint32_t most = Workers;  // threads there may ever be at once

  World<ModelSystem> world;
  model::Threads threads;
  Pool<ModelSystem>* pool = nullptr;
  std::uint32_t pool_life = 0;
  Job job[jobs];
  Group* group = nullptr;
  std::uint32_t group_life = 0;
  model::Atomic<std::uint32_t> users_left{Users};

  void before() {
    model::threads = &threads;
    threads.first = Users;
    threads.end = Users + Workers + 1;
    PoolConfig config{};
    config.max_workers = Workers;
    config.queue_capacity = 4;
    config.name = "model";
    config.idle_timeout = 1;
    config.burst_delay = 1;
    Test::configure(config);
    const std::uint32_t index = create_pool(world, config, pool_life);
    pool = world.pools.at(index);
    for (Job& each : job) {
      each.runs($) = 0;
      each.pool = pool;
      each.most = most;
    }
    group = world.groups.at(create_group(world, *pool, pool_life, pool::group::Config{}, group_life));
    RL_ASSERT(prestart_pool(world, *pool, pool_life));
  }

  void thread(unsigned index) {
    if (index >= Users) return ModelSystem::be_worker(index);
    static_cast<Test*>(this)->user(index);
    // The last user ends the pool.
    if (users_left.fetch_sub(1) != 1) return;
    shut_down(world, *pool, pool_life, false, INT64_MAX);
    end_pool(world, *pool, pool_life);
    ModelSystem::dismiss_all();
  }

  void submit(std::int32_t (*fn)(void*), void* ctx) {
    RL_ASSERT(Submit<ModelSystem>(world, *group, group_life)(
                  {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)}) == Submitted::ok);
  }
  void submit(unsigned which) { submit(&Job::run, &job[which]); }
  void wait() { RL_ASSERT(Wait<ModelSystem>(world, *group, group_life)(INT64_MAX, false) == Waited::empty); }
  void must_have_run(unsigned which) { RL_ASSERT(job[which].runs($) == 1); }

  // Nothing is left behind.
  void after() {
    RL_ASSERT(world.workers.free() == 2);
    RL_ASSERT(world.groups.free() == 2);
    RL_ASSERT(world.pools.free() == 2);
    RL_ASSERT(pool->idle.state().word == 0);
    RL_ASSERT(pool->room.counts().unfinished == 0);
  }
};

// The only worker leaves whenever it likes, while tasks come one after the other.
struct LastOneLeaves : StaffTest<LastOneLeaves, 1, 1> {
  static void configure(PoolConfig&) {}
  void user(unsigned) {
    for (unsigned i = 0; i < jobs; ++i) {
      submit(i);
      if (i != 1) wait();
    }
    for (unsigned i = 0; i < jobs; ++i) must_have_run(i);
  }
};

// Two submitters, two workers that come and go; nobody helps.
struct TwoLeave : StaffTest<TwoLeave, 2, 2> {
  static void configure(PoolConfig&) {}
  void user(unsigned index) {
    submit(2 * index);
    wait();
    must_have_run(2 * index);
    submit(2 * index + 1);
    wait();
    must_have_run(2 * index + 1);
  }
};

// One is kept, and was there from the beginning; the other one leaves.
struct OneIsKept : StaffTest<OneIsKept, 2, 2> {
  static void configure(PoolConfig& config) {
    config.min_workers = 1;
    config.prestart = true;
  }
  void user(unsigned index) {
    RL_ASSERT(pool->idle.state().active() >= 1);
    submit(2 * index);
    submit(2 * index + 1);
    wait();
    RL_ASSERT(pool->idle.state().active() >= 1);
    must_have_run(2 * index);
    must_have_run(2 * index + 1);
  }
};

// The first task ends only after the second one has run.
template <class Test, unsigned Users, unsigned Workers>
struct PairTest : StaffTest<Test, Users, Workers> {
  model::Atomic<std::uint32_t> second{0};
  static std::int32_t first_task(void* ctx) {
    auto& self = *static_cast<PairTest*>(ctx);
    while (self.second.load() == 0) self.second.futex_wait(UINT32_MAX, 0, false, model::Where::current());
    return 0;
  }
  static std::int32_t second_task(void* ctx) {
    auto& self = *static_cast<PairTest*>(ctx);
    self.second.store(1);
    self.second.futex_wake(model::Where::current());
    return 0;
  }
};

// As often as there may be two threads tasks start at once, however the threads come and go in between.
struct AtOnce : PairTest<AtOnce, 2, 2> {
  static void configure(PoolConfig&) {}
  void user(unsigned index) {
    if (index == 0) submit(0);
    submit(index == 0 ? &first_task : &second_task, this);
  }
};

// The same, and every submit wakes somebody.
struct AtOnceEager : PairTest<AtOnceEager, 2, 2> {
  static void configure(PoolConfig& config) { config.eager = true; }
  void user(unsigned index) {
    if (index == 0) submit(0);
    submit(index == 0 ? &first_task : &second_task, this);
  }
};

// The only steady worker gets nowhere: a burst thread comes, and leaves.
struct Burst : PairTest<Burst, 2, 2> {
  static void configure(PoolConfig& config) {
    config.max_workers = 1;
    config.burst_workers = 1;
  }
  void user(unsigned index) {
    if (index == 0) {
      submit(&first_task, this);
      submit(0);
    } else {
      submit(&second_task, this);
      wait();
      submit(1);
    }
  }
};

// A burst is called off, since nothing waits any more, while the next tasks come that need one.
struct BurstAgain : PairTest<BurstAgain, 1, 2> {
  static void configure(PoolConfig& config) {
    config.max_workers = 1;
    config.burst_workers = 1;
    config.idle_timeout = INT64_MAX;
  }
  void user(unsigned) {
    submit(0);
    submit(1);
    wait();
    submit(&first_task, this);
    submit(&second_task, this);
    wait();
  }
};

// The same without a delay.
struct InstantBurst : PairTest<InstantBurst, 2, 2> {
  static void configure(PoolConfig& config) {
    config.max_workers = 1;
    config.burst_workers = 1;
    config.burst_delay = -1;
  }
  void user(unsigned index) { submit(index == 0 ? &first_task : &second_task, this); }
};

// Down to one and up to two again, against submits.
struct Resize : PairTest<Resize, 2, 2> {
  static void configure(PoolConfig& config) { config.idle_timeout = INT64_MAX; }
  void user(unsigned index) {
    if (index == 0) {
      submit(0);
      RL_ASSERT(resize_pool(world, *pool, pool_life, 0, 1) == Resized::ok);
      submit(1);
      RL_ASSERT(resize_pool(world, *pool, pool_life, 1, 2) == Resized::ok);
      submit(&first_task, this);
    } else {
      submit(2);
      submit(3);
      submit(&second_task, this);
    }
  }
};

// The queue is not empty, and everybody is at work, when the bound is raised: somebody comes at once.
struct RaiseWithWork : PairTest<RaiseWithWork, 1, 2> {
  static void configure(PoolConfig& config) { config.max_workers = 1; }
  void user(unsigned) {
    submit(&first_task, this);
    submit(&second_task, this);
    RL_ASSERT(resize_pool(world, *pool, pool_life, 0, 2) == Resized::ok);
    wait();
  }
};

}  // namespace

int main(int argc, char** argv) {
  bool ok = true;
  const auto run = [&]<class Test>(const char* name, Test*, unsigned iterations = 4'000) {
    ok = model::check<Test>(name, iterations, argc, argv) && ok;
  };
  run("the last one leaves", static_cast<LastOneLeaves*>(nullptr), 20'000);
  run("two leave", static_cast<TwoLeave*>(nullptr), 10'000);
  run("one is kept", static_cast<OneIsKept*>(nullptr));
  run("at once", static_cast<AtOnce*>(nullptr), 10'000);
  run("at once, eager", static_cast<AtOnceEager*>(nullptr));
  run("burst", static_cast<Burst*>(nullptr), 10'000);
  run("burst again", static_cast<BurstAgain*>(nullptr), 10'000);
  run("burst without delay", static_cast<InstantBurst*>(nullptr));
  run("resize", static_cast<Resize*>(nullptr), 10'000);
  run("raise with work", static_cast<RaiseWithWork*>(nullptr));
  return ok ? 0 : 1;
}
