// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Jobs under the model checker: claimed by a worker in its turn, run early by whoever waits for it, cancelled, let go
// of, kept, and the group that it is in. What "Jobs" in src/group/README.md claims: a job runs at most once, its
// outcome is told once, its group counts it once, its context is dropped once, after the run and before the end, its
// result is dropped once and its slot is free once.
#include "model/pool_test.hpp"

namespace {

using namespace model;
using Job = pool::sched::Job<ModelSystem>;

struct JobHandle {
  Job* job = nullptr;
  std::uint32_t generation = 0;
};

template <class Test, unsigned Users, unsigned Workers>
struct JobTest : PoolTest<Test, Users, Workers> {
  rl::var<int> drops;
  Handle group;

  void before() {
    drops($) = 0;
    PoolTest<Test, Users, Workers>::before();
  }
  // Its result is its context, whose `runs` says how often it ran, plus 1000 for the drop of the context and 100 for
  // that of the result.
  static std::int32_t run(void* ctx, void** result) {
    *result = ctx;
    return Counted::run(ctx);
  }
  static void drop(void* ctx) {
    auto& counted = *static_cast<Counted*>(ctx);
    RL_ASSERT(counted.runs($) <= 1);
    counted.runs($) = counted.runs($) + 1000;
  }
  static void drop_result(void* result) {
    auto& counted = *static_cast<Counted*>(result);
    RL_ASSERT(counted.runs($) == 1001);
    counted.runs($) = 1101;
  }
  bool submit_job(const Handle& to, unsigned which, JobHandle& made) {
    std::uint32_t index = 0;
    const Submitted submitted = pool::sched::submit_job(
        this->world, *to.group, to.life, {&run, &this->task[which], &drop, &drop_result}, index, made.generation);
    made.job = this->world.jobs.at(index);
    return submitted == Submitted::ok;
  }
  bool wait_job(const JobHandle& on, bool help) {
    return wait_for_job(this->world, *on.job, on.generation, INT64_MAX, help);
  }
  // Waits for a job that the caller has not let go of.
  Job::Phase end_of(const JobHandle& on, bool help) {
    RL_ASSERT(wait_job(on, help));
    const std::uint64_t word = on.job->word.load();
    RL_ASSERT(pool::base::high(word) == on.generation && Job::is_over(word));
    return Job::phase(word);
  }
  bool cancel(const JobHandle& one) { return cancel_job(this->world, *one.job, one.generation); }
  bool release(const JobHandle& one) { return release_handle(this->world, *one.job, one.generation); }
  // How the group counted `in` jobs and tasks, `cancelled` of them.
  void must_count(unsigned in, unsigned cancelled) {
    this->must_wait(group, false);
    const auto counters = group.group->counters();
    RL_ASSERT(counters.submitted == in && counters.cancelled == cancelled && counters.succeeded == in - cancelled);
    RL_ASSERT(counters.queued == 0 && counters.running == 0);
    RL_ASSERT(group.group->early.load() == 0 && group.group->tombstones.load() == 0);
  }
};

// A worker's turn, two waiters of whom one helps, a cancel and the end of the handle, all for one job.
struct OneJob : JobTest<OneJob, 3, 1> {
  JobHandle job;
  bool cancelled = false, released = false;
  Gate seen[2];
  void prepare() {
    group = make_group();
    RL_ASSERT(submit_job(group, 0, job));
  }
  void user(unsigned index) {
    if (index == 2) {
      cancelled = cancel(job);
      (void)wait_job(job, true);
      return;
    }
    const Job::Phase end = end_of(job, index == 0);
    RL_ASSERT(end == Job::succeeded || end == Job::cancelled);
    if (end == Job::succeeded) must_have_run(0, 1001);
    seen[index].open();
    if (index != 0) return;
    seen[1].pass();
    RL_ASSERT(release(job));
    RL_ASSERT(!release(job));
  }
  void last_user() { must_count(1, cancelled ? 1 : 0); }
  void verify() { must_have_run(0, cancelled ? 1000 : 1101); }
};

// Let go of while it is queued or running, and another job in the same slot at once: the late waiter for the first one
// learns that it is gone and touches nothing.
struct SlotReused : JobTest<SlotReused, 2, 1> {
  JobHandle job;
  void prepare() {
    group = make_group();
    RL_ASSERT(submit_job(group, 0, job));
  }
  void user(unsigned index) {
    if (index == 1) {
      (void)wait_job(job, true);
      (void)cancel(job);
      return;
    }
    RL_ASSERT(release(job));
    must_wait(group, true);
    JobHandle next;
    RL_ASSERT(submit_job(group, 1, next));
    RL_ASSERT(end_of(next, true) == Job::succeeded);
    must_have_run(1, 1001);
    RL_ASSERT(release(next));
    RL_ASSERT(!cancel(job));
  }
  void last_user() { must_count(2, static_cast<unsigned>(group.group->tally.cancelled())); }
  void verify() {
    RL_ASSERT(task[0].runs($) == 1000 || task[0].runs($) == 1101);
    must_have_run(1, 1101);
  }
};

// In a group with tasks before and behind, and a limit (1: a serial queue): the waiters help, the worker may be slow.
template <unsigned Most>
struct AmongTasks : JobTest<AmongTasks<Most>, 2, 1> {
  JobHandle job[2];
  Atomic<std::uint32_t> now{0};
  rl::var<int> order;
  // What a job of `Most` == 1 may rely on: it is the only one, and sees what was before it.
  struct Own {
    AmongTasks* test;
    Counted before;  // the task that was submitted before the user's job
  } own[2];
  static std::int32_t step(void* ctx) {
    auto& self = *static_cast<Own*>(ctx)->test;
    RL_ASSERT(self.now.fetch_add(1) < Most);
    if (Most == 1) self.order($) = self.order($) + 1;
    self.now.fetch_sub(1);
    return 0;
  }
  static std::int32_t first_step(void* ctx) {
    Counted::run(&static_cast<Own*>(ctx)->before);
    return step(ctx);
  }
  static std::int32_t job_step(void* ctx, void**) {
    if (Most == 1) RL_ASSERT(static_cast<Own*>(ctx)->before.runs($) == 1);
    return step(ctx);
  }
  void prepare() {
    order($) = 0;
    Config config;
    config.limit = Most;
    this->group = this->make_group(config);
  }
  void user(unsigned index) {
    own[index].test = this;
    own[index].before.runs($) = 0;
    this->must_submit(this->group, &first_step, &own[index]);
    std::uint32_t slot = 0;
    RL_ASSERT(pool::sched::submit_job(this->world, *this->group.group, this->group.life,
                                      {&job_step, &own[index], nullptr, nullptr}, slot,
                                      job[index].generation) == Submitted::ok);
    job[index].job = this->world.jobs.at(slot);
    RL_ASSERT(this->end_of(job[index], true) == Job::succeeded);
    RL_ASSERT(this->release(job[index]));
  }
  void last_user() { this->must_count(4, 0); }
  void verify() {
    if (Most == 1) RL_ASSERT(order($) == 4);
  }
};

// A job behind a task that ends only when the job has run: the waiter runs it before its turn, whatever the worker is
// in; the group is empty when both are over, with nobody left to claim the job's cell.
struct BeforeItsTurn : JobTest<BeforeItsTurn, 2, 1> {
  Gate begun, run;
  JobHandle job;
  static std::int32_t pass_gate(void* ctx) {
    static_cast<BeforeItsTurn*>(ctx)->begun.open();
    static_cast<BeforeItsTurn*>(ctx)->run.pass();
    return 0;
  }
  static std::int32_t open_gate(void* ctx, void**) {
    static_cast<BeforeItsTurn*>(ctx)->run.open();
    return 0;
  }
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 1) {
      must_wait(group, false);
      return;
    }
    must_submit(group, &pass_gate, this);
    begun.pass();
    must_submit(group, 0);
    std::uint32_t slot = 0;
    RL_ASSERT(pool::sched::submit_job(world, *group.group, group.life, {&open_gate, this, nullptr, nullptr}, slot,
                                      job.generation) == Submitted::ok);
    job.job = world.jobs.at(slot);
    RL_ASSERT(end_of(job, true) == Job::succeeded);
    RL_ASSERT(release(job));
    must_wait(group, true);
    must_have_run(0);
  }
  void last_user() { must_count(3, 0); }
};

