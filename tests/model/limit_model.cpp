// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Limits of groups, and the tree of groups, under the model checker: units taken and given back, against the clearing
// of the ready bit and against helpers that sleep; a parent's helper against a child's submit. What "Limit" and
// "Family" in src/group/README.md claim.
#include "model/pool_test.hpp"

namespace {

using namespace model;

// Never more at once than the limit; each task of a serial queue sees all that the ones before it did (a race on
// `runs` of one task if it did not), in the order of their submits.
template <unsigned Most, bool Help, unsigned Users>
struct Limit : PoolTest<Limit<Most, Help, Users>, Users, 1> {
  Handle group;
  Atomic<std::uint32_t> now{0};
  struct Step {
    Limit* test;
    unsigned user, number;
  } steps[Users][2];
  Counted all;
  rl::var<unsigned> begun[Users];

  static std::int32_t step(void* ctx) {
    auto& [test, user, number] = *static_cast<Step*>(ctx);
    RL_ASSERT(test->now.fetch_add(1) < Most);
    if (Most == 1) {
      RL_ASSERT(test->begun[user]($) == number);
      test->begun[user]($) = number + 1;
      Counted::run(&test->all);
    }
    Counted::run(&test->task[2 * user + number]);
    test->now.fetch_sub(1);
    return 0;
  }
  void prepare() {
    all.runs($) = 0;
    for (auto& each : begun) each($) = 0;
    Config config;
    config.limit = Most;
    group = this->make_group(config);
  }
  void user(unsigned index) {
    for (unsigned i = 0; i < 2; ++i) {
      steps[index][i] = {this, index, i};
      this->must_submit(group, &step, &steps[index][i]);
    }
    this->must_wait(group, Help && index == 0);
    for (unsigned i = 0; i < 2; ++i) this->must_have_run(2 * index + i);
  }
  void verify() {
    RL_ASSERT(group.group->units.any_free());
    RL_ASSERT(!group.group->units.are_limited() || this->all_runs() == 2 * Users);
  }
};

// Somebody who would help is about to sleep, or asleep.
bool is_helped(const Handle& group) {
  return group.group->completion.load().has(pool::group::Completion<ModelSystem>::helper);
}

// A helper that has no time for more than one task goes and leaves the rest: the worker, which may just have found the
// group held and be about to clear its bit, runs it.
struct OneAndGone : PoolTest<OneAndGone, 1, 1> {
  Handle group;
  void prepare() {
    Config config;
    config.limit = 1;
    group = make_group(config);
  }
  void user(unsigned) {
    for (unsigned i = 0; i < 3; ++i) must_submit(group, i);
    (void)wait(group, true, 0);
    must_wait(group, false);
    for (unsigned i = 0; i < 3; ++i) must_have_run(i);
  }
};

// The worker has the only unit while a helper goes to sleep, and turns to another group's task when it gives the unit
// back: that one ends only when the helper has run what the unit was for.
template <bool Asleep>
struct UnitForHelper : PoolTest<UnitForHelper<Asleep>, 1, 1> {
  Handle limited, other;
  Gate begun, second;
  static std::int32_t hold_unit(void* ctx) {
    auto& self = *static_cast<UnitForHelper*>(ctx);
    self.begun.open();
    while (Asleep && !is_helped(self.limited)) ModelSystem::yield();
    return 0;
  }
  static std::int32_t open_gate(void* ctx) {
    static_cast<UnitForHelper*>(ctx)->second.open();
    return 0;
  }
  static std::int32_t pass_gate(void* ctx) {
    static_cast<UnitForHelper*>(ctx)->second.pass();
    return 0;
  }
  void prepare() {
    Config config;
    config.limit = 1;
    limited = this->make_group(config);
    other = this->make_group();
  }
  void user(unsigned) {
    this->must_submit(limited, &hold_unit, this);
    begun.pass();
    this->must_submit(other, &pass_gate, this);
    this->must_submit(limited, &open_gate, this);
    this->must_wait(limited, true);
    this->must_wait(other, false);
  }
};

// Who waits for a parent helps its children: the worker is in a task of the parent that ends only when the child's task
// has run, the helper may be asleep when that is submitted.
template <unsigned Limit, bool Asleep>
struct Child : PoolTest<Child<Limit, Asleep>, 2, 1> {
  Handle parent, child;
  Gate begun, run;
  static std::int32_t pass_gate(void* ctx) {
    static_cast<Child*>(ctx)->begun.open();
    static_cast<Child*>(ctx)->run.pass();
    return 0;
  }
  static std::int32_t open_gate(void* ctx) {
    static_cast<Child*>(ctx)->run.open();
    return 0;
  }
  void prepare() {
    parent = this->make_group();
    Config config;
    config.limit = Limit;
    child = this->make_group(config);
    RL_ASSERT(adopt(this->world, parent.group->index.load(), parent.life, *child.group));
  }
  void user(unsigned index) {
    if (index == 0) {
      this->must_submit(parent, &pass_gate, this);
      begun.pass();
      this->must_wait(parent, true);
    } else {
      begun.pass();
      while (Asleep && !is_helped(parent)) ModelSystem::yield();
      this->must_submit(child, &open_gate, this);
      this->must_submit(child, 0);
      this->must_wait(child, false);
      this->must_have_run(0);
      this->must_destroy(child, false);
    }
  }
};

// The parent ends, and its slot has another life, while its child still submits.
struct ParentEnds : PoolTest<ParentEnds, 2, 1> {
  Handle parent, child;
  void prepare() {
    parent = make_group();
    child = make_group();
    RL_ASSERT(adopt(world, parent.group->index.load(), parent.life, *child.group));
    must_submit(parent, 0);
  }
  void user(unsigned index) {
    if (index == 0) {
      must_destroy(parent, true);
      must_have_run(0);
      const Handle next = make_group();
      must_submit(next, 1);
      must_wait(next, true);
      must_destroy(next, true);
    } else {
      must_submit(child, 2);
      must_submit(child, 3);
      must_wait(child, true);
      must_destroy(child, true);
    }
  }
  void verify() {
    for (unsigned i = 0; i < 4; ++i) must_have_run(i);
  }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<Limit<1, false, 2>>("serial queue", 1'500);
  runner.run<Limit<1, true, 2>>("serial queue, a helper", 1'500);
  runner.run<Limit<2, true, 3>>("limit of two", 1'500);
  runner.run<OneAndGone>("one and gone", 5'000);
  runner.run<UnitForHelper<false>>("unit for a helper", 2'000);
  runner.run<UnitForHelper<true>>("unit for a sleeping helper", 1'000);
  runner.run<Child<0, false>>("parent's helper", 2'000);
  runner.run<Child<0, true>>("parent's sleeping helper", 1'000);
  runner.run<Child<1, true>>("the same, limit", 4'000);
  runner.run<ParentEnds>("parent ends", 2'000);
  return runner.ok ? 0 : 1;
}
