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
    group = create_group(world, *pool, pool_life, pool::group::Config{}, group_life);
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

// The same from inside a blocking section: nobody but the one who comes in its place would run the second one.
template <class Test, unsigned Users>
struct SectionTest : PairTest<Test, Users, 2> {
  using Frame = pool::sched::Frame<ModelSystem>;
  using Pair = PairTest<Test, Users, 2>;
  model::Atomic<std::uint32_t> third{0};

  static void configure(PoolConfig& config) {
    config.max_workers = 1;
    config.burst_workers = 1;
    config.burst_delay = INT64_MAX;
  }
  static void pass(model::Atomic<std::uint32_t>& flag) {
    while (flag.load() == 0) flag.futex_wait(UINT32_MAX, 0, false, model::Where::current());
  }
  static std::int32_t blocking_task(void* ctx) {
    auto& self = *static_cast<SectionTest*>(ctx);
    begin_section(self.world, *Frame::top());
    pass(self.second);
    end_section(*Frame::top());
    return 0;
  }
  // Ends its section by itself.
  static std::int32_t forgetful_task(void* ctx) {
    auto& self = *static_cast<SectionTest*>(ctx);
    begin_section(self.world, *Frame::top());
    pass(self.second);
    return 0;
  }
  // After the section it blocks, and says nothing.
  static std::int32_t stuck_task(void* ctx) {
    auto& self = *static_cast<SectionTest*>(ctx);
    blocking_task(ctx);
    pass(self.third);
    return 0;
  }
  static std::int32_t third_task(void* ctx) {
    auto& self = *static_cast<SectionTest*>(ctx);
    self.third.store(1);
    self.third.futex_wake(model::Where::current());
    return 0;
  }
  void after() {
    RL_ASSERT(this->pool->sections.load() == 0);
    Pair::after();
  }
};

struct Section : SectionTest<Section, 2> {
  static void configure(PoolConfig& config) {
    SectionTest::configure(config);
    config.idle_timeout = INT64_MAX;
  }
  void user(unsigned index) { submit(index == 0 ? &blocking_task : &second_task, this); }
};

// Others keep everybody busy before and afterwards, and leave whenever they like.
struct SectionAmongOthers : SectionTest<SectionAmongOthers, 2> {
  void user(unsigned index) {
    submit(2 * index);
    submit(index == 0 ? &forgetful_task : &second_task, this);
    submit(2 * index + 1);
  }
};

// The one who came in its place stays, and is woken by the next one.
struct SectionAgain : SectionTest<SectionAgain, 1> {
  static void configure(PoolConfig& config) {
    SectionTest::configure(config);
    config.idle_timeout = INT64_MAX;
  }
  void user(unsigned) {
    for (unsigned i = 0; i < 2; ++i) {
      second.store(0);
      submit(&blocking_task, this);
      submit(&second_task, this);
      submit(i);
      wait();
      must_have_run(i);
    }
  }
};

// Whoever stands by is there for a burst, too.
struct SectionThenBurst : SectionTest<SectionThenBurst, 2> {
  static void configure(PoolConfig& config) {
    SectionTest::configure(config);
    config.burst_delay = 1;
    config.idle_timeout = INT64_MAX;
  }
  void user(unsigned index) {
    submit(index == 0 ? &stuck_task : &second_task, this);
    submit(index);
    if (index == 1) submit(&third_task, this);
  }
};

// The bounds are set anew meanwhile.
struct SectionResize : SectionTest<SectionResize, 2> {
  void user(unsigned index) {
    if (index == 0) {
      submit(0);
      submit(&forgetful_task, this);
      RL_ASSERT(resize_pool(world, *pool, pool_life, 0, 1) == Resized::ok);
      RL_ASSERT(resize_pool(world, *pool, pool_life, 1, 1) == Resized::ok);
    } else {
      submit(&second_task, this);
      submit(1);
    }
  }
};

// A task ends the only worker, and the system gives no thread, not even a housekeeper: whoever sees that there is none
// any more is refused, by his submit and by what others do at the same time.
struct NoThreadIsLeft : rl::test_suite<NoThreadIsLeft, 3> {
  World<ModelSystem> world;
  model::Threads threads;
  Pool<ModelSystem>* pool = nullptr;
  std::uint32_t pool_life = 0;
  Group* group = nullptr;
  std::uint32_t group_life = 0;
  Worker<ModelSystem>* worker = nullptr;
  model::Atomic<std::uint32_t> users_left{3};

  void before() {
    model::threads = &threads;
    threads.first = 0;
    threads.end = 1;
    PoolConfig config{};
    config.min_workers = 1;
    config.max_workers = 1;
    config.queue_capacity = 4;
    config.name = "model";
    config.prestart = true;
    pool = world.pools.at(create_pool(world, config, pool_life));
    group = create_group(world, *pool, pool_life, pool::group::Config{}, group_life);
    RL_ASSERT(prestart_pool(world, *pool, pool_life));
    worker = pool->threads;
  }

  void thread(unsigned index) {
    if (index == 0) {
      end_by_force(world, *pool, *worker, Ending::by_task);
      threads.start[0].state.store(3);  // it is there to be joined
    } else {
      while (pool->idle.state().threads() != 0) ModelSystem::yield();
      RL_ASSERT(!pool->is_staffed());  // what the submit looks at, many steps from here
      RL_ASSERT(Submit<ModelSystem>(world, *group, group_life)({4096, 0}) == Submitted::no_thread);
    }
    if (users_left.fetch_sub(1) != 1) return;
    shut_down(world, *pool, pool_life, false, INT64_MAX);
    end_pool(world, *pool, pool_life);
  }

  void after() {
    RL_ASSERT(pool->idle.state().word == 0);
    RL_ASSERT(pool->room.counts().unfinished == 0);
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
  run("section", static_cast<Section*>(nullptr), 10'000);
  run("section among others", static_cast<SectionAmongOthers*>(nullptr), 10'000);
  run("section again", static_cast<SectionAgain*>(nullptr), 10'000);
  run("section, then burst", static_cast<SectionThenBurst*>(nullptr), 10'000);
  run("section, resize", static_cast<SectionResize*>(nullptr));
  run("no thread is left", static_cast<NoThreadIsLeft*>(nullptr));
  return ok ? 0 : 1;
}