// A job that is run before its turn, with its cell at the head: the group is empty at once when it is over, and the
// worker, which is kept elsewhere, is not needed for that.
struct EmptyAtOnce : JobTest<EmptyAtOnce, 1, 1> {
  Handle other;
  Gate begun, over;
  JobHandle job[2];
  static std::int32_t pass_gate(void* ctx) {
    static_cast<EmptyAtOnce*>(ctx)->begun.open();
    static_cast<EmptyAtOnce*>(ctx)->over.pass();
    return 0;
  }
  void prepare() {
    group = make_group();
    other = make_group();
  }
  void user(unsigned) {
    must_submit(other, &pass_gate, this);
    begun.pass();
    for (unsigned i = 0; i < 2; ++i) RL_ASSERT(submit_job(group, i, job[i]));
    for (unsigned i = 2; i-- > 0;) {
      RL_ASSERT(end_of(job[i], true) == Job::succeeded);
      RL_ASSERT(release(job[i]));
    }
    RL_ASSERT(pool::sched::Wait<ModelSystem>(world, *group.group, group.life).poll() == Waited::empty);
    over.open();
  }
};

// The group is cancelled, or discards, and forgets the jobs that it keeps, while they are waited for.
template <bool Cancels>
struct Kept : JobTest<Kept<Cancels>, 2, 1> {
  JobHandle job[2];
  unsigned accepted = 0;
  void prepare() {
    Config config;
    config.keep_jobs = true;
    this->group = this->make_group(config);
    for (unsigned i = 0; i < 2; ++i) accepted += this->submit_job(this->group, i, job[i]) ? 1 : 0;
  }
  void user(unsigned index) {
    if (index == 0) {
      RL_ASSERT(this->release(job[0]));
      (void)this->end_of(job[1], true);
      (void)wait_job_quietly(job[0]);
      RL_ASSERT(this->release(job[1]));
      this->must_destroy(this->group, true);
    } else if (Cancels) {
      (void)cancel_group(this->world, *this->group.group, this->group.life);
    } else {
      (void)this->cancel(job[1]);
      (void)this->wait(this->group, true);
    }
  }
  bool wait_job_quietly(const JobHandle& one) { return this->wait_job(one, false); }
  void verify() {
    for (unsigned i = 0; i < 2; ++i) RL_ASSERT(this->task[i].runs($) == 1000 || this->task[i].runs($) == 1101);
  }
};

