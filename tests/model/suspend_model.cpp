// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Suspending, resuming and cancelling a group under the model checker, and tasks beside the queue: entered from
// outside, run in place, and their tombstones. What "Cancel and suspend" and "A task beside the queue" in
// src/group/README.md claim: nothing starts while a group is suspended, nothing hangs once it is not, cancelled or
// closed; a group is empty as soon as what is in it is over, with nobody about to look at it.
#include "model/pool_test.hpp"

namespace {

using namespace model;
using pool::sched::Suspended;

// Nothing is claimed between a suspend and its resume; afterwards all is, by workers or a helper that may be asleep.
template <unsigned Limit, bool Help>
struct SuspendResume : PoolTest<SuspendResume<Limit, Help>, 2, 1> {
  Handle group;
  void prepare() {
    Config config;
    config.limit = Limit;
    group = this->make_group(config);
    this->must_submit(group, 0);
  }
  void user(unsigned index) {
    if (index == 0) {
      RL_ASSERT(suspend_group(this->world, *group.group, group.life) == Suspended::ok);
      const std::uint32_t head = group.group->queue.head();
      this->must_submit(group, 1);
      ModelSystem::yield();
      RL_ASSERT(group.group->queue.head() == head);
      RL_ASSERT(resume_group(this->world, *group.group, group.life));
    } else {
      this->must_submit(group, 2);
      this->must_wait(group, Help);
      this->must_have_run(0);
      this->must_have_run(2);
    }
  }
  void verify() {
    for (unsigned i = 0; i < 3; ++i) this->must_have_run(i);
  }
};

// The worker is held in another group's task until a task of the suspended group has run, for which a helper sleeps.
struct ResumeForHelper : PoolTest<ResumeForHelper, 2, 1> {
  Handle group, other;
  Gate begun, run;
  static std::int32_t pass_gate(void* ctx) {
    static_cast<ResumeForHelper*>(ctx)->begun.open();
    static_cast<ResumeForHelper*>(ctx)->run.pass();
    return 0;
  }
  static std::int32_t open_gate(void* ctx) {
    static_cast<ResumeForHelper*>(ctx)->run.open();
    return 0;
  }
  void prepare() {
    group = make_group();
    other = make_group();
    RL_ASSERT(suspend_group(world, *group.group, group.life) == Suspended::ok);
  }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(other, &pass_gate, this);
      begun.pass();
      must_submit(group, &open_gate, this);
      must_wait(group, true);
    } else {
      while (!group.group->completion.load().has(pool::group::Completion<ModelSystem>::helper)) ModelSystem::yield();
      RL_ASSERT(resume_group(world, *group.group, group.life));
    }
  }
};

// Who ends a suspension besides a resume.
enum class Ender { cancel, close, detach };

// Nobody resumes: the cancel, the end of the pool or the detach does, whichever comes first.
template <Ender How>
struct SuspendAgainst : PoolTest<SuspendAgainst<How>, 2, 1> {
  Handle group;
  unsigned accepted = 0;
  void prepare() {
    group = this->make_group();
    this->must_submit(group, 0);
  }
  void user(unsigned index) {
    if (index == 1) {
      if (How == Ender::cancel) RL_ASSERT(cancel_group(this->world, *group.group, group.life));
      if (How == Ender::close) this->end();
      if (How == Ender::detach) RL_ASSERT(detach_group(this->world, *group.group, group.life));
      return;
    }
    const Suspended suspended = suspend_group(this->world, *group.group, group.life);
    RL_ASSERT(suspended == Suspended::ok || How != Ender::cancel || suspended == Suspended::cancelled);
    const Submitted submitted = this->submit(group, 1);
    accepted = submitted == Submitted::ok ? 1 : 0;
    if (How == Ender::cancel) RL_ASSERT(accepted == 1 || submitted == Submitted::cancelled);
  }
  void last_user() {
    if (How != Ender::cancel) return;
    this->must_wait(group, false);
    const auto counters = group.group->counters();
    RL_ASSERT(counters.submitted == 1 + accepted && counters.cancelled + counters.succeeded == counters.submitted);
    RL_ASSERT(counters.succeeded == static_cast<unsigned>(this->all_runs()));
  }
  void verify() {
    if (How != Ender::cancel) RL_ASSERT(this->all_runs() == static_cast<int>(1 + accepted));
  }
};

// A cancel of a parent against the adoption of a child: it finds the child, or the child finds the mark. A suspended
// child hangs for ever if neither does.
struct CancelAgainstAdopt : PoolTest<CancelAgainstAdopt, 2, 1> {
  Handle parent, child;
  void prepare() {
    parent = make_group();
    child = make_group();
  }
  void user(unsigned index) {
    if (index == 0) {
      RL_ASSERT(cancel_group(world, *parent.group, parent.life));
      return;
    }
    RL_ASSERT(adopt(world, parent.group->index.load(), parent.life, *child.group));
    const Suspended suspended = suspend_group(world, *child.group, child.life);
    RL_ASSERT(suspended == Suspended::ok || suspended == Suspended::cancelled);
    const Submitted submitted = submit(child, 0);
    RL_ASSERT(submitted == Submitted::ok || submitted == Submitted::cancelled);
    must_wait(child, true);
    RL_ASSERT(child.group->is_cancelled(child.life));
    must_destroy(child, true);
  }
};

