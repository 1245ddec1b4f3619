// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// libpool with a bound on its queue, for overload.hpp: one group, and each way of what a submit does at the bound.
#ifndef POOL_BENCH_OURS_BOUNDED_HPP
#define POOL_BENCH_OURS_BOUNDED_HPP

#include <string_view>

#include "ours.hpp"

namespace bench {

struct OursBounded {
  template <typename Body>
  static void with(const Setup& setup, Body body) {
    Ours::with(setup, [&](Ours& plain) {
      OursBounded peer{&plain, setup.burst_workers != 0};
      body(peer);
    });
  }

  // "none" is for comparison, a queue without a bound; "burst" is to block, with as many further workers meanwhile.
  static bool policy(std::string_view name, Setup& setup) {
    if (name == "none") return setup.capacity = POOL_UNBOUNDED, true;
    if (name == "burst") setup.burst_workers = static_cast<unsigned>(setup.workers);
    if (name.empty() || name == "block" || name == "burst") return setup.overflow = POOL_OVERFLOW_BLOCK, true;
    if (name == "reject") return setup.overflow = POOL_OVERFLOW_REJECT, true;
    if (name == "caller-runs") return setup.overflow = POOL_OVERFLOW_CALLER_RUNS, true;
    if (name == "discard-oldest") return setup.overflow = POOL_OVERFLOW_DISCARD_OLDEST, true;
    if (name == "discard-newest") return setup.overflow = POOL_OVERFLOW_DISCARD_NEWEST, true;
    return false;
  }

  struct Group {
    explicit Group(OursBounded& peer) : group(*peer.ours), says_it_blocks(peer.says_it_blocks) {}

    template <void (*fn)(void*)>
    void run(void* ctx) {
      group.run<fn>(ctx);
    }
    template <void (*fn)(void*), void (*drop)(void*)>
    bool offer(void* ctx) {
      pool_task_t task;
      check(pool_task_init(&task, sizeof task));
      task.fn = says_it_blocks ? Ours::Group::task<in_section<fn>> : Ours::Group::task<fn>;
      task.ctx = ctx;
      task.drop = drop;
      const pool_status_t status = pool_group_submit_task(group.handle, &task);
      if (status != POOL_EFULL) check(status);
      return status == POOL_OK;
    }
    // What was discarded is no success.
    void wait() {
      const pool_status_t status = pool_group_wait(group.handle);
      if (status != POOL_EFAILED) check(status);
    }
    // As the guide advises for those that block.
    template <void (*fn)(void*)>
    static void in_section(void* ctx) {
      check(pool_blocking_begin());
      fn(ctx);
      check(pool_blocking_end());
    }

    Ours::Group group;
    bool says_it_blocks;
  };

  Ours* ours;
  bool says_it_blocks;
};

}  // namespace bench

#endif  // POOL_BENCH_OURS_BOUNDED_HPP
