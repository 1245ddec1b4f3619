// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The cases over oneTBB's task_group. oneTBB counts the thread that submits as one of its own, hence the + 1.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "cases.hpp"

namespace {

class Tbb {
 public:
  void fan3() { flood(3); }

  void flood(int64_t count) {
    tbb::task_group group;
    for (int64_t i = 0; i < count; i++) group.run([] {});
    group.wait();
  }
};

}  // namespace

int main(int argc, char** argv) {
  constexpr int kThreads = bench::kWorkers + 1;
  const tbb::global_control control(tbb::global_control::max_allowed_parallelism, kThreads);
  tbb::task_arena arena(kThreads, 1);
  Tbb peer;
  // The default arena has as many threads as the machine has CPUs; one of our own is entered once, outside the clock.
  return arena.execute([&] { return bench::run(argc, argv, peer); });
}
