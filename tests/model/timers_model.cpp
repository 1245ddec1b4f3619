// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Timers under the model checker: arming one against the housekeeper's sleep, expiry against cancel, fire, close and
// the slot's next life, tasks that hand themselves back. What "Timers" in src/group/README.md claims: each runs or is
// dropped once, none early, none as late as the next deadline, and a wait returns after it.
#include "model/pool_test.hpp"
#include "sched/suspend.hpp"

namespace {

using namespace model;
using pool::sched::SubmitTerms;
using pool::sched::TimerAsked;
using Frame = pool::sched::Frame<ModelSystem>;

// A task that notes that it ran, and not before `due`.
struct Timed {
  rl::var<int> runs;
  Atomic<std::uint32_t> has_run{0};
  std::int64_t due = 0;
  static std::int32_t run(void* ctx) {
    auto& self = *static_cast<Timed*>(ctx);
    RL_ASSERT(ModelSystem::now() >= self.due);
    self.runs($) = self.runs($) + 1;
    self.has_run.store(1);
    self.has_run.futex_wake(Where::current());
    return 0;
  }
};

template <class Test, unsigned Users, unsigned Workers>
struct TimerTest : PoolTest<Test, Users, Workers + 1> {
  static constexpr std::uint32_t max_workers = Workers;
  Timed timed[4];
  Handle group;
  void before() {
    for (Timed& each : timed) each.runs($) = 0;
    PoolTest<Test, Users, Workers + 1>::before();
  }
  void prepare() { group = this->make_group(); }
  Submitted submit_at(std::int64_t due, unsigned which, std::uint64_t* timer = nullptr) {
    timed[which].due = due == INT64_MAX ? 0 : due;
    SubmitTerms terms;
    terms.is_delayed = true;
    terms.start_at = due;
    terms.timer = timer;
    pool::sched::Submit<ModelSystem> submit(this->world, *group.group, group.life, terms);
    return submit({reinterpret_cast<std::uintptr_t>(&Timed::run), reinterpret_cast<std::uintptr_t>(&timed[which])});
  }
  void must_submit_at(std::int64_t due, unsigned which, std::uint64_t* timer = nullptr) {
    RL_ASSERT(submit_at(due, which, timer) == Submitted::ok);
  }
  TimerAsked cancel(std::uint64_t timer) {
    return pool::sched::cancel_timer(this->world, this->world.timers[pool::base::Handle::index(timer)],
                                     pool::base::Handle::generation(timer));
  }
  TimerAsked fire(std::uint64_t timer) {
    return pool::sched::fire_timer(this->world, this->world.timers[pool::base::Handle::index(timer)],
                                   pool::base::Handle::generation(timer));
  }
  int runs(unsigned which) { return timed[which].runs($); }
  std::uint64_t cancelled() { return group.group->tally.cancelled(); }
};

// The second is due first: the housekeeper must not sleep until the first, whose time never passes.
struct Earlier : TimerTest<Earlier, 2, 1> {
  Gate armed;
  void user(unsigned index) {
    if (index == 0) {
      std::uint64_t timer = 0;
      must_submit_at(ModelSystem::far, 0, &timer);
      armed.open();
      while (timed[1].has_run.load() == 0) timed[1].has_run.futex_wait(UINT32_MAX, 0, false, Where::current());
      RL_ASSERT(cancel(timer) == TimerAsked::ok);
    } else {
      armed.pass();
      must_submit_at(10, 1);
    }
    must_wait(group, index == 0);
  }
  void verify() { RL_ASSERT(runs(0) == 0 && runs(1) == 1); }
};

// Two that nobody can name: whoever comes second may rely on the first one's call of the housekeeper, if that is early
// enough.
struct Both : TimerTest<Both, 2, 1> {
  void user(unsigned index) {
    must_submit_at(index == 0 ? 10 : 15, index);
    must_wait(group, index == 0);
  }
  void verify() { RL_ASSERT(runs(0) == 1 && runs(1) == 1); }
};

// Arming against a cancel of the group: refused, or dropped at once, though it is not due for long.
template <bool Suspended>
struct AgainstCancel : TimerTest<AgainstCancel<Suspended>, 2, 1> {
  bool accepted = false;
  Gate armed;
  void user(unsigned index) {
    if (index == 0) {
      accepted = this->submit_at(Suspended ? INT64_MAX : ModelSystem::far, 0) == Submitted::ok;
      armed.open();
      if (Suspended) (void)pool::sched::suspend_group(this->world, *this->group.group, this->group.life);
    } else {
      if (rl::rand(2) != 0) armed.pass();  // or it always comes first
      RL_ASSERT(pool::sched::cancel_group(this->world, *this->group.group, this->group.life));
    }
    this->must_wait(this->group, index == 0);
  }
  void verify() { RL_ASSERT(this->runs(0) == 0 && this->cancelled() == (accepted ? 1 : 0)); }
};

// One that expires, against a cancel of just this one: one of them has it. Its slot is used again.
struct AgainstCancelOne : TimerTest<AgainstCancelOne, 2, 1> {
  std::uint64_t timer = 0;
  bool is_cancelled = false;
  Gate armed;
  void user(unsigned index) {
    if (index == 0) {
      must_submit_at(10, 0, &timer);
      armed.open();
      must_submit_at(20, 1);
    } else {
      armed.pass();
      is_cancelled = cancel(timer) == TimerAsked::ok;
      RL_ASSERT(cancel(timer) != TimerAsked::ok);
    }
    must_wait(group, index == 0);
  }
  void verify() {
    RL_ASSERT(runs(0) == (is_cancelled ? 0 : 1) && cancelled() == (is_cancelled ? 1 : 0));
    RL_ASSERT(runs(1) == 1);
  }
};

// A task that sleeps until it is told, and is told before or after it has handed itself back; then for a while; by a
// handle that may be over, in a slot that may be another one's.
struct Fired : TimerTest<Fired, 2, 1> {
  Atomic<std::uint64_t> timer{0};
  Gate asleep, awake;
  int calls = 0;
  static std::int32_t sleep(void* ctx) {
    auto& self = *static_cast<Fired*>(ctx);
    if (++self.calls == 3) return 0;
    if (self.calls == 2) self.awake.open();
    Frame& frame = *Frame::top();
    const bool for_ever = self.calls == 1;
    const std::uint32_t generation = pool::sched::prepare_again(self.world, frame, for_ever ? INT64_MAX : 10, for_ever);
    RL_ASSERT(generation != 0);
    if (for_ever) {
      const auto& slot = *static_cast<pool::sched::Timer<ModelSystem>*>(frame.timer);
      self.timer.store(pool::base::Handle::make(pool::base::Kind::timer, slot.index, generation));
      self.asleep.open();
    }
    return pool::sched::result_again;
  }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(group, &sleep, this);
      must_wait(group, true);
    } else {
      asleep.pass();
      RL_ASSERT(fire(timer.load()) == TimerAsked::ok);
      awake.pass();
      must_submit_at(5, 0);
      (void)fire(timer.load());
      must_wait(group, false);
    }
  }
  void verify() { RL_ASSERT(calls == 3 && runs(0) == 1); }
};

