// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Boost.Asio: post() to a thread_pool.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "cases.hpp"
#include "program.hpp"
#include "waitgroup.hpp"

namespace {

struct Asio {
  static constexpr int kShare = 1;

  template <typename Body>
  static void with(const bench::Setup& setup, Body body) {
    Asio peer(static_cast<std::size_t>(setup.workers));
    body(peer);
    peer.pool.join();
  }

  explicit Asio(std::size_t threads) : pool(threads) {}

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  struct Group {
    explicit Group(Asio& peer) : pool(&peer.pool) {}
    template <void (*fn)(void*)>
    void run(void* ctx) {
      unfinished.add();
      boost::asio::post(*pool, [this, ctx] {
        fn(ctx);
        unfinished.done();
      });
    }
    void wait() { unfinished.wait(); }

    boost::asio::thread_pool* pool;
    bench::WaitGroup unfinished;
  };

  boost::asio::thread_pool pool;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_program<Asio>(argc, argv); }
