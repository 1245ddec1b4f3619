// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Waiting against submits to the same group: several waiters of both kinds, several submitters, no end in between. Each
// wait returns, and a waiter that submits sees its own task done.
#include "stress.hpp"

using namespace stress;

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    const pool_t pool = make_pool(workers);
    const pool_group_t group = make_group(pool);
    constexpr int threads = 4;
    const int rounds = scaled(8'000);
    Jobs jobs(threads * rounds);
    in_threads(threads, [&](int thread) {
      Random random(workers * 10 + static_cast<std::uint32_t>(thread));
      for (int i = 0; i < rounds; ++i) {
        Job& job = jobs[thread * rounds + i];
        OK(job.submit(group));
        switch (random.below(4)) {
          case 0:
            continue;
          case 1:
            OK(pool_group_wait_for(group, INT64_MAX));
            break;
          case 2: {
            const pool_status_t status = pool_group_wait_for(group, random.below(50'000));
            CHECK(status == POOL_OK || status == POOL_ETIMEDOUT);
            if (status == POOL_ETIMEDOUT) continue;
            break;
          }
          default:
            OK(pool_group_wait(group));
            break;
        }
        CHECK(job.drops == 1);
      }
      // Our own last task came before this call: the group was not empty before it was done.
      OK(pool_group_wait(group));
      CHECK(jobs[thread * rounds + rounds - 1].drops == 1);
    });
    OK(pool_group_wait(group));
    jobs.check(false);
    CHECK(stats_of(group).submitted == jobs.accepted);
    CHECK(stats_of(group).succeeded == jobs.accepted);
    OK(pool_destroy(pool));
  }
}
