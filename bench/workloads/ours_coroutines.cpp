// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// libpool as the study's adapter, with a coroutine for each task, which gives up its thread while it sleeps.
#include <chrono>
#include <pool/pool.hpp>

#include "ours.hpp"
#include "program.hpp"

namespace bench {
namespace {

struct OursCoroutines {
  template <typename Body>
  static void with(const Setup& setup, Body body) {
    Ours::with(setup, [&](Ours& plain) {
      OursCoroutines peer{pool::thread_pool_ref(plain.pool)};
      body(peer);
    });
  }

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  template <typename Task>
  static pool::task<> run(void* ctx) {
    [[maybe_unused]] const uint64_t number = Task::begin(ctx);
    if constexpr (std::is_same_v<typename Task::Work, work::Sleep>) {
      co_await pool::sleep_for(std::chrono::nanoseconds(work_time));
    } else {
      Task::Work::run(number);
    }
    co_return;
  }

  struct Group {
    explicit Group(OursCoroutines& peer) : group(peer.threads) {}

    template <typename Task>
    void start(void* ctx) {
      group.spawn(OursCoroutines::run<Task>(ctx));
    }
    void wait() { group.wait(); }

    pool::group group;
  };

  pool::thread_pool_ref threads;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_program<bench::OursCoroutines, void>(argc, argv, bench::no_cases); }
