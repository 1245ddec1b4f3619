// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Two waiters and a resubmitter on one group, round after round: every wait returns, and no later than the round that
// it waits for.
#include "stress.hpp"

using namespace stress;

int main(int argc, char** argv) {
  begin(argc, argv);
  const int rounds = scaled(1'000'000);
  for (const std::uint32_t workers : worker_counts) {
    const pool_t pool = make_pool(workers);
    const pool_group_t group = make_group(pool);
    std::atomic<int> submitted{0};
    std::atomic<int> done{0};
    struct Ctx {
      std::atomic<int>* done;
    } ctx{&done};
    const pool_task_fn task = [](void* arg) -> std::int32_t {
      static_cast<Ctx*>(arg)->done->fetch_add(1);
      return 0;
    };
    in_threads(3, [&](int thread) {
      if (thread == 0) {
        for (int i = 0; i < rounds; ++i) {
          OK(pool_group_submit(group, task, &ctx));
          submitted.store(i + 1);
          if (i % 4 == 0) OK(pool_group_wait(group));
        }
        return;
      }
      for (int seen = 0; seen < rounds;) {
        seen = submitted.load();
        OK(thread == 1 ? pool_group_wait(group) : pool_group_wait_for(group, INT64_MAX));
        CHECK(done.load() >= seen);  // the group was empty after `seen` had been submitted
      }
    });
    CHECK(done == rounds);
    CHECK(stats_of(group).succeeded == static_cast<std::uint64_t>(rounds));
    OK(pool_destroy(pool));
  }
}
