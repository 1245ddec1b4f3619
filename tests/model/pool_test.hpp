// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// PoolTest: a whole small pool under the model checker, for the models of the groups' protocols. A test has users, who
// are the first threads, and workers, who are started by the library; the last user ends the pool. A lost wake-up shows
// as a deadlock, a lost task as a wait that ends too early or never, a missing order as a data race on `runs`, what is
// not given back as a slot that is not free at the end.
#pragma once

#include "model/model_system.hpp"
#include "sched/jobs.hpp"
#include "sched/lifecycle.hpp"
#include "sched/submit.hpp"

namespace model {

using pool::base::nil;
using Queue = pool::queue::TicketQueue<ModelSystem>;
using Group = pool::group::Group<ModelSystem>;
using pool::group::Config;
using pool::sched::Overflow;
using pool::sched::Submitted;
using pool::sched::Waited;

// A task's context: it counts its runs without any synchronization of its own.
struct Counted {
  rl::var<int> runs;
  static std::int32_t run(void* ctx) {
    auto& self = *static_cast<Counted*>(ctx);
    self.runs($) = self.runs($) + 1;
    return 0;
  }
};

// Something that threads of a test wait for, asleep.
class Gate {
 public:
  void open() {
    state_.store(1);
    state_.futex_wake(Where::current());
  }
  void pass() {
    while (state_.load() == 0) state_.futex_wait(UINT32_MAX, 0, false, Where::current());
  }
  bool is_open() const { return state_.load() != 0; }

 private:
  Atomic<std::uint32_t> state_{0};
};

struct Handle {
  Group* group = nullptr;
  std::uint32_t life = 0;
};

template <class Test, unsigned Users, unsigned Workers>
struct PoolTest : rl::test_suite<Test, Users + Workers> {
  static constexpr unsigned tasks = 6;
  static constexpr std::uint32_t capacity = 4;
  static constexpr std::uint32_t locals = 2;  // threads beyond them go without
  static constexpr std::int64_t idle_timeout = INT64_MAX;
  static constexpr std::uint32_t max_workers = Workers;

  pool::sched::World<ModelSystem> world;
  Threads threads;
  pool::sched::Pool<ModelSystem>* pool = nullptr;
  std::uint32_t pool_life = 0;
  Counted task[tasks];
  Atomic<std::uint32_t> users_left{Users};

  void before() {
    model::threads = &threads;
    threads.first = Users;
    threads.end = Users + Workers;
    for (Counted& each : task) each.runs($) = 0;
    world.locals.limit(Test::locals);
    const std::uint32_t index = create_pool(world,
                                            {.max_workers = Test::max_workers,
                                             .queue_capacity = Test::capacity,
                                             .name = "model",
                                             .idle_timeout = Test::idle_timeout},
                                            pool_life);
    pool = world.pools.at(index);
    self().prepare();
  }
  void prepare() {}

  void thread(unsigned index) {
    if (index >= Users) return ModelSystem::be_worker(index);
    self().user(index);
    if (users_left.fetch_sub(1) != 1) return;
    self().last_user();
    end();
    ModelSystem::dismiss_all();
  }
  // What the last user does before the pool ends: all others are done.
  void last_user() {}

  void end() {
    shut_down(world, *pool, pool_life, false, INT64_MAX);
    end_pool(world, *pool, pool_life);
  }

  Handle make_group(Config config = {}) {
    Handle made;
    config.is_plain = false;
    made.group = create_group(world, *pool, pool_life, config, made.life);
    RL_ASSERT(made.group != nullptr);
    return made;
  }
  Submitted submit(const Handle& to, std::int32_t (*fn)(void*), void* ctx, pool::sched::SubmitTerms terms = {}) {
    return pool::sched::Submit<ModelSystem>(world, *to.group, to.life, terms)(
        {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)});
  }
  // As the library's callers do: the shortest way, now and then, and the simple one, if they are any.
  Submitted submit_fast(const Handle& to, std::int32_t (*fn)(void*), void* ctx, pool::sched::SubmitTerms terms = {}) {
    const pool::queue::Work work = {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(ctx)};
    if (auto* const local = static_cast<pool::sched::Local<ModelSystem>*>(ModelSystem::local());
        local != nullptr && rl::rand(2) == 0) {
      if (pool::sched::put_at_once(*local, *to.group, to.life, work, pool::sched::Putting<ModelSystem>())) {
        return Submitted::ok;
      }
    }
    const bool is_in = pool::sched::submit_simply(world, *to.group, to.life, work);
    return is_in ? Submitted::ok : submit(to, fn, ctx, terms);
  }
  Submitted submit(const Handle& to, unsigned which, pool::sched::SubmitTerms terms = {}) {
    return submit(to, &Counted::run, &task[which], terms);
  }
  void must_submit(const Handle& to, unsigned which) { RL_ASSERT(submit(to, which) == Submitted::ok); }
  void must_submit(const Handle& to, std::int32_t (*fn)(void*), void* ctx) {
    RL_ASSERT(submit(to, fn, ctx) == Submitted::ok);
  }
  Waited wait(const Handle& on, bool help, std::int64_t deadline = INT64_MAX) {
    return pool::sched::Wait<ModelSystem>(world, *on.group, on.life)(deadline, help);
  }
  void must_wait(const Handle& on, bool help) { RL_ASSERT(wait(on, help) == Waited::empty); }
  void must_destroy(const Handle& which, bool help) { RL_ASSERT(destroy_group(world, *which.group, which.life, help)); }
  void must_have_run(unsigned which, int times = 1) { RL_ASSERT(task[which].runs($) == times); }
  int all_runs() {
    int runs = 0;
    for (Counted& each : task) runs += each.runs($);
    return runs;
  }

  // Nothing is left behind: every slot and segment is free again.
  void after() {
    RL_ASSERT(world.groups.free() == 2);
    RL_ASSERT(world.workers.free() == 2);
    RL_ASSERT(world.pools.free() == 2);
    RL_ASSERT(world.jobs.free() == 2);
    RL_ASSERT(world.timers.free() == 2);
    RL_ASSERT(world.segments.free_or_given() == Segments::count);
    RL_ASSERT(pool->idle.state().word == 0);
    RL_ASSERT(pool->room.counts().queued == 0 && pool->room.counts().unfinished == 0);
    RL_ASSERT(pool->tombstones.load() == 0);
    RL_ASSERT(!pool->notices.any());
    RL_ASSERT(pool->timers.wheel.next() == INT64_MAX);
    self().verify();
  }
  void verify() {}

 private:
  Test& self() { return *static_cast<Test*>(this); }
};

// Runs the tests of one program.
struct Runner {
  int argc;
  char** argv;
  bool ok = true;
  template <class Test>
  void run(const char* name, unsigned iterations) {
    ok = check<Test>(name, iterations, argc, argv) && ok;
  }
};

}  // namespace model
