// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Descriptors under the model checker: being told by one when a group is empty, against the last completion, new
// submits, another descriptor and the end of the group. What "Descriptors" in src/group/README.md claims: the last
// empty moment is told, none is told twice, nobody writes to a descriptor that was closed, and each is closed.
#include "model/pool_test.hpp"

namespace {

using namespace model;
using pool::sched::Notified;
using pool::sched::Watched;

constexpr std::int32_t no_descriptor = -1;

template <class Test, unsigned Users, unsigned Workers>
struct DescriptorTest : PoolTest<Test, Users, Workers> {
  std::uint32_t read = 0;  // what the one reader has seen
  Watched set(const Handle& group, std::int32_t fd) {
    return pool::sched::set_descriptor(this->world, *group.group, group.life, fd);
  }
  void must_set(const Handle& group, std::int32_t fd) { RL_ASSERT(set(group, fd) == Watched::ok); }
  // Sleeps until it is written to once more.
  void await(std::int32_t fd) {
    Atomic<std::uint32_t>& written = this->threads.written[fd];
    while (written.load() == read) written.futex_wait(UINT32_MAX, read, false, Where::current());
    read = written.load();
  }
  // An event loop: until it finds the group empty and `is_over`.
  template <class IsOver>
  void loop(const Handle& group, std::int32_t fd, IsOver&& is_over) {
    do {
      await(fd);
    } while (pool::sched::Wait<ModelSystem>(this->world, *group.group, group.life).poll() != Waited::empty ||
             !is_over());
  }
  void must_be_told(std::int32_t fd, std::uint32_t least, std::uint32_t most) {
    const std::uint32_t written = this->threads.written[fd].load();
    RL_ASSERT(written >= least && written <= most);
    RL_ASSERT(this->threads.closed[fd].load());
  }
};

// Set before, while or after the group becomes empty: told once.
struct LastCompletion : DescriptorTest<LastCompletion, 1, 1> {
  Handle group;
  void prepare() { group = make_group(); }
  void user(unsigned) {
    must_submit(group, 0);
    must_set(group, 0);
    loop(group, 0, [] { return true; });
    must_have_run(0);
  }
  void verify() { must_be_told(0, 1, 1); }
};

// Each moment that a wait has seen is told, once, whoever comes late with it.
struct Rounds : DescriptorTest<Rounds, 1, 2> {
  Handle group;
  void prepare() { group = make_group(); }
  void user(unsigned) {
    must_set(group, 0);
    for (unsigned i = 0; i < 3; ++i) {
      must_submit(group, i);
      must_wait(group, i == 1);
    }
  }
  void verify() { must_be_told(0, 4, 4); }  // it was empty at first
};

// Others wait for the same moment, asleep, or have asked for a notice; one asks when the group is empty.
struct AmongOthers : DescriptorTest<AmongOthers, 2, 2> {
  Handle group;
  Atomic<std::uint32_t> noticed{0};
  static void notice(void* ctx, std::int32_t) { static_cast<AmongOthers*>(ctx)->noticed.fetch_add(1); }
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 0) {
      must_submit(group, 0);
      must_set(group, 0);
      loop(group, 0, [this] { return task[0].runs($) == 1; });
      RL_ASSERT(pool::sched::notify(world, *group.group, group.life, &notice, this) == Notified::ok);
      must_submit(group, 1);
      loop(group, 0, [this] { return task[1].runs($) == 1; });
    } else {
      RL_ASSERT(pool::sched::notify(world, *group.group, group.life, &notice, this) == Notified::ok);
      must_wait(group, false);
    }
  }
  void verify() {
    must_be_told(0, 2, 2);
    RL_ASSERT(noticed.load() == 2);
  }
};

