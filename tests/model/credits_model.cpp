// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The bias of a lock, and the credits that threads keep of a pool's room, under the model checker: what "Bias" and
// "Local credits" in src/park/README.md claim. Owner and revokers exclude each other; the room is never exceeded, a
// submit is not refused because of places that others keep, nor does one in line wait for them; a pool ends, and its
// last worker leaves, whatever is kept.
#include "model/pool_test.hpp"
#include "park/bias.hpp"

namespace {

using namespace model;
using enum Overflow;

// Two owners, each of whom revokes the other's bias, and a third thread that asks both before one barrier. Their
// counters are plain.
struct TwoOwners : rl::test_suite<TwoOwners, 3> {
  struct Owned {
    pool::park::Bias<ModelSystem> bias;
    rl::var<int> count;
    void add() { count($) = count($) + 1; }
  } owned[2];
  void before() {
    for (Owned& each : owned) each.count($) = 0;
  }
  void thread(unsigned index) {
    for (int i = 0; i < 2; ++i) {
      if (index == 2) {
        for (Owned& each : owned) each.bias.ask();
        ModelSystem::heavy_barrier();
        for (Owned& each : owned) {
          each.bias.await();
          each.add();
          each.bias.restore();
        }
        continue;
      }
      for (int j = 0; j < 2; ++j) {
        owned[index].bias.enter();
        owned[index].add();
        owned[index].bias.leave();
      }
      Owned& other = owned[1 - index];
      other.bias.revoke();
      other.add();
      other.bias.restore();
    }
  }
  void after() {
    for (Owned& each : owned) RL_ASSERT(each.count($) == 8);
  }
};

// A pool whose only worker can be held at a gate.
template <class Test, unsigned Users, unsigned Workers = 1>
struct CreditsTest : PoolTest<Test, Users, Workers> {
  static constexpr std::uint32_t locals = Users + Workers;
  Handle group, other;
  Gate begun, over;
  Counted each[12];

  static std::int32_t pass_gate(void* ctx) {
    auto& self = *static_cast<Test*>(ctx);
    self.begun.open();
    self.over.pass();
    return 0;
  }
  static std::int32_t run(void* ctx) {
    RL_ASSERT(the_pool->room.counts().queued <= Test::capacity);
    return Counted::run(ctx);
  }
  void prepare() {
    the_pool = this->pool;
    for (Counted& one : each) one.runs($) = 0;
    group = this->make_group();
    other = this->make_group();
  }
  void hold_worker() {
    RL_ASSERT(this->submit_fast(other, &pass_gate, static_cast<Test*>(this)) == Submitted::ok);
    begun.pass();
  }
  Submitted try_submit(const Handle& to, unsigned which, pool::sched::SubmitTerms terms = {reject}) {
    return this->submit_fast(to, &run, &each[which], terms);
  }

