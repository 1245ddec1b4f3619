// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Notices under the model checker: asking to be told when a group is empty, against the last completion, a new submit,
// the end of the group and another life of its slot. What "Notify" in src/group/README.md claims: each notice runs
// once, after a moment at which the group was empty and which came after the call; a destroy returns after it.
#include "model/pool_test.hpp"

namespace {

using namespace model;
using pool::sched::Notified;

// A notice's context: what must have run before it, and how often it ran.
struct Told {
  rl::var<int> runs;
  Counted* needs[4] = {};
  static void run(void* ctx, std::int32_t) {
    auto& self = *static_cast<Told*>(ctx);
    self.runs($) = self.runs($) + 1;
    for (Counted* each : self.needs) {
      if (each != nullptr) RL_ASSERT(each->runs($) == 1);
    }
  }
};

template <class Test, unsigned Users, unsigned Workers>
struct NotifyTest : PoolTest<Test, Users, Workers> {
  Told told[3];
  void before() {
    for (Told& each : told) each.runs($) = 0;
    PoolTest<Test, Users, Workers>::before();
  }
  Notified notify(const Handle& group, unsigned which) {
    return pool::sched::notify(this->world, *group.group, group.life, &Told::run, &told[which]);
  }
  void must_notify(const Handle& group, unsigned which) { RL_ASSERT(notify(group, which) == Notified::ok); }
  void must_be_told(unsigned which, int times = 1) { RL_ASSERT(told[which].runs($) == times); }
};

// Against the last completion: the group is empty before, while or after the notice arrives.
struct LastCompletion : NotifyTest<LastCompletion, 2, 1> {
  Handle group;
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    told[index].needs[0] = &task[index];
    must_submit(group, index);
    if (index == 1) must_wait(group, true);
    must_notify(group, index);
  }
  void verify() {
    for (unsigned i = 0; i < 2; ++i) {
      must_have_run(i);
      must_be_told(i);
    }
  }
};

// An empty moment that a new submit ends at once: the notice is due all the same, though the group never empties again
// before the notice has run.
struct AgainstSubmit : NotifyTest<AgainstSubmit, 2, 2> {
  Handle group;
  Gate notified, ran;
  static void open_gate(void* ctx, std::int32_t) {
    auto& self = *static_cast<AgainstSubmit*>(ctx);
    self.must_have_run(0);
    self.ran.open();
  }
  static std::int32_t until_notified(void* ctx) {
    static_cast<AgainstSubmit*>(ctx)->notified.pass();
    return Counted::run(&static_cast<AgainstSubmit*>(ctx)->task[0]);
  }
  static std::int32_t until_ran(void* ctx) {
    static_cast<AgainstSubmit*>(ctx)->ran.pass();
    return 0;
  }
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(group, &until_notified, this);
      RL_ASSERT(pool::sched::notify(world, *group.group, group.life, &open_gate, this) == Notified::ok);
      notified.open();
    } else {
      notified.pass();
      while (pool::sched::Wait<ModelSystem>(world, *group.group, group.life).poll() != Waited::empty) {
        ModelSystem::yield();
      }
      must_submit(group, &until_ran, this);
    }
  }
  void verify() { RL_ASSERT(ran.is_open()); }
};

// How the group ends, while somebody else asks to be told, and its slot is used again at once. A life later another
// notice asks in the same slot.
enum class Ending { destroy, detach };

template <Ending How, bool Tasks>
struct SlotReused : NotifyTest<SlotReused<How, Tasks>, 2, 1> {
  Handle group;
  bool accepted = false;
  void prepare() { group = this->make_group(); }
  void user(unsigned index) {
    if (index == 1) {
      const Notified notified = this->notify(group, 1);
      RL_ASSERT(notified == Notified::ok || notified == Notified::stale);
      accepted = notified == Notified::ok;
      return;
    }
    if (Tasks) {
      this->must_submit(group, 0);
      this->told[0].needs[0] = &this->task[0];
    }
    this->must_notify(group, 0);
    if (How == Ending::destroy) {
      this->must_destroy(group, true);
      this->must_be_told(0);
    } else {
      RL_ASSERT(detach_group(this->world, *group.group, group.life));
    }
    const Handle next = this->make_group();
    this->must_submit(next, 1);
    this->told[2].needs[0] = &this->task[1];
    this->must_notify(next, 2);
    this->must_destroy(next, false);
    this->must_be_told(2);
  }
  void verify() {
    this->must_be_told(0);
    this->must_be_told(1, accepted ? 1 : 0);
    this->must_be_told(2);
    if (Tasks) this->must_have_run(0);
  }
};

