// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// No pool: a std::thread for each task.
#include "cases.hpp"

namespace {

struct Thread {
  static constexpr int kShare = 100;

  template <typename Body>
  static void with(const bench::Setup& /*setup*/, Body body) {
    Thread peer;
    body(peer);
  }

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  struct Group {
    explicit Group(Thread& /*peer*/) {}
    template <void (*fn)(void*)>
    void run(void* ctx) {
      threads.emplace_back([ctx] { fn(ctx); });
    }
    void wait() {
      for (std::thread& thread : threads) thread.join();
      threads.clear();
    }

    std::vector<std::thread> threads;
  };
};

}  // namespace

int main(int argc, char** argv) { return bench::Cases<Thread>::main(argc, argv); }
