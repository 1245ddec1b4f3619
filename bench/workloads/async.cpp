// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// No pool: std::async for each task, which starts a thread (libstdc++ has none in reserve).
#include <future>

#include "cases.hpp"
#include "program.hpp"

namespace {

struct Async {
  static constexpr int kShare = 100;
  static constexpr bool kThreadEach = true;

  template <typename Body>
  static void with(const bench::Setup& /*setup*/, Body body) {
    Async peer;
    body(peer);
  }

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  struct Group {
    explicit Group(Async& /*peer*/) {}
    template <void (*fn)(void*)>
    void run(void* ctx) {
      futures.push_back(std::async(std::launch::async, fn, ctx));
    }
    void wait() {
      for (std::future<void>& future : futures) future.get();
      futures.clear();
    }

    std::vector<std::future<void>> futures;
  };
};

}  // namespace

int main(int argc, char** argv) { return bench::run_program<Async>(argc, argv); }
