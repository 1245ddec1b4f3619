// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Owned groups under the model checker: a thread uses a group of its own without read-modify-writes, and others come at
// any moment. What "Owned groups" in src/group/README.md claims: no task is lost or run twice, no count is wrong, no
// wake-up is missed, whoever comes and whatever he wants; and nobody who is late touches the slot's next life.
#define MODEL_CELLS 4  // the owner's ways end before the last one
#include "model/pool_test.hpp"

namespace {

using namespace model;
using pool::sched::count_group;
using pool::sched::Suspended;

template <class Test, unsigned Users, unsigned Workers>
struct OwnedTest : PoolTest<Test, Users, Workers> {
  static constexpr std::uint32_t capacity = 16;
  static constexpr std::uint32_t locals = Users + Workers;
  Handle group;  // the first user's, and known to the others once the gate is open
  Gate made;
  Gate go;
  bool has_made = false;

  static std::int32_t open_gate(void* ctx) {
    static_cast<Test*>(ctx)->go.open();
    return 0;
  }
  void make() {
    group = this->make_group();
    // (Whoever is late shares a later life, without need.)
    RL_ASSERT(has_made || group.group->owner.load() == ModelSystem::local());
    has_made = true;
  }
  void put(unsigned which) { RL_ASSERT(put_if_open(which) == Submitted::ok); }
  Submitted put_if_open(unsigned which) { return this->submit_fast(group, &Counted::run, &this->task[which]); }
  static pool::sched::Local<ModelSystem>& own_local() {
    return *static_cast<pool::sched::Local<ModelSystem>*>(ModelSystem::local());
  }
  // As pool_group_wait.
  void wait_for(const Handle& on) {
    using pool::sched::Emptied;
    const Emptied now = pool::sched::empty_own(this->own_local(), *on.group, on.life);
    if (now != Emptied::successes && now != Emptied::empty) this->must_wait(on, true);
  }
  // As pool_group_destroy.
  void end_group(const Handle& which) {
    if (pool::sched::end_own(this->own_local(), *which.group, which.life) ||
        pool::sched::end_quickly(this->world, *which.group, which.life)) {
      return;
    }
    this->must_destroy(which, true);
  }
};

// The owner's whole round, twice, while workers search.
template <unsigned Workers>
struct Rounds : OwnedTest<Rounds<Workers>, 1, Workers> {
  void user(unsigned) {
    for (unsigned round = 0; round < 2; ++round) {
      this->make();
      this->put(2 * round);
      this->put(2 * round + 1);
      this->wait_for(this->group);
      const auto counters = count_group(this->world, *this->group.group);
      RL_ASSERT(counters.succeeded == 2 && counters.queued == 0 && counters.running == 0);
      this->end_group(this->group);
      this->must_have_run(2 * round);
      this->must_have_run(2 * round + 1);
    }
  }
};

// One task a round, in quick succession: a worker that meant one life comes to another.
struct QuickRounds : OwnedTest<QuickRounds, 1, 1> {
  void user(unsigned) {
    for (unsigned round = 0; round < 2; ++round) {
      make();
      put(round);
      wait_for(group);
      end_group(group);
      must_have_run(round);
    }
  }
};

// The owner does not help: somebody is woken, or is awake; also if the slot was known to have work from before.
struct NobodyHelps : OwnedTest<NobodyHelps, 1, 1> {
  void user(unsigned) {
    make();
    for (unsigned round = 0; round < 2; ++round) {
      put(round);
      wait_for(group);
    }
    RL_ASSERT(submit_fast(group, &open_gate, this) == Submitted::ok);
    go.pass();
    must_wait(group, false);
  }
};

// The first task of an own batch ends when the second has run.
struct BehindABlockedOne : OwnedTest<BehindABlockedOne, 1, 1> {
  static std::int32_t pass_gate(void* ctx) {
    static_cast<BehindABlockedOne*>(ctx)->go.pass();
    return 0;
  }
  void user(unsigned) {
    make();
    RL_ASSERT(submit_fast(group, &pass_gate, this) == Submitted::ok);
    RL_ASSERT(submit_fast(group, &open_gate, this) == Submitted::ok);
    put(0);
    wait_for(group);
    must_have_run(0);
  }
};

// Somebody else waits, helping or not, while the owner submits and waits.
template <bool Help>
struct AgainstWaiter : OwnedTest<AgainstWaiter<Help>, 2, 1> {
  void user(unsigned index) {
    if (index == 0) {
      this->make();
      this->put(0);
      this->made.open();
      this->put(1);
      this->wait_for(this->group);
      this->must_have_run(0);
      this->must_have_run(1);
    } else {
      this->made.pass();
      this->must_wait(this->group, Help);
      this->must_have_run(0);
    }
  }
};

// Somebody else submits, and both wait.
struct AgainstSubmitter : OwnedTest<AgainstSubmitter, 2, 1> {
  void user(unsigned index) {
    if (index == 0) {
      make();
      made.open();
    } else {
      made.pass();
    }
    put(2 * index);
    put(2 * index + 1);
    wait_for(group);
    must_have_run(2 * index);
    must_have_run(2 * index + 1);
  }
  void last_user() {
    const auto counters = count_group(world, *group.group);
    RL_ASSERT(counters.submitted == 4 && counters.succeeded == 4 && counters.queued == 0 && counters.running == 0);
  }
};

// Somebody else cancels: each task has run once, or is counted as cancelled.
struct AgainstCanceller : OwnedTest<AgainstCanceller, 2, 1> {
  void user(unsigned index) {
    if (index == 1) {
      made.pass();
      RL_ASSERT(cancel_group(world, *group.group, group.life));
      go.open();
      return;
    }
    make();
    put(0);
    made.open();
    const bool is_in = put_if_open(1) == Submitted::ok;
    go.pass();
    RL_ASSERT(put_if_open(2) == Submitted::cancelled);
    wait_for(group);
    const auto counters = count_group(world, *group.group);
    RL_ASSERT(counters.succeeded + counters.cancelled == (is_in ? 2U : 1U));
    RL_ASSERT(task[0].runs($) + task[1].runs($) == static_cast<int>(counters.succeeded));
  }
};

// Somebody else suspends: when nothing runs nothing starts, until the resume.
struct AgainstSuspender : OwnedTest<AgainstSuspender, 2, 1> {
  Atomic<std::uint32_t> starts{0};
  static std::int32_t count_start(void* ctx) {
    static_cast<AgainstSuspender*>(ctx)->starts.fetch_add(1);
    return 0;
  }
  void user(unsigned index) {
    if (index == 0) {
      make();
      RL_ASSERT(submit_fast(group, &count_start, this) == Submitted::ok);
      made.open();
      RL_ASSERT(submit_fast(group, &count_start, this) == Submitted::ok);
      wait_for(group);
      RL_ASSERT(starts.load() == 2);
      return;
    }
    made.pass();
    RL_ASSERT(suspend_group(world, *group.group, group.life) == Suspended::ok);
    while (count_group(world, *group.group).running != 0) ModelSystem::yield();
    const std::uint32_t before = starts.load();
    for (int i = 0; i < 8; ++i) {
      ModelSystem::yield();
      RL_ASSERT(starts.load() == before);
    }
    RL_ASSERT(resume_group(world, *group.group, group.life));
  }
};

// Somebody has the handle of the first life, and comes when it is over, or the second has begun.
struct Late : OwnedTest<Late, 2, 1> {
  Handle first;
  void user(unsigned index) {
    if (index == 1) {
      made.pass();
      const Submitted submitted = submit_fast(first, &Counted::run, &task[4]);
      RL_ASSERT(submitted == Submitted::ok || submitted == Submitted::stale || submitted == Submitted::closed);
      (void)wait(first, true);
      (void)cancel_group(world, *first.group, first.life);
      if (submitted != Submitted::ok) must_have_run(4, 0);
      return;
    }
    make();
    first = group;
    made.open();
    end_group(first);
    make();
    put(0);
    put(1);
    wait_for(group);
    must_have_run(0);
    must_have_run(1);
    end_group(group);
  }
};

// The pool ends while the owner ends its group: one of them does.
struct AgainstTheEnd : OwnedTest<AgainstTheEnd, 2, 1> {
  void user(unsigned index) {
    if (index == 1) {
      made.pass();
      return end();
    }
    make();
    put(0);
    wait_for(group);
    made.open();
    if (!pool::sched::end_own(own_local(), *group.group, group.life) &&
        !pool::sched::end_quickly(world, *group.group, group.life)) {
      RL_ASSERT(!destroy_group(world, *group.group, group.life, true));
    }
    must_have_run(0);
  }
};

// The pool ends, and with it a group whose owner is elsewhere; and its task runs before.
struct LeftBehind : OwnedTest<LeftBehind, 2, 1> {
  void user(unsigned index) {
    if (index == 1) return made.pass();
    make();
    put(0);
    made.open();
  }
  void verify() { RL_ASSERT(task[0].runs($) == 1); }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<Rounds<1>>("the owner's rounds", 10'000);
  runner.run<Rounds<2>>("the same, two workers", 10'000);
  runner.run<QuickRounds>("quick rounds", 10'000);
  runner.run<NobodyHelps>("nobody helps", 10'000);
  runner.run<BehindABlockedOne>("behind a blocked one", 10'000);
  runner.run<AgainstWaiter<false>>("against a waiter", 10'000);
  runner.run<AgainstWaiter<true>>("against a helper", 10'000);
  runner.run<AgainstSubmitter>("against a submitter", 10'000);
  runner.run<AgainstCanceller>("against a cancel", 10'000);
  runner.run<AgainstSuspender>("against a suspension", 5'000);
  runner.run<Late>("whoever comes late", 10'000);
  runner.run<AgainstTheEnd>("against the pool's end", 10'000);
  runner.run<LeftBehind>("left behind", 10'000);
  return runner.ok ? 0 : 1;
}
