// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Whole small pools under the model checker: publish/park/wake, submit/wait/reuse, destroy/submit, the line at the
// bound. What the pages in src/park and src/group claim. A lost wake-up shows as a deadlock, a lost task as a wait that
// ends too early or never, a missing order as a data race on `Job::runs`.
#include "model/model_system.hpp"
#include "sched/lifecycle.hpp"
#include "sched/submit.hpp"

namespace {

using model::ModelSystem;
using namespace pool::sched;
using pool::base::nil;
using Group = pool::group::Group<ModelSystem>;

// A task's context: it counts its runs without any synchronization of its own.
struct Job {
  rl::var<int> runs;
  static std::int32_t run(void* ctx) {
    auto& job = *static_cast<Job*>(ctx);
    job.runs($) = job.runs($) + 1;
    return 0;
  }
};

// Users are the first threads, workers the rest.
template <class Test, unsigned Users, unsigned Workers>
struct PoolTest : rl::test_suite<Test, Users + Workers> {
  static constexpr unsigned jobs = 4;

  World<ModelSystem> world;
  model::Threads threads;
  Pool<ModelSystem>* pool = nullptr;
  std::uint32_t pool_index = 0;
  std::uint32_t pool_life = 0;
  Job job[jobs];
  model::Atomic<std::uint32_t> users_left{Users};

  void before() {
    model::threads = &threads;
    threads.first = Users;
    threads.end = Users + Workers;
    for (Job& each : job) each.runs($) = 0;
    pool_index = create_pool(world, {Workers, Test::capacity, 1, "model"}, pool_life);
    pool = world.pools.at(pool_index);
    static_cast<Test*>(this)->prepare();
  }

  void prepare() {}

  void thread(unsigned index) {
    if (index >= Users) return ModelSystem::be_worker(index);
    static_cast<Test*>(this)->user(index);
    // The last user ends the pool.
    if (users_left.fetch_sub(1) == 1) {
      end();
      ModelSystem::dismiss_all();
    }
  }

  void end() {
    shut_down(world, *pool, pool_life, false, INT64_MAX);
    end_pool(world, *pool, pool_life);
  }

  struct Handle {
    Group* group = nullptr;
    std::uint32_t generation = 0;
  };

  Handle make_group() {
    Handle made;
    made.group = create_group(world, *pool, pool_life, pool::group::Config{}, made.generation);
    RL_ASSERT(made.group != nullptr);
    return made;
  }
  Submitted submit(const Handle& to, unsigned which, Overflow overflow = Overflow::inherit) {
    return Submit<ModelSystem>(world, *to.group, to.generation, {overflow, 0})(
        {reinterpret_cast<std::uintptr_t>(&Job::run), reinterpret_cast<std::uintptr_t>(&job[which])});
  }
  void must_submit(const Handle& to, unsigned which) { RL_ASSERT(submit(to, which) == Submitted::ok); }
  Waited wait(const Handle& on, bool help, std::int64_t deadline = INT64_MAX) {
    return Wait<ModelSystem>(world, *on.group, on.generation)(deadline, help);
  }
  void must_wait(const Handle& on, bool help) { RL_ASSERT(wait(on, help) == Waited::empty); }
  void must_have_run(unsigned which, int times = 1) { RL_ASSERT(job[which].runs($) == times); }

