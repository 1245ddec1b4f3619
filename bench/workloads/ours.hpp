// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// libpool, through pool.h and libpool.so as any program uses it. Default options but for the number of workers and
// what a case asks for; in the cases of the bench 1000 other groups are alive.
#ifndef POOL_BENCH_OURS_HPP
#define POOL_BENCH_OURS_HPP

#include <pool/pool.h>

#include "cases.hpp"

namespace bench {

inline void check(pool_status_t status) {
  if (status == POOL_OK) return;
  std::fprintf(stderr, "%s\n", pool_status_str(status));
  std::_Exit(1);
}

struct Ours {
  static constexpr int kShare = 1;

  template <typename Body>
  static void with(const Setup& setup, Body body) {
    pool_options_t options;
    check(pool_options_init(&options, sizeof options));
    options.max_workers = static_cast<uint32_t>(setup.workers);
    options.queue_capacity = setup.capacity;
    options.idle_timeout = setup.idle_timeout;
    options.burst_workers = setup.burst_workers;
    options.timing = setup.timing;
    options.overflow = setup.overflow;
    if (setup.burst_workers != 0) options.burst_delay = 1'000'000;
    if (setup.eager) options.wake_policy = POOL_WAKE_EAGER;
    Ours peer{};
    check(pool_create(&options, &peer.pool));
    for (int i = 0; i < setup.other_groups; i++) {
      pool_group_t other;
      check(pool_group_create(peer.pool, nullptr, &other));
    }
    body(peer);
    check(pool_destroy(peer.pool));
  }

  template <typename Body>
  void enter(Body& body) {
    body();
  }

  struct Group {
    explicit Group(Ours& peer) { check(pool_group_create(peer.pool, nullptr, &handle)); }
    ~Group() { check(pool_group_destroy(handle)); }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    template <void (*fn)(void*)>
    static int32_t task(void* ctx) {
      fn(ctx);
      return 0;
    }
    template <void (*fn)(void*)>
    void run(void* ctx) {
      check(pool_group_submit(handle, task<fn>, ctx));
    }
    void wait() { check(pool_group_wait(handle)); }
    void wait_aside() { check(pool_group_wait_for(handle, INT64_MAX)); }  // one with a time-out runs no tasks

    pool_group_t handle{};
  };

  pool_t pool{};
};

}  // namespace bench

#endif  // POOL_BENCH_OURS_HPP
