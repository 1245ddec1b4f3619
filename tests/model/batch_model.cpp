// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Batches under the model checker: tasks that one thread has claimed together, and what becomes of those that it has
// not started. What "Batches" in src/group/README.md claims: each is run once, whoever takes it; one behind a task that
// takes long is started by an idle worker, or a helper that may be asleep; none is started while the group is
// suspended, nor forgotten afterwards; a cancel drops them; they count as queued. With a limit each has a unit, and all
// units come back.
#include "model/pool_test.hpp"

namespace {

using namespace model;
using pool::sched::count_group;
using pool::sched::Suspended;

template <class Test, unsigned Users, unsigned Workers, unsigned Limit = 0>
struct BatchTest : PoolTest<Test, Users, Workers> {
  static constexpr std::uint32_t capacity = 16;
  static constexpr std::uint32_t locals = Users + Workers;
  Handle group, other;
  Gate begun, go;
  Atomic<std::uint32_t> starts{0};
  Atomic<std::uint32_t> now{0};
  struct Limited {
    BatchTest* test;
    Counted* task;
  } limited[8];

  static std::int32_t run_limited(void* ctx) {
    auto& [test, task] = *static_cast<Limited*>(ctx);
    RL_ASSERT(test->now.fetch_add(1) < Limit);
    Counted::run(task);
    test->now.fetch_sub(1);
    return 0;
  }
  static std::int32_t pass_gate(void* ctx) {
    auto& self = *static_cast<Test*>(ctx);
    self.starts.fetch_add(1);
    self.begun.open();
    self.go.pass();
    return 0;
  }
  static std::int32_t open_gate(void* ctx) {
    static_cast<Test*>(ctx)->go.open();
    return 0;
  }
  static std::int32_t count_start(void* ctx) {
    static_cast<Test*>(ctx)->starts.fetch_add(1);
    return 0;
  }
  // Workers take two at a time, as if the tasks so far had been quick.
  void prepare() {
    group = make_two_at_a_time();
    other = this->make_group();
  }
  Handle make_two_at_a_time() {
    Config config;
    config.limit = Limit;
    Handle made = this->make_group(config);
    made.group->batch.store(2);
    return made;
  }
  // Every unit has come back.
  void verify() {
    for (unsigned i = 0; i < Limit; ++i) RL_ASSERT(group.group->units.take(group.life));
  }
  void put(const Handle& to, std::int32_t (*fn)(void*)) {
    RL_ASSERT(this->submit_fast(to, fn, static_cast<Test*>(this)) == Submitted::ok);
  }
  void put(unsigned which) {
    limited[which] = {this, &this->task[which]};
    const Submitted done = Limit != 0 ? this->submit_fast(group, &run_limited, &limited[which])
                                      : this->submit_fast(group, &Counted::run, &this->task[which]);
    RL_ASSERT(done == Submitted::ok);
  }
};

// Those who submit, run, steal: each task once.
template <bool Help, unsigned Limit = 0>
struct EveryTaskOnce : BatchTest<EveryTaskOnce<Help, Limit>, 2, 2, Limit> {
  void user(unsigned index) {
    for (unsigned i = 3 * index; i < 3 * index + 3; ++i) this->put(i);
    this->must_wait(this->group, Help);
    for (unsigned i = 3 * index; i < 3 * index + 3; ++i) this->must_have_run(i);
  }
  void last_user() {
    const auto counters = count_group(this->world, *this->group.group);
    RL_ASSERT(counters.succeeded == 6 && counters.queued == 0 && counters.running == 0);
  }
};

// The first task ends when the second has run, and a third one before or after.
template <unsigned Workers, bool Help, unsigned Limit = 0>
struct BehindABlockedOne : BatchTest<BehindABlockedOne<Workers, Help, Limit>, 1, Workers, Limit> {
  void user(unsigned) {
    this->put(this->group, &BehindABlockedOne::pass_gate);
    this->put(this->group, &BehindABlockedOne::open_gate);
    this->put(2);
    this->must_wait(this->group, Help);
    this->must_have_run(2);
  }
};

// Two tasks end when the third one has run. There is a unit for each, but somebody may have taken one more than there
// were tasks for, while another found none for the third.
struct BehindTwo : BatchTest<BehindTwo, 1, 2, 3> {
  void user(unsigned) {
    put(group, &pass_gate);
    put(group, &pass_gate);
    put(group, &open_gate);
    must_wait(group, true);
  }
};

// A helper that comes late, so that it finds nothing but what is in a window.
struct ForASleepingHelper : BatchTest<ForASleepingHelper, 1, 1> {
  void user(unsigned) {
    put(group, &pass_gate);
    put(group, &open_gate);
    begun.pass();
    must_wait(group, true);
  }
};

// A helper of the parent, which finds it in a child.
struct ForAHelperAbove : BatchTest<ForAHelperAbove, 1, 1> {
  void user(unsigned) {
    RL_ASSERT(adopt(world, other.group->index.load(), other.life, *group.group));
    put(group, &pass_gate);
    put(group, &open_gate);
    must_wait(other, true);
    must_wait(group, true);
  }
};

// The worker stands in the first of a batch while the group is suspended: the rest does not start until the resume. It
// counts as queued.
template <bool Help, unsigned Limit = 0>
struct SuspendedInWindow : BatchTest<SuspendedInWindow<Help, Limit>, 1, 1, Limit> {
  void user(unsigned) {
    this->put(this->group, &SuspendedInWindow::pass_gate);
    this->put(1);
    this->put(this->group, &SuspendedInWindow::count_start);
    this->begun.pass();
    RL_ASSERT(suspend_group(this->world, *this->group.group, this->group.life) == Suspended::ok);
    this->go.open();
    while (count_group(this->world, *this->group.group).running != 0) ModelSystem::yield();
    const auto counters = count_group(this->world, *this->group.group);
    RL_ASSERT(counters.queued == 2);
    RL_ASSERT(this->starts.load() == 1);
    this->must_have_run(1, 0);
    RL_ASSERT(resume_group(this->world, *this->group.group, this->group.life));
    this->must_wait(this->group, Help);
    this->must_have_run(1);
    RL_ASSERT(this->starts.load() == 2);
  }
};

// A suspension at any time, with thieves about: when nothing runs any more nothing starts.
struct SuspendAgainstSteal : BatchTest<SuspendAgainstSteal, 1, 2> {
  void user(unsigned) {
    for (unsigned i = 0; i < 4; ++i) put(group, &count_start);
    RL_ASSERT(suspend_group(world, *group.group, group.life) == Suspended::ok);
    while (count_group(world, *group.group).running != 0) ModelSystem::yield();
    const std::uint32_t before = starts.load();
    for (int i = 0; i < 8; ++i) {
      ModelSystem::yield();
      RL_ASSERT(starts.load() == before);
    }
    RL_ASSERT(resume_group(world, *group.group, group.life));
    must_wait(group, false);
    RL_ASSERT(starts.load() == 4);
  }
};

// A helper's first task suspends the group, so that the second is left in the helper's own window. Nobody else is there
// to run it when it is resumed.
struct LeftInOwnWindow : BatchTest<LeftInOwnWindow, 2, 1> {
  Gate suspended;
  static std::int32_t suspend_own(void* ctx) {
    auto& self = *static_cast<LeftInOwnWindow*>(ctx);
    RL_ASSERT(suspend_group(self.world, *self.group.group, self.group.life) == Suspended::ok);
    self.suspended.open();
    return 0;
  }
  void user(unsigned index) {
    if (index == 1) {
      suspended.pass();
      RL_ASSERT(resume_group(world, *group.group, group.life));
      return;
    }
    put(other, &pass_gate);
    begun.pass();
    put(group, &suspend_own);
    put(1);
    must_wait(group, true);
    must_have_run(1);
    go.open();
  }
};

// What is in a window of a cancelled group is dropped.
template <unsigned Limit>
struct CancelInWindow : BatchTest<CancelInWindow<Limit>, 1, 1, Limit> {
  void user(unsigned) {
    this->put(this->group, &CancelInWindow::pass_gate);
    this->put(1);
    this->put(2);
    this->begun.pass();
    RL_ASSERT(cancel_group(this->world, *this->group.group, this->group.life));
    this->go.open();
    this->must_wait(this->group, true);
    const auto counters = count_group(this->world, *this->group.group);
    RL_ASSERT(counters.cancelled == 2 && counters.succeeded == 1 && counters.queued == 0 && counters.running == 0);
    this->must_have_run(1, 0);
    this->must_have_run(2, 0);
  }
};

// A group that ends as soon as its batch is over, and another one in its slot: nobody takes what is not theirs.
template <unsigned Limit>
struct SlotReused : BatchTest<SlotReused<Limit>, 1, 2, Limit> {
  void user(unsigned) {
    Handle& group = this->group;
    for (unsigned life = 0; life < 2; ++life) {
      this->put(2 * life);
      this->put(2 * life + 1);
      if (Limit != 0) this->put(4 + life);
      this->must_wait(group, life == 0 || Limit != 0);
      if (!pool::sched::end_quickly(this->world, *group.group, group.life)) this->must_destroy(group, true);
      this->must_have_run(2 * life);
      this->must_have_run(2 * life + 1);
      if (life == 1) return;  // a slot has three lives in the model
      group = this->make_two_at_a_time();
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<EveryTaskOnce<false>>("every task once", 2'000);
  runner.run<EveryTaskOnce<true>>("the same, helpers", 2'000);
  runner.run<BehindABlockedOne<2, false>>("behind a blocked one", 3'000);
  runner.run<BehindABlockedOne<1, true>>("the same, a helper", 3'000);
  runner.run<ForASleepingHelper>("for a sleeping helper", 3'000);
  runner.run<ForAHelperAbove>("for a helper above", 3'000);
  runner.run<SuspendedInWindow<false>>("suspended in a window", 2'000);
  runner.run<SuspendedInWindow<true>>("the same, a helper", 2'000);
  runner.run<SuspendAgainstSteal>("suspend against steal", 3'000);
  runner.run<LeftInOwnWindow>("left in one's own window", 1'000);
  runner.run<CancelInWindow<0>>("cancelled in a window", 2'000);
  runner.run<SlotReused<0>>("slot reused", 2'000);
  runner.run<EveryTaskOnce<false, 3>>("every task once, a limit", 2'000);
  runner.run<EveryTaskOnce<true, 2>>("the same, helpers, a limit of two", 2'000);
  runner.run<BehindABlockedOne<2, false, 2>>("behind a blocked one, a limit", 3'000);
  runner.run<BehindABlockedOne<1, true, 3>>("the same, a helper", 3'000);
  runner.run<BehindTwo>("behind two, a limit", 2'000);
  runner.run<SuspendedInWindow<true, 2>>("suspended in a window, a limit", 2'000);
  runner.run<CancelInWindow<2>>("cancelled in a window, a limit", 2'000);
  runner.run<SlotReused<2>>("slot reused, a limit", 2'000);
  return runner.ok ? 0 : 1;
}