  // Nothing is left behind: every slot and segment is free again.
  void after() {
    RL_ASSERT(world.groups.free() == 2);
    RL_ASSERT(world.workers.free() == 2);
    RL_ASSERT(world.pools.free() == 2);
    RL_ASSERT(world.segments.free_or_given() == model::Segments::count);
    RL_ASSERT(pool->idle.state().word == 0);
    static_cast<Test*>(this)->verify();
  }
  void verify() {}
};

// Publish, park, wake: two groups, two submitters, two workers created on demand; nobody helps.
struct PublishParkWake : PoolTest<PublishParkWake, 2, 2> {
  static constexpr std::uint32_t capacity = 4;
  void user(unsigned index) {
    const Handle group = make_group();
    must_submit(group, 2 * index);
    must_submit(group, 2 * index + 1);
    must_wait(group, false);
    must_have_run(2 * index);
    must_have_run(2 * index + 1);
    RL_ASSERT(destroy_group(world, *group.group, group.generation, true));
  }
};

// The same as small as it gets, for the schedules that need many switches between two threads.
struct OneAndOne : PoolTest<OneAndOne, 1, 1> {
  static constexpr std::uint32_t capacity = 4;
  void user(unsigned) {
    const Handle group = make_group();
    must_submit(group, 0);
    must_submit(group, 1);
    must_wait(group, false);
    must_have_run(0);
    must_have_run(1);
  }
};

// As often as there are idle workers, tasks start at once: the first task ends only after the second one has run.
template <bool OneGroup>
struct AtOnce : PoolTest<AtOnce<OneGroup>, 2, 2> {
  using Base = PoolTest<AtOnce<OneGroup>, 2, 2>;
  static constexpr std::uint32_t capacity = 4;
  typename Base::Handle group[2];
  model::Atomic<std::uint32_t> second{0};
  static std::int32_t first_task(void* ctx) {
    auto& self = *static_cast<AtOnce*>(ctx);
    while (self.second.load() == 0) self.second.futex_wait(UINT32_MAX, 0, false, model::Where::current());
    return 0;
  }
  static std::int32_t second_task(void* ctx) {
    auto& self = *static_cast<AtOnce*>(ctx);
    self.second.store(1);
    self.second.futex_wake(model::Where::current());
    return 0;
  }
  void prepare() {
    group[0] = this->make_group();
    group[1] = OneGroup ? group[0] : this->make_group();
  }
  void user(unsigned index) {
    const auto& to = group[index];
    RL_ASSERT(Submit<ModelSystem>(this->world, *to.group, to.generation)(
                  {reinterpret_cast<std::uintptr_t>(index == 0 ? &first_task : &second_task),
                   reinterpret_cast<std::uintptr_t>(this)}) == Submitted::ok);
  }
};

// The same with waits that help, and one worker for both: each helper runs its own group's tasks only.
struct HelpingWaits : PoolTest<HelpingWaits, 2, 1> {
  static constexpr std::uint32_t capacity = 4;
  void user(unsigned index) {
    const Handle group = make_group();
    must_submit(group, 2 * index);
    must_submit(group, 2 * index + 1);
    must_wait(group, true);
    must_have_run(2 * index);
    must_have_run(2 * index + 1);
    RL_ASSERT(destroy_group(world, *group.group, group.generation, true));
  }
};

// Two waiters and a resubmitter on one group. The resubmitter submits again as soon as it has seen the group empty; the
// waiters return all the same, for what was submitted before they called.
struct WaitAgainstReuse : PoolTest<WaitAgainstReuse, 3, 1> {
  static constexpr std::uint32_t capacity = 4;
  Handle group;
  void prepare() {
    group = make_group();
    must_submit(group, 0);
  }
  void user(unsigned index) {
    if (index == 0) {
      must_wait(group, false);
      must_submit(group, 1);
      must_wait(group, true);
      must_submit(group, 2);
    } else {
      must_wait(group, index == 1);
      must_have_run(0);
    }
  }
  void verify() {
    for (unsigned i = 0; i < 3; ++i) must_have_run(i);
  }
};

// Several threads submit to one group and wait for their own task: none comes back before it has run, whatever was
// announced to the others.
struct OwnTask : PoolTest<OwnTask, 3, 1> {
  static constexpr std::uint32_t capacity = 4;
  Handle group;
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    must_submit(group, index);
    must_wait(group, false);
    must_have_run(index);
    if (index != 0) return;
    must_submit(group, 3);
    must_wait(group, false);
    must_have_run(3);
  }
};

// A waiter sees the first empty moment even if the group never empties again: the second task ends only after the
// waiter has returned.
struct FirstEmptyMoment : PoolTest<FirstEmptyMoment, 2, 1> {
  static constexpr std::uint32_t capacity = 4;
  Handle group;
  model::Atomic<std::uint32_t> waiting{0}, returned{0};
  static std::int32_t until_returned(void* ctx) {
    auto& self = *static_cast<FirstEmptyMoment*>(ctx);
    while (self.returned.load() == 0) self.returned.futex_wait(UINT32_MAX, 0, false, model::Where::current());
    return 0;
  }
  static std::int32_t until_waiting(void* ctx) {
    // Ends only once the waiter has announced itself, so that the empty moment is after its call.
    auto& group = *static_cast<FirstEmptyMoment*>(ctx)->group.group;
    while (!group.completion.load().has(pool::group::Completion<ModelSystem>::waiter)) ModelSystem::yield();
    return 0;
  }
  void prepare() { group = make_group(); }
  Submitted submit_own(std::int32_t (*fn)(void*)) {
    return Submit<ModelSystem>(world, *group.group, group.generation)(
        {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(this)});
  }
  void user(unsigned index) {
    if (index == 0) {
      RL_ASSERT(submit_own(&until_waiting) == Submitted::ok);
      waiting.store(1);
      waiting.futex_wake(model::Where::current());
      while (Wait<ModelSystem>(world, *group.group, group.generation).poll() != Waited::empty) ModelSystem::yield();
      RL_ASSERT(submit_own(&until_returned) == Submitted::ok);
    } else {
      while (waiting.load() == 0) waiting.futex_wait(UINT32_MAX, 0, false, model::Where::current());
      must_wait(group, false);
      returned.store(1);
      returned.futex_wake(model::Where::current());
    }
  }
};

