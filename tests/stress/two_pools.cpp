// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Group slots that go to and fro between two pools, and pools whose own slots are reused: late bits and late wake-ups
// of the one must not harm the other.
#include "stress.hpp"

using namespace stress;

namespace {

void one_thread(const std::atomic<std::uint64_t>* pools, Jobs& jobs, int rounds, int thread) {
  Random random(static_cast<std::uint32_t>(thread) + 100);
  for (int i = 0; i < rounds; ++i) {
    const pool_t pool = {pools[random.below(2)]};
    pool_group_t group;
    pool_status_t status = pool_group_create(pool, nullptr, &group);
    CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
    if (status != POOL_OK) continue;
    bool all = true;
    for (int j = 0; j < 3; ++j) {
      status = jobs[(thread * rounds + i) * 3 + j].submit(group);
      CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
      all = all && status == POOL_OK;
    }
    status = random.chance(70) ? pool_group_wait_for(group, INT64_MAX) : pool_group_wait(group);
    CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
    if (status == POOL_OK && all) {
      for (int j = 0; j < 3; ++j) CHECK(jobs[(thread * rounds + i) * 3 + j].drops == 1);
    }
    status = random.chance(70) ? pool_group_destroy(group) : pool_group_detach(group);
    CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE);
  }
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  constexpr int threads = 3;
  for (const std::uint32_t workers : worker_counts) {
    const int rounds = scaled(8'000);
    Jobs jobs(threads * rounds * 3);
    std::atomic<std::uint64_t> pools[2] = {make_pool(workers).id, make_pool(workers).id};
    std::atomic<int> at_work = threads;
    in_threads(threads + 1, [&](int thread) {
      if (thread < threads) {
        one_thread(pools, jobs, rounds, thread);
        at_work.fetch_sub(1);
        return;
      }
      // A pool ends and another takes its place, now and then.
      for (int i = 0; at_work > 0; ++i) {
        const pool_t fresh = make_pool(workers);
        OK(pool_destroy({pools[i % 2].exchange(fresh.id)}));
        for (int j = 0; j < 1000 && at_work > 0; ++j) std::this_thread::yield();
      }
    });
    for (const auto& pool : pools) OK(pool_destroy({pool}));
    jobs.check(false);
  }
}
