// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The overflow policies under the model checker: the line of a group's own bound together with the line of the pool's,
// for submitters of every policy at once, and for what sends submitters away. What "At a bound" in src/group/README.md
// and the lines of src/park/README.md claim: the bounds hold, nobody is left standing, every accepted task is run or
// discarded, dropped once and counted once.
#include "model/pool_test.hpp"

namespace {

using namespace model;
using enum Overflow;
using pool::sched::Task;

struct Tracked : Counted {
  rl::var<int> drops;
  std::uint32_t most = 0;  // of the pool's room
  pool::sched::Pool<ModelSystem>* pool = nullptr;
  static std::int32_t run(void* ctx) {
    auto& self = *static_cast<Tracked*>(ctx);
    RL_ASSERT(self.pool->room.counts().queued <= self.most);
    return Counted::run(ctx);
  }
  static void drop(void* ctx) {
    auto& self = *static_cast<Tracked*>(ctx);
    self.drops($) = self.drops($) + 1;
  }
};

// Three users, each with a policy of its own, submit two tasks each: all to a group with a bound, but for the last one
// of the last user, which goes to a group without.
template <Overflow First, Overflow Second, Overflow Third, std::int64_t Timeout, std::uint32_t OfGroup,
          std::uint32_t OfPool>
struct AtBounds : PoolTest<AtBounds<First, Second, Third, Timeout, OfGroup, OfPool>, 3, 1> {
  static constexpr std::uint32_t capacity = OfPool;
  static constexpr bool some_run_in_place = First == caller_runs || Second == caller_runs || Third == caller_runs;
  static constexpr bool some_discard_oldest = First == discard_oldest || Second == discard_oldest;
  Handle bounded, open;
  Tracked each[6];
  bool accepted[6] = {};

  void prepare() {
    Config config;
    config.capacity = OfGroup;
    bounded = this->make_group(config);
    open = this->make_group();
    for (Tracked& one : each) {
      one.runs($) = 0;
      one.drops($) = 0;
      one.most = OfPool;
      one.pool = this->pool;
    }
  }

  void user(unsigned index) {
    static constexpr Overflow policies[] = {First, Second, Third};
    const Overflow policy = policies[index];
    for (unsigned i = 2 * index; i < 2 * index + 2; ++i) {
      const Handle& to = i == 5 ? open : bounded;
      pool::queue::Work work;
      RL_ASSERT(Task::pack(pool::sched::TaskNodes<ModelSystem>(this->world), &Tracked::run, &each[i], &Tracked::drop, 0,
                           work));
      const Submitted submitted =
          pool::sched::Submit<ModelSystem>(this->world, *to.group, to.life, {policy, Timeout})(work);
      accepted[i] = submitted == Submitted::ok;
      if (!accepted[i]) {
        Task::discard(pool::sched::TaskNodes<ModelSystem>(this->world), work);
        RL_ASSERT(submitted == Submitted::full ? policy == reject || policy == discard_oldest
                                               : submitted == Submitted::timed_out && policy == block && Timeout > 0);
      }
      if (!some_run_in_place && OfGroup != 0) {
        const std::uint32_t tail = bounded.group->queue.tail();  // in this order it is never too much
        RL_ASSERT(static_cast<std::int32_t>(tail - bounded.group->queue.head()) <= static_cast<std::int32_t>(OfGroup));
      }
      RL_ASSERT(this->pool->room.counts().queued <= OfPool);
    }
  }