// The end of a pool against submits: each is run or refused, whoever comes first.
struct EndAgainstSubmit : PoolTest<EndAgainstSubmit, 2, 2> {
  static constexpr std::uint32_t capacity = 1;
  Handle group;
  rl::var<int> accepted;
  void prepare() {
    group = make_group();
    accepted($) = 0;
  }
  void user(unsigned index) {
    if (index == 0) return end();
    for (unsigned i = 0; i < 3; ++i) {
      const Submitted submitted = submit(group, i);
      if (submitted == Submitted::ok)
        accepted($) = accepted($) + 1;
      else
        RL_ASSERT(submitted == Submitted::closed || submitted == Submitted::stale);
    }
  }
  void verify() {
    int runs = 0;
    for (Job& each : job) runs += each.runs($);
    RL_ASSERT(runs == accepted($));
  }
};

// A group is ended while somebody else submits to it and a third waits; its slot is used again at once.
struct GroupEndAgainstSubmit : PoolTest<GroupEndAgainstSubmit, 3, 1> {
  static constexpr std::uint32_t capacity = 4;
  Handle group;
  rl::var<int> accepted;
  void prepare() {
    group = make_group();
    accepted($) = 0;
  }
  void user(unsigned index) {
    if (index == 0) {
      RL_ASSERT(destroy_group(world, *group.group, group.generation, true));
      const Handle next = make_group();
      must_submit(next, 3);
      must_wait(next, true);
      must_have_run(3);
      RL_ASSERT(destroy_group(world, *next.group, next.generation, true));
    } else if (index == 1) {
      for (unsigned i = 0; i < 2; ++i) {
        const Submitted submitted = submit(group, i);
        if (submitted == Submitted::ok)
          accepted($) = accepted($) + 1;
        else
          RL_ASSERT(submitted == Submitted::stale);
      }
    } else {
      RL_ASSERT(wait(group, true) != Waited::timed_out);
    }
  }
  void verify() {
    int runs = 0;
    for (unsigned i = 0; i < 2; ++i) runs += job[i].runs($);
    RL_ASSERT(runs == accepted($));
  }
};

// A detached group runs to its end, its waiter learns that it is gone, and its slot is free afterwards.
struct Detach : PoolTest<Detach, 2, 1> {
  static constexpr std::uint32_t capacity = 4;
  Handle group;
  void prepare() {
    group = make_group();
    must_submit(group, 0);
    must_submit(group, 1);
  }
  void user(unsigned index) {
    if (index == 0) {
      RL_ASSERT(detach_group(world, *group.group, group.generation));
      RL_ASSERT(submit(group, 3) == Submitted::stale);
      const Handle next = make_group();
      must_submit(next, 2);
      must_wait(next, true);
      RL_ASSERT(destroy_group(world, *next.group, next.generation, true));
    } else {
      RL_ASSERT(wait(group, false) != Waited::timed_out);
    }
  }
  void verify() {
    for (unsigned i = 0; i < 3; ++i) must_have_run(i);
  }
};

// The line at the bound: three submitters, one place. Nobody is left standing.
struct Line : PoolTest<Line, 3, 1> {
  static constexpr std::uint32_t capacity = 1;
  Handle group;
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    must_submit(group, index);
    RL_ASSERT(pool->room.counts().queued <= 1);
    if (index == 0) must_submit(group, 3);
  }
  void verify() {
    for (unsigned i = 0; i < 4; ++i) must_have_run(i);
  }
};