// A job of a full group is discarded by another submit while it is waited for and cancelled.
struct Discarded : JobTest<Discarded, 3, 1> {
  JobHandle job;
  bool accepted = false;
  void prepare() {
    Config config;
    config.capacity = 1;
    config.overflow = static_cast<std::uint32_t>(Overflow::discard_oldest);
    group = make_group(config);
    accepted = submit_job(group, 0, job);
  }
  void user(unsigned index) {
    if (index == 0) {
      (void)end_of(job, true);
      RL_ASSERT(release(job));
    } else if (index == 1) {
      const Submitted submitted = submit(group, 1);
      RL_ASSERT(submitted == Submitted::ok || submitted == Submitted::full);
    } else {
      (void)cancel(job);
    }
  }
  void last_user() {
    must_wait(group, false);
    const auto counters = group.group->counters();
    RL_ASSERT(counters.submitted == counters.succeeded + counters.cancelled + counters.discarded);
    RL_ASSERT(counters.queued == 0 && counters.running == 0);
  }
  void verify() { RL_ASSERT(task[0].runs($) == 1000 || task[0].runs($) == 1101); }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<OneJob>("one job", 4'000);
  runner.run<SlotReused>("slot reused", 4'000);
  runner.run<AmongTasks<1>>("in a serial queue", 4'000);
  runner.run<AmongTasks<2>>("in a limited group", 2'000);
  runner.run<BeforeItsTurn>("before its turn", 4'000);
  runner.run<EmptyAtOnce>("empty at once", 1'000);
  runner.run<Kept<true>>("kept, cancelled group", 3'000);
  runner.run<Kept<false>>("kept, cancelled job", 3'000);
  runner.run<Discarded>("discarded", 4'000);
  return runner.ok ? 0 : 1;
}