// With a limit of 1, that is kept or not while a task sleeps: both get on; kept, one after the other.
template <bool Keeps, bool Cancels>
struct Limited : TimerTest<Limited<Keeps, Cancels>, 2, 1> {
  int calls[2] = {};
  int inside = 0;
  struct Part {
    Limited* test;
    unsigned which;
  } parts[2] = {{this, 0}, {this, 1}};
  static std::int32_t step(void* ctx) {
    const Part& part = *static_cast<Part*>(ctx);
    Limited& test = *part.test;
    const int call = ++test.calls[part.which];
    if (call == 1) RL_ASSERT(!Keeps || ++test.inside == 1);
    if (call == 2) {
      --test.inside;
      return 0;
    }
    RL_ASSERT(pool::sched::prepare_again(test.world, *Frame::top(), 10, false) != 0);
    return pool::sched::result_again;
  }
  void prepare() { this->group = this->make_group({.limit = 1, .keeps_units = Keeps}); }
  void user(unsigned index) {
    this->must_submit(this->group, &step, &parts[index]);
    if (Cancels && index == 1) pool::sched::cancel_group(this->world, *this->group.group, this->group.life);
    this->must_wait(this->group, index == 0);
  }
  void verify() {
    if (!Cancels) RL_ASSERT(calls[0] == 2 && calls[1] == 2);
  }
};

// The pool ends, and cancels, while a task is being delayed that is not due for long, or never.
template <std::int64_t Due>
struct AgainstClose : TimerTest<AgainstClose<Due>, 2, 1> {
  bool accepted = false;
  void user(unsigned index) {
    if (index == 0) {
      accepted = this->submit_at(Due, 0) == Submitted::ok;
    } else {
      (void)pool::sched::shut_down(this->world, *this->pool, this->pool_life, true, 0);
    }
  }
  void verify() { RL_ASSERT(this->runs(0) == 0); }
};

// A suspension against what becomes due: it runs when that is over.
struct Suspends : TimerTest<Suspends, 2, 1> {
  void user(unsigned index) {
    if (index == 0) {
      must_submit_at(10, 0);
      must_wait(group, true);
    } else if (pool::sched::suspend_group(world, *group.group, group.life) == pool::sched::Suspended::ok) {
      must_submit_at(5, 1);
      pool::sched::resume_group(world, *group.group, group.life);
    }
  }
  void verify() { RL_ASSERT(runs(0) == 1 && runs(1) == 1); }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<Earlier>("an earlier one", 4'000);
  runner.run<Both>("both", 4'000);
  runner.run<AgainstCancel<false>>("against a cancel", 4'000);
  runner.run<AgainstCancel<true>>("... of a suspended group", 4'000);
  runner.run<AgainstCancelOne>("against its cancel", 4'000);
  runner.run<Fired>("fired", 4'000);
  runner.run<Limited<true, false>>("limit, kept", 4'000);
  runner.run<Limited<false, false>>("limit, not kept", 4'000);
  runner.run<Limited<true, true>>("limit, kept, cancelled", 4'000);
  runner.run<Limited<false, true>>("limit, not kept, cancelled", 4'000);
  runner.run<AgainstClose<INT64_MAX>>("against a close", 4'000);
  runner.run<AgainstClose<ModelSystem::far>>("... of one that has a time", 4'000);
  runner.run<Suspends>("suspended", 4'000);
  return runner.ok ? 0 : 1;
}
