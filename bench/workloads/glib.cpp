// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// GLib: g_thread_pool_push() to an exclusive GThreadPool.
#include <glib.h>

#include "cases.hpp"
#include "program.hpp"
#include "waitgroup.hpp"

namespace {

struct GLib {
  static constexpr int kShare = 1;

  template <typename Body>
  static void with(const bench::Setup& setup, Body body) {
    GLib peer{g_thread_pool_new(run_item, nullptr, setup.workers, TRUE, nullptr)};
    body(peer);
    g_thread_pool_free(peer.pool, FALSE, TRUE);
  }

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  struct Item {
    void (*fn)(void*);
    void* ctx;
    bench::WaitGroup* unfinished;
  };
  static void run_item(gpointer data, gpointer /*user*/) {
    auto* item = static_cast<Item*>(data);
    item->fn(item->ctx);
    item->unfinished->done();
    g_free(item);
  }

  struct Group {
    explicit Group(GLib& peer) : pool(peer.pool) {}
    template <void (*fn)(void*)>
    void run(void* ctx) {
      Item* item = g_new(Item, 1);
      *item = {fn, ctx, &unfinished};
      unfinished.add();
      g_thread_pool_push(pool, item, nullptr);
    }
    void wait() { unfinished.wait(); }

    GThreadPool* pool;
    bench::WaitGroup unfinished;
  };

  GThreadPool* pool;
};

}  // namespace

int main(int argc, char** argv) { return bench::run_program<GLib>(argc, argv); }
