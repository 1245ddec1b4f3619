// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// OpenMP (g++: libgomp): tasks of one thread of a parallel region, and taskwait.
#include "cases.hpp"
#include "program.hpp"

namespace {

struct OpenMp {
  static constexpr int kShare = 1;
  static constexpr int kMostSubmitters = 1;

  template <typename Body>
  static void with(const bench::Setup& setup, Body body) {
    OpenMp peer;
#pragma omp parallel num_threads(setup.workers + 1)
#pragma omp single
    body(peer);
  }

  template <typename Body>
  void enter(Body& /*body*/) {
    std::abort();  // a thread from outside has no place in the region
  }

  struct Group {
    explicit Group(OpenMp& /*peer*/) {}
    template <void (*fn)(void*)>
    void run(void* ctx) {
#pragma omp task firstprivate(ctx)
      fn(ctx);
    }
    void wait() {
#pragma omp taskwait
    }
  };
};

}  // namespace

int main(int argc, char** argv) { return bench::run_program<OpenMp>(argc, argv); }
