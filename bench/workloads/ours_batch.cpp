// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// libpool as the study's adapter, with all tasks of a group submitted by one call. A program that has its contexts in
// an array does nothing else; here they have to be gathered, and a task counts as handed over from then on: that it
// waits for the rest of its batch is what a batch costs.
#include "ours.hpp"
#include "program.hpp"

namespace bench {
namespace {

struct OursBatch {
  template <typename Body>
  static void with(const Setup& setup, Body body) {
    Ours::with(setup, [&](Ours& plain) {
      OursBatch peer{&plain};
      body(peer);
    });
  }

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  struct Group {
    explicit Group(OursBatch& peer) : group(*peer.ours) {}

    template <void (*of_all)(void*)>
    void run(void* ctx) {
      fn = Ours::Group::task<of_all>;
      gathered.push_back(ctx);
    }
    void flush() {
      check(pool_group_submit_n(group.handle, fn, gathered.data(), gathered.size(), nullptr, nullptr));
      gathered.clear();
    }
    void wait() { group.wait(); }

    Ours::Group group;
    pool_task_fn fn = nullptr;
    static inline thread_local std::vector<void*> gathered;  // a thread fills one group after the other
  };

  Ours* ours;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_program<bench::OursBatch, void>(argc, argv, bench::no_cases); }
