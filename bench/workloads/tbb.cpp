// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// oneTBB: task_group. It counts threads that submit among its own, hence the sum; they enter the arena once, outside
// the clock.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "cases.hpp"
#include "program.hpp"

namespace {

struct Tbb {
  static constexpr int kShare = 1;

  template <typename Body>
  static void with(const bench::Setup& setup, Body body) {
    const int threads = setup.workers + setup.submitters;
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
    tbb::task_arena arena(threads, static_cast<unsigned>(setup.submitters));
    Tbb peer{&arena};
    arena.execute([&] { body(peer); });
  }

  template <typename Body>
  void enter(Body& body) {
    arena->execute(body);
  }

  struct Group {
    explicit Group(Tbb& /*peer*/) {}
    template <void (*fn)(void*)>
    void run(void* ctx) {
      group.run([ctx] { fn(ctx); });
    }
    void wait() { group.wait(); }

    tbb::task_group group;
  };

  tbb::task_arena* arena;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_program<Tbb>(argc, argv); }
