// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// No pool: a std::thread for each task.
#include <semaphore>

#include "cases.hpp"
#include "program.hpp"
#include "sleepers.hpp"

namespace {

struct Thread {
  static constexpr int kShare = 100;
  static constexpr bool kThreadEach = true;

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

// A thread for each task, so many of them at once.
void sleep_in_threads(const bench::Sleepers& sleepers) {
  std::counting_semaphore places(sleepers.in_flight);
  for (int i = 0; i < sleepers.count; i++) {
    places.acquire();
    std::thread([&places, ns = sleepers.ns] {
      bench::sleep_ns(ns);
      places.release();
    }).detach();
  }
  for (int i = 0; i < sleepers.in_flight; i++) places.acquire();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc == 2 ? argv[1] : "";
  if (const bench::Sleepers sleepers = bench::sleepers_of(name, "thread"); sleepers.count != 0) {
    return bench::time_sleepers(name, [&] { sleep_in_threads(sleepers); }), 0;
  }
  return bench::run_program<Thread>(argc, argv);
}