// A task that submits to its own full pool runs the new task in place; a waiter outside sees the group open until both
// are done.
struct InPlace : PoolTest<InPlace, 1, 1> {
  static constexpr std::uint32_t capacity = 1;
  Handle group, other;
  static std::int32_t submit_two(void* ctx) {
    auto& self = *static_cast<InPlace*>(ctx);
    self.must_submit(self.other, 0);
    self.must_submit(self.other, 1);
    return 0;
  }
  void prepare() {
    group = make_group();
    other = make_group();
  }
  void user(unsigned) {
    RL_ASSERT(Submit<ModelSystem>(world, *group.group, group.generation)(
                  {reinterpret_cast<std::uintptr_t>(&submit_two), reinterpret_cast<std::uintptr_t>(this)}) ==
              Submitted::ok);
    must_wait(group, true);
    must_wait(other, false);
    must_have_run(0);
    must_have_run(1);
  }
};

// The only worker, or a thread outside, sleeps in a wait for a group while the other one runs a task of it that needs
// another task of it to be run: the sleeper helps.
struct SleepingHelper : PoolTest<SleepingHelper, 2, 1> {
  static constexpr std::uint32_t capacity = 4;
  Handle outer, inner;
  model::Atomic<std::uint32_t> second{0};
  Submitted submit_own(const Handle& to, std::int32_t (*fn)(void*)) {
    return Submit<ModelSystem>(world, *to.group, to.generation)(
        {reinterpret_cast<std::uintptr_t>(fn), reinterpret_cast<std::uintptr_t>(this)});
  }
  static std::int32_t wait_inner(void* ctx) {
    auto& self = *static_cast<SleepingHelper*>(ctx);
    self.must_wait(self.inner, true);
    return 0;
  }
  static std::int32_t first_task(void* ctx) {
    auto& self = *static_cast<SleepingHelper*>(ctx);
    RL_ASSERT(self.submit_own(self.inner, &second_task) == Submitted::ok);
    while (self.second.load() == 0) self.second.futex_wait(UINT32_MAX, 0, false, model::Where::current());
    return 0;
  }
  static std::int32_t second_task(void* ctx) {
    auto& self = *static_cast<SleepingHelper*>(ctx);
    self.second.store(1);
    self.second.futex_wake(model::Where::current());
    return 0;
  }
  void prepare() {
    outer = make_group();
    inner = make_group();
  }
  void user(unsigned index) {
    if (index == 0) {
      RL_ASSERT(submit_own(inner, &first_task) == Submitted::ok);
      must_wait(inner, true);
    } else {
      RL_ASSERT(submit_own(outer, &wait_inner) == Submitted::ok);
      must_wait(outer, false);
    }
  }
};

// A wait that times out leaves nothing behind; the deadline may pass at any point.
struct TimedWait : PoolTest<TimedWait, 2, 1> {
  static constexpr std::uint32_t capacity = 4;
  Handle group;
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(group, 0);
      must_submit(group, 1);
      while (wait(group, false, 1) == Waited::timed_out) ModelSystem::yield();
      must_have_run(0);
    } else {
      (void)wait(group, false, 1);
      must_wait(group, true);
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  bool ok = true;
  const auto run = [&]<class Test>(const char* name, Test*, unsigned iterations = 4'000) {
    ok = model::check<Test>(name, iterations, argc, argv) && ok;
  };
  run("one and one", static_cast<OneAndOne*>(nullptr), 20'000);
  run("publish, park, wake", static_cast<PublishParkWake*>(nullptr));
  run("at once, one group", static_cast<AtOnce<true>*>(nullptr));
  run("at once, two groups", static_cast<AtOnce<false>*>(nullptr), 10'000);
  run("helping waits", static_cast<HelpingWaits*>(nullptr));
  run("wait against reuse", static_cast<WaitAgainstReuse*>(nullptr));
  run("own task", static_cast<OwnTask*>(nullptr));
  run("first empty moment", static_cast<FirstEmptyMoment*>(nullptr), 10'000);
  run("pool end against submit", static_cast<EndAgainstSubmit*>(nullptr));
  run("group end against submit", static_cast<GroupEndAgainstSubmit*>(nullptr));
  run("detach", static_cast<Detach*>(nullptr));
  run("line at the bound", static_cast<Line*>(nullptr));
  run("in place", static_cast<InPlace*>(nullptr));
  run("sleeping helper", static_cast<SleepingHelper*>(nullptr));
  run("timed wait", static_cast<TimedWait*>(nullptr));
  return ok ? 0 : 1;
}