// A notice that ends its own group, like the one that a message's consumer asks for last; the user who made the group
// makes another one, perhaps in the same slot, meanwhile.
struct EndsItself : NotifyTest<EndsItself, 1, 2> {
  Handle group, next;
  static void end_it(void* ctx, std::int32_t) {
    auto& self = *static_cast<EndsItself*>(ctx);
    self.must_have_run(0);
    auto* const frame = pool::sched::Frame<ModelSystem>::top();
    RL_ASSERT(frame->notice && frame->group == self.group.group && frame->life == self.group.life);
    frame->ends = true;
  }
  void prepare() { group = make_group(); }
  void user(unsigned) {
    must_submit(group, 0);
    must_notify(group, 0);
    RL_ASSERT(pool::sched::notify(world, *group.group, group.life, &end_it, this) == Notified::ok);
    (void)wait(group, true);
    next = make_group();
    must_submit(next, 1);
    must_notify(next, 1);
    must_destroy(next, false);
  }
  void verify() {
    must_be_told(0);
    must_be_told(1);
    RL_ASSERT(group.group->queue.generation() != group.life);
  }
};

// A task on the only worker destroys another group that has a notice: nobody but the destroyer can run that.
struct DestroyInTask : NotifyTest<DestroyInTask, 2, 1> {
  Handle outer, inner;
  static std::int32_t destroy_inner(void* ctx) {
    auto& self = *static_cast<DestroyInTask*>(ctx);
    self.must_destroy(self.inner, true);
    self.must_be_told(0);
    return 0;
  }
  void prepare() {
    outer = make_group();
    inner = make_group();
  }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(inner, 0);
      told[0].needs[0] = &task[0];
      must_notify(inner, 0);
      must_submit(outer, &destroy_inner, this);
      must_wait(outer, false);
    } else {
      const Notified notified = notify(inner, 1);
      RL_ASSERT(notified == Notified::ok || notified == Notified::stale);
    }
  }
};

// The end of the pool: what was accepted is told before the drain is over.
struct AgainstClose : NotifyTest<AgainstClose, 2, 1> {
  Handle group;
  bool accepted[3] = {};
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 0) return end();
    const bool is_in = submit(group, 0) == Submitted::ok;
    if (is_in) told[0].needs[0] = &task[0];
    for (unsigned i = 0; i < 2; ++i) {
      const Notified notified = notify(group, i);
      RL_ASSERT(notified == Notified::ok || notified == Notified::closed || notified == Notified::stale);
      accepted[i] = notified == Notified::ok;
    }
  }
  void verify() {
    for (unsigned i = 0; i < 3; ++i) must_be_told(i, accepted[i] ? 1 : 0);
  }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<LastCompletion>("last completion", 4'000);
  runner.run<AgainstSubmit>("against a submit", 4'000);
  runner.run<SlotReused<Ending::destroy, true>>("destroy", 4'000);
  runner.run<SlotReused<Ending::destroy, false>>("destroy without tasks", 4'000);
  runner.run<SlotReused<Ending::detach, true>>("detach", 4'000);
  runner.run<SlotReused<Ending::detach, false>>("detach without tasks", 4'000);
  runner.run<EndsItself>("a notice that ends its group", 4'000);
  runner.run<DestroyInTask>("destroy inside a task", 4'000);
  runner.run<AgainstClose>("against the pool's end", 4'000);
  return runner.ok ? 0 : 1;
}