  void last_user() {
    this->must_wait(bounded, false);
    this->must_wait(open, false);
    const Handle groups[] = {bounded, open};
    for (const Handle& one : groups) {
      unsigned in = 0;
      unsigned runs = 0;
      for (unsigned i = 0; i < 6; ++i) {
        if ((i == 5) != (one.group == open.group)) continue;
        in += accepted[i] ? 1 : 0;
        runs += static_cast<unsigned>(each[i].runs($));
        RL_ASSERT(each[i].drops($) == (accepted[i] ? 1 : 0));
        RL_ASSERT(each[i].runs($) <= (accepted[i] ? 1 : 0));
      }
      const auto counters = one.group->counters();
      RL_ASSERT(counters.submitted == in && counters.succeeded == runs && counters.discarded == in - runs);
      RL_ASSERT(counters.queued == 0 && counters.running == 0 && counters.failed == 0 && counters.cancelled == 0);
      RL_ASSERT(!one.group->line.busy());
    }
    RL_ASSERT(this->pool->room.counts().queued == 0);
  }
};

// What ends everybody's standing in line.
enum class Ender { cancel, detach, close };

// Two users block at both bounds; the third ends it for them. They get in or are sent away, whatever is in first.
template <Ender How>
struct Dismissed : PoolTest<Dismissed<How>, 3, 1> {
  static constexpr std::uint32_t capacity = 1;
  Handle bounded;
  int accepted[2] = {};
  void prepare() {
    Config config;
    config.capacity = 1;
    bounded = this->make_group(config);
  }
  void user(unsigned index) {
    if (index == 2) {
      if (How == Ender::cancel) RL_ASSERT(cancel_group(this->world, *bounded.group, bounded.life));
      if (How == Ender::detach) RL_ASSERT(detach_group(this->world, *bounded.group, bounded.life));
      if (How == Ender::close) shut_down(this->world, *this->pool, this->pool_life, false, 0);
      return;
    }
    for (unsigned i = 2 * index; i < 2 * index + 2; ++i) {
      const Submitted submitted = this->submit(bounded, i, {block, INT64_MAX});
      if (submitted == Submitted::ok) {
        ++accepted[index];
        continue;
      }
      RL_ASSERT(submitted == Submitted::closed || (How == Ender::cancel && submitted == Submitted::cancelled) ||
                (How == Ender::detach && submitted == Submitted::stale));
    }
  }
  void last_user() {
    if (How == Ender::detach) return;
    this->must_wait(bounded, true);
    const auto counters = bounded.group->counters();
    const auto in = static_cast<unsigned>(accepted[0] + accepted[1]);
    RL_ASSERT(counters.submitted == in && counters.succeeded == static_cast<unsigned>(this->all_runs()));
    RL_ASSERT(counters.cancelled + counters.succeeded == in);
    RL_ASSERT(!bounded.group->line.busy());
  }
  void verify() {
    if (How != Ender::cancel) RL_ASSERT(this->all_runs() == accepted[0] + accepted[1]);
  }
};

// A task that submits to its own group, which is full and serial: what is run in place keeps the order, or is refused.
struct InSerial : PoolTest<InSerial, 2, 1> {
  Handle serial, outer;
  model::Atomic<std::uint32_t> now{0};
  bool accepted = false;
  static std::int32_t inner(void* ctx) {
    auto& self = *static_cast<InSerial*>(ctx);
    RL_ASSERT(self.now.fetch_add(1) == 0);
    Counted::run(&self.task[0]);
    self.now.fetch_sub(1);
    return 0;
  }
  static std::int32_t submit_inner(void* ctx) {
    auto& self = *static_cast<InSerial*>(ctx);
    const Submitted submitted = self.submit(self.serial, &inner, ctx);
    RL_ASSERT(submitted == Submitted::ok || submitted == Submitted::full);
    self.accepted = submitted == Submitted::ok;
    return 0;
  }
  void prepare() {
    Config config;
    config.capacity = 1;
    config.limit = 1;
    serial = make_group(config);
    outer = make_group();
  }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(outer, &submit_inner, this);
      must_wait(outer, true);
    } else {
      must_submit(serial, &inner, this);
      must_submit(serial, &inner, this);
      must_wait(serial, true);
    }
  }
  void last_user() {
    must_wait(serial, false);
    must_have_run(0, accepted ? 3 : 2);
  }
};

}  // namespace

int main(int argc, char** argv) {
  constexpr std::int64_t ever = INT64_MAX;
  Runner runner{argc, argv};
  runner.run<AtBounds<block, block, block, ever, 1, 1>>("two lines", 3'000);
  runner.run<AtBounds<block, block, block, 1, 1, 1>>("two lines, with time-outs", 2'000);
  runner.run<AtBounds<block, block, reject, ever, 1, 2>>("the group's line", 2'000);
  runner.run<AtBounds<block, discard_oldest, block, ever, 1, 1>>("discard the oldest", 3'000);
  runner.run<AtBounds<discard_oldest, discard_oldest, block, ever, 0, 1>>("discard, the pool's bound", 2'000);
  runner.run<AtBounds<block, discard_newest, reject, ever, 1, 1>>("discard the newest", 2'000);
  runner.run<AtBounds<block, caller_runs, discard_oldest, ever, 1, 1>>("caller runs, discard", 3'000);
  runner.run<Dismissed<Ender::cancel>>("cancel a line", 2'000);
  runner.run<Dismissed<Ender::detach>>("detach from a line", 2'000);
  runner.run<Dismissed<Ender::close>>("close over a line", 2'000);
  runner.run<InSerial>("in place in a serial queue", 3'000);
  return runner.ok ? 0 : 1;
}