  static inline pool::sched::Pool<ModelSystem>* the_pool = nullptr;
};

// User 1 has run tasks of its own, and keeps what it has got; so does the worker, which stands at a gate. Afterwards
// there are as many places as ever, and not one more.
template <std::uint32_t Capacity>
struct ExactWhenQuiet : CreditsTest<ExactWhenQuiet<Capacity>, 2> {
  static constexpr std::uint32_t capacity = Capacity;
  Gate quiet;
  void user(unsigned index) {
    if (index == 1) {
      this->hold_worker();
      for (unsigned i = 0; i < 2; ++i) RL_ASSERT(this->try_submit(this->group, i) == Submitted::ok);
      this->must_wait(this->group, true);
      quiet.open();
      return;
    }
    quiet.pass();
    for (unsigned i = 0; i < Capacity; ++i) RL_ASSERT(this->try_submit(this->group, 2 + i) == Submitted::ok);
    const auto counts = pool::sched::count_pool(this->world, *this->pool);
    RL_ASSERT(counts.queued == Capacity && counts.running == 1);
    RL_ASSERT(this->try_submit(this->group, 2 + Capacity) == Submitted::full);
    RL_ASSERT(this->try_submit(this->other, 2 + Capacity) == Submitted::full);
    this->over.open();
    this->must_wait(this->group, true);
  }
  void verify() {
    for (unsigned i = 0; i < 2 + Capacity; ++i) RL_ASSERT(this->each[i].runs($) == 1);
  }
};

// All at once: the room holds, and what was accepted is run.
template <std::uint32_t Capacity>
struct NeverExceeded : CreditsTest<NeverExceeded<Capacity>, 3> {
  static constexpr std::uint32_t capacity = Capacity;
  unsigned accepted[3] = {};
  void user(unsigned index) {
    for (unsigned i = 4 * index; i < 4 * index + 4; ++i) {
      const Submitted submitted = this->try_submit(index == 2 ? this->other : this->group, i);
      RL_ASSERT(submitted == Submitted::ok || submitted == Submitted::full);
      accepted[index] += submitted == Submitted::ok ? 1 : 0;
      RL_ASSERT(this->pool->room.counts().queued <= Capacity);
      if (i % 2 == 1 && index != 0) this->must_wait(index == 2 ? this->other : this->group, true);
    }
  }
  void verify() {
    unsigned runs = 0;
    for (Counted& one : this->each) runs += static_cast<unsigned>(one.runs($));
    RL_ASSERT(runs == accepted[0] + accepted[1] + accepted[2]);
  }
};

// The worker stands at a gate until one user, who blocks, has got in all that the room can hold; another one runs tasks
// of its own meanwhile, and keeps places.
struct BlockedIsServed : CreditsTest<BlockedIsServed, 2> {
  unsigned accepted = 0;
  void user(unsigned index) {
    if (index == 1) {
      begun.pass();
      for (unsigned i = 0; i < 3; ++i) {
        accepted += try_submit(other, i) == Submitted::ok ? 1 : 0;
        while (pool::sched::help_once(world, *other.group, other.life)) {
        }
      }
      return;
    }
    hold_worker();
    for (unsigned i = 4; i < 8; ++i) RL_ASSERT(try_submit(group, i, {block, INT64_MAX}) == Submitted::ok);
    over.open();
    must_wait(group, false);
  }
  void verify() {
    int runs = 0;
    for (Counted& one : each) runs += one.runs($);
    RL_ASSERT(runs == static_cast<int>(4 + accepted));
  }
};

// A close while others submit, run and keep: it is exact from then on, and the pool ends.
struct CloseAgainstKeep : CreditsTest<CloseAgainstKeep, 2> {
  unsigned accepted = 0;
  void user(unsigned index) {
    if (index == 1) return this->end();
    for (unsigned i = 0; i < 3; ++i) {
      const Submitted submitted = try_submit(group, i, {block, INT64_MAX});
      RL_ASSERT(submitted == Submitted::ok || submitted == Submitted::closed || submitted == Submitted::stale);
      if (submitted != Submitted::ok) break;
      ++accepted;
      (void)wait(group, true);
    }
  }
  void verify() {
    int runs = 0;
    for (Counted& one : each) runs += one.runs($);
    RL_ASSERT(runs == static_cast<int>(accepted));
  }
};

// Two pools by turns: a thread that turns to another one takes what it keeps of the first home.
struct TwoPools : CreditsTest<TwoPools, 1, 2> {
  static constexpr std::uint32_t max_workers = 1;
  void user(unsigned) {
    std::uint32_t life = 0;
    auto& second = world.pools[create_pool(world, {.max_workers = 1, .queue_capacity = 4, .name = "second"}, life)];
    must_destroy(other, true);
    other.group = create_group(world, second, life, {}, other.life);
    for (unsigned i = 0; i < 8; ++i) {
      RL_ASSERT(try_submit(i % 2 == 0 ? group : other, i, {block, INT64_MAX}) == Submitted::ok);
      if (i == 3) must_wait(group, true);
      if (i == 5) must_wait(other, true);
    }
    shut_down(world, second, life, false, INT64_MAX);
    end_pool(world, second, life);
    RL_ASSERT(second.room.counts().queued == 0 && second.room.counts().unfinished == 0);
  }
  void verify() {
    for (unsigned i = 0; i < 8; ++i) RL_ASSERT(each[i].runs($) == 1);
  }
};

// Workers may leave at any time. None leaves a task behind, and the last one leaves although others keep tokens.
struct LastWorkerLeaves : CreditsTest<LastWorkerLeaves, 2, 2> {
  static constexpr std::int64_t idle_timeout = 1;
  static constexpr std::uint32_t max_workers = 1;
  void user(unsigned index) {
    const Handle& mine = index == 0 ? group : other;
    for (unsigned i = 2 * index; i < 2 * index + 2; ++i) {
      RL_ASSERT(try_submit(mine, i, {block, INT64_MAX}) == Submitted::ok);
      must_wait(mine, i == 1);
    }
  }
  void last_user() {
    while (pool->idle.state().threads() != 0) ModelSystem::yield();
  }
  void verify() {
    for (unsigned i = 0; i < 4; ++i) RL_ASSERT(each[i].runs($) == 1);
  }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<TwoOwners>("two owners", 10'000);
  runner.run<ExactWhenQuiet<4>>("exact when quiet", 3'000);
  runner.run<ExactWhenQuiet<8>>("the same, larger", 2'000);
  runner.run<NeverExceeded<4>>("never exceeded", 2'000);
  runner.run<NeverExceeded<8>>("the same, larger", 2'000);
  runner.run<BlockedIsServed>("a blocked one is served", 3'000);
  runner.run<CloseAgainstKeep>("close against keep", 3'000);
  runner.run<TwoPools>("two pools by turns", 2'000);
  runner.run<LastWorkerLeaves>("the last worker leaves", 2'000);
  return runner.ok ? 0 : 1;
}
