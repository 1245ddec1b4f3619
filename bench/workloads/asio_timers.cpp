// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Boost.Asio as the study's adapter, with a timer for each task: what its pages have for waiting, async_wait() of a
// steady_timer, so that nothing sleeps on a thread. Only for tasks that sleep. The wait begins on the thread that
// submits, so the start of a task is there, too; its end is a handler on the pool.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>

#include "program.hpp"
#include "waitgroup.hpp"

namespace {

struct AsioTimers {
  using OnlyWork = bench::work::Sleep;

  template <typename Body>
  static void with(const bench::Setup& setup, Body body) {
    AsioTimers peer(static_cast<std::size_t>(setup.workers));
    body(peer);
    peer.pool.join();
  }

  explicit AsioTimers(std::size_t threads) : pool(threads) {}

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  struct Group {
    explicit Group(AsioTimers& peer) : pool(&peer.pool) {}

    template <typename Task>
    void start(void* ctx) {
      unfinished.add();
      Task::begin(ctx);
      auto timer =
          std::make_shared<boost::asio::steady_timer>(pool->get_executor(), std::chrono::nanoseconds(bench::work_time));
      boost::asio::steady_timer& waiting = *timer;
      waiting.async_wait(
          [this, kept = std::move(timer)](const boost::system::error_code& /*error*/) { unfinished.done(); });
    }
    void wait() { unfinished.wait(); }

    boost::asio::thread_pool* pool;
    bench::WaitGroup unfinished;
  };

  boost::asio::thread_pool pool;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_program<AsioTimers, void>(argc, argv, bench::no_cases); }