// Moments that end at once, by another submit: told together perhaps, but the last one is.
struct AgainstSubmit : DescriptorTest<AgainstSubmit, 2, 1> {
  Handle group;
  Atomic<std::uint32_t> ran{0};
  static std::int32_t run(void* ctx) {
    static_cast<AgainstSubmit*>(ctx)->ran.fetch_add(1);
    return 0;
  }
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 0) {
      must_set(group, 0);
      loop(group, 0, [this] { return ran.load() == 3; });
    } else {
      for (unsigned i = 0; i < 3; ++i) {
        RL_ASSERT(submit_fast(group, &run, this) == Submitted::ok);
        if (i == 0) must_wait(group, true);
      }
    }
  }
  void verify() { must_be_told(0, 1, 4); }
};

// Another one in its place, and none, while the group becomes empty.
struct Replaced : DescriptorTest<Replaced, 2, 1> {
  Handle group;
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 0) {
      must_set(group, 0);
      must_set(group, 1);
      RL_ASSERT(threads.closed[0].load());
      await(1);
      must_set(group, no_descriptor);
      RL_ASSERT(threads.closed[1].load());
    } else {
      must_submit(group, 0);
      must_wait(group, true);
    }
  }
  void verify() {
    must_be_told(0, 0, 2);
    must_be_told(1, 1, 2);
    must_have_run(0);
  }
};

// How the group ends, while somebody else sets a descriptor, and its slot is used again at once, with another one.
enum class Ending { destroy, detach };

template <Ending How>
struct SlotReused : DescriptorTest<SlotReused<How>, 2, 1> {
  Handle group;
  bool accepted = false;
  void prepare() { group = this->make_group(); }
  void user(unsigned index) {
    if (index == 1) {
      const Watched watched = this->set(group, 1);
      accepted = watched == Watched::ok;
      if (accepted) return;
      RL_ASSERT(watched == Watched::stale);
      ModelSystem::close(1);
      return;
    }
    this->must_submit(group, 0);
    this->must_set(group, 0);
    if (How == Ending::destroy) {
      this->must_destroy(group, true);
      RL_ASSERT(this->threads.closed[0].load());
    } else {
      RL_ASSERT(detach_group(this->world, *group.group, group.life));
    }
    const Handle next = this->make_group();
    this->must_submit(next, 1);
    this->must_set(next, 2);
    this->loop(next, 2, [] { return true; });
    this->must_have_run(1);
    this->must_destroy(next, false);
    RL_ASSERT(this->threads.closed[2].load());
  }
  void verify() {
    this->must_be_told(0, accepted ? 0 : 1, 1);
    this->must_be_told(1, 0, accepted ? 2 : 0);  // set first, it is told twice
    this->must_be_told(2, 1, 1);
    this->must_have_run(0);
    // The one moment of the first group, by the descriptor that it had then.
    RL_ASSERT(this->threads.written[0].load() + this->threads.written[1].load() >= 1);
  }
};

// The end of the pool tells of the last moment, and closes.
struct AgainstClose : DescriptorTest<AgainstClose, 2, 1> {
  Handle group;
  bool accepted = false, is_in = false;
  void prepare() { group = make_group(); }
  void user(unsigned index) {
    if (index == 0) return end();
    is_in = submit(group, 0) == Submitted::ok;
    accepted = set(group, 0) == Watched::ok;
    if (!accepted) ModelSystem::close(0);
  }
  void verify() { must_be_told(0, accepted ? 1 : 0, accepted ? 1 : 0); }
};

}  // namespace

int main(int argc, char** argv) {
  Runner runner{argc, argv};
  runner.run<LastCompletion>("last completion", 4'000);
  runner.run<Rounds>("rounds", 4'000);
  runner.run<AmongOthers>("among others", 4'000);
  runner.run<AgainstSubmit>("against submits", 4'000);
  runner.run<Replaced>("replaced, removed", 4'000);
  runner.run<SlotReused<Ending::destroy>>("destroy", 20'000);
  runner.run<SlotReused<Ending::detach>>("detach", 4'000);
  runner.run<AgainstClose>("against the pool's end", 4'000);
  return runner.ok ? 0 : 1;
}
