// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Batches under the model checker: tasks that one thread has claimed together, and what becomes of those that it has
// not started. What "Batches" in src/group/README.md claims: each is run once, whoever takes it; one behind a task that
// takes long is started by an idle worker, or a helper that may be asleep; none is started while the group is
// suspended, nor forgotten afterwards; a cancel drops them; they count as queued.
#include "model/pool_test.hpp"

namespace {

using namespace model;
using pool::sched::count_group;
using pool::sched::Suspended;

template <class Test, unsigned Users, unsigned Workers>
struct BatchTest : PoolTest<Test, Users, Workers> {
  static constexpr std::uint32_t capacity = 16;
  static constexpr std::uint32_t locals = Users + Workers;
  Handle group, other;
  Gate begun, go;
  Atomic<std::uint32_t> starts{0};

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
    group = this->make_group();
    group.group->batch.store(2);
    other = this->make_group();
  }
  void put(const Handle& to, std::int32_t (*fn)(void*)) {
    RL_ASSERT(this->submit_fast(to, fn, static_cast<Test*>(this)) == Submitted::ok);
  }
  void put(unsigned which) { RL_ASSERT(this->submit_fast(group, &Counted::run, &this->task[which]) == Submitted::ok); }
};

// Those who submit, run, steal: each task once.
template <bool Help>
struct EveryTaskOnce : BatchTest<EveryTaskOnce<Help>, 2, 2> {
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
template <unsigned Workers, bool Help>
struct BehindABlockedOne : BatchTest<BehindABlockedOne<Workers, Help>, 1, Workers> {
  void user(unsigned) {
    this->put(this->group, &BehindABlockedOne::pass_gate);
    this->put(this->group, &BehindABlockedOne::open_gate);
    this->put(2);
    this->must_wait(this->group, Help);
    this->must_have_run(2);
  }
};

// The same, and the helper comes late, so that it finds nothing but what is in a window.
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
template <bool Help>
struct SuspendedInWindow : BatchTest<SuspendedInWindow<Help>, 1, 1> {
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
struct CancelInWindow : BatchTest<CancelInWindow, 1, 1> {
  void user(unsigned) {
    put(group, &pass_gate);
    put(1);
    put(2);
    begun.pass();
    RL_ASSERT(cancel_group(world, *group.group, group.life));
    go.open();
    must_wait(group, true);
    const auto counters = count_group(world, *group.group);
    RL_ASSERT(counters.cancelled == 2 && counters.succeeded == 1 && counters.queued == 0 && counters.running == 0);
    must_have_run(1, 0);
    must_have_run(2, 0);
  }
};

// A group that ends as soon as its batch is over, and another one in its slot: nobody takes what is not theirs.
struct SlotReused : BatchTest<SlotReused, 1, 2> {
  void user(unsigned) {
    for (unsigned life = 0; life < 2; ++life) {
      put(2 * life);
      put(2 * life + 1);
      must_wait(group, life == 0);
      if (!pool::sched::end_quickly(world, *group.group, group.life)) must_destroy(group, true);
      must_have_run(2 * life);
      must_have_run(2 * life + 1);
      if (life == 1) return;  // a slot has three lives in the model
      group = make_group();
      group.group->batch.store(2);
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
  runner.run<CancelInWindow>("cancelled in a window", 2'000);
  runner.run<SlotReused>("slot reused", 2'000);
  return runner.ok ? 0 : 1;
}