// What is done elsewhere holds the group open and nothing else does: the worker is kept in a task of another group, and
// tombstones stand behind tasks that are claimed, or just being submitted, by others.
struct EnterLeave : PoolTest<EnterLeave, 3, 1> {
  Handle group, other;
  Gate begun, left;
  static std::int32_t pass_gate(void* ctx) {
    static_cast<EnterLeave*>(ctx)->begun.open();
    static_cast<EnterLeave*>(ctx)->left.pass();
    return 0;
  }
  void prepare() {
    group = make_group();
    other = make_group();
  }
  Submitted enter() { return pool::sched::Submit<ModelSystem>(world, *group.group, group.life).enter(); }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(other, &pass_gate, this);
      begun.pass();
    }
    RL_ASSERT(enter() == Submitted::ok);
    if (index == 1) must_submit(group, 1);
    RL_ASSERT(pool::sched::Wait<ModelSystem>(world, *group.group, group.life).poll() == Waited::timed_out);
    task[3 + index].runs($) = 1;
    RL_ASSERT(leave_group(world, *group.group, group.life, 0));
    if (index == 2) return;
    // Only user 1 helps: it is his task.
    must_wait(group, index == 1);
    must_have_run(3 + index);
    if (index == 1) must_have_run(1);
    if (index == 0) left.open();
  }
  void last_user() {
    must_wait(group, true);
    const auto counters = group.group->counters();
    RL_ASSERT(counters.submitted == 4 && counters.succeeded == 4 && counters.queued == 0 && counters.running == 0);
    RL_ASSERT(!leave_group(world, *group.group, group.life, 0));
  }
};

// With nothing but what is entered the group is empty at once when that has left: no worker, no helper is needed, and
// none is to be had.
struct EnterAlone : PoolTest<EnterAlone, 2, 1> {
  Handle group, other;
  Gate begun, left;
  static std::int32_t pass_gate(void* ctx) {
    static_cast<EnterAlone*>(ctx)->begun.open();
    static_cast<EnterAlone*>(ctx)->left.pass();
    return 0;
  }
  void prepare() {
    group = make_group();
    other = make_group();
    must_submit(other, &pass_gate, this);
  }
  void user(unsigned) {
    begun.pass();
    RL_ASSERT(pool::sched::Submit<ModelSystem>(world, *group.group, group.life).enter() == Submitted::ok);
    RL_ASSERT(leave_group(world, *group.group, group.life, 0));
  }
  void last_user() {
    RL_ASSERT(pool::sched::Wait<ModelSystem>(world, *group.group, group.life).poll() == Waited::empty);
    left.open();
  }
};

// A tombstone behind a task: whoever claims the task passes it, too, though it helps with one task only.
struct EnterBehind : PoolTest<EnterBehind, 1, 1> {
  Handle group, other;
  Gate begun, over;
  static std::int32_t pass_gate(void* ctx) {
    static_cast<EnterBehind*>(ctx)->begun.open();
    static_cast<EnterBehind*>(ctx)->over.pass();
    return 0;
  }
  void prepare() {
    group = make_group();
    other = make_group();
  }
  void user(unsigned) {
    must_submit(other, &pass_gate, this);
    begun.pass();
    must_submit(group, 0);
    RL_ASSERT(pool::sched::Submit<ModelSystem>(world, *group.group, group.life).enter() == Submitted::ok);
    RL_ASSERT(leave_group(world, *group.group, group.life, 0));
    RL_ASSERT(pool::sched::help_once(world, *group.group, group.life));
    must_have_run(0);
    RL_ASSERT(pool::sched::Wait<ModelSystem>(world, *group.group, group.life).poll() == Waited::empty);
    over.open();
  }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<SuspendResume<0, false>>("suspend, resume", 3'000);
  runner.run<SuspendResume<1, false>>("the same, limit", 2'000);
  runner.run<SuspendResume<0, true>>("the same, a helper", 3'000);
  runner.run<ResumeForHelper>("resume for a helper", 2'000);
  runner.run<SuspendAgainst<Ender::cancel>>("suspend against cancel", 3'000);
  runner.run<SuspendAgainst<Ender::close>>("suspend against close", 3'000);
  runner.run<SuspendAgainst<Ender::detach>>("suspend against detach", 3'000);
  runner.run<CancelAgainstAdopt>("cancel against adopt", 3'000);
  runner.run<EnterLeave>("enter, leave", 3'000);
  runner.run<EnterAlone>("enter, leave, nobody else", 3'000);
  runner.run<EnterBehind>("entered behind a task", 1'000);
  return runner.ok ? 0 : 1;
}
