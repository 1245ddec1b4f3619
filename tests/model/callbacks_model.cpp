// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The table of callbacks under the model checker: threads that enter pairs and hand the numbers to each other. What
// "Callbacks" in src/queue/README.md claims: a number says one pair, that of whoever got it, to everybody.
#include "model/model_system.hpp"
#include "sched/callbacks.hpp"

namespace {

using model::ModelSystem;
using Callbacks = pool::sched::Callbacks<ModelSystem>;

// Each thread enters the pairs in an order of its own, twice. They share functions and drops.
template <unsigned Threads>
struct Entered : rl::test_suite<Entered<Threads>, Threads> {
  static constexpr Callbacks::Both both[] = {{16, 32}, {16, 48}, {80, 32}};
  static constexpr unsigned pairs = 3;

  Callbacks callbacks;
  model::Atomic<std::uint32_t> handed[pairs];  // a number and 1; 0: none yet

  void check(std::uint32_t number, unsigned pair) const {
    const Callbacks::Both its = callbacks[number];
    RL_ASSERT(its.fn == both[pair].fn && its.drop == both[pair].drop);
  }

  void thread(unsigned index) {
    for (unsigned i = 0; i < 2 * pairs; ++i) {
      const unsigned pair = (index + i * (index + 1)) % pairs;
      const std::uint32_t number = callbacks.number_of(both[pair]);
      if (number != pool::base::nil) {
        check(number, pair);
        handed[pair].store(number + 1, std::memory_order_release);
      }
      for (unsigned other = 0; other < pairs; ++other) {
        const std::uint32_t its = handed[other].load(std::memory_order_acquire);
        if (its != 0) check(its - 1, other);
      }
    }
  }

  // One that was refused because others were at it gets its number afterwards: there is room for all. No pair has two.
  void after() {
    std::uint32_t numbers[pairs];
    for (unsigned pair = 0; pair < pairs; ++pair) {
      numbers[pair] = callbacks.number_of(both[pair]);
      RL_ASSERT(numbers[pair] != pool::base::nil);
      check(numbers[pair], pair);
      const std::uint32_t its = handed[pair].load(std::memory_order_relaxed);
      RL_ASSERT(its == 0 || its - 1 == numbers[pair]);
    }
    RL_ASSERT(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
  }
};

}  // namespace

int main(int argc, char** argv) {
  bool ok = model::check<Entered<2>>("callbacks: two threads", 20'000, argc, argv);
  ok = model::check<Entered<3>>("callbacks: three threads", 20'000, argc, argv) && ok;
  return ok ? 0 : 1;
}
