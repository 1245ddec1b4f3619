// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// A bounded queue with blocked submitters: never more tasks queued than the capacity, none lost, nobody left behind.
#include "stress.hpp"

using namespace stress;

namespace {

void one_pool(std::uint32_t workers, std::uint32_t capacity) {
  constexpr int submitters = 4;
  const int each = scaled(6'000);
  const pool_t pool = make_pool(workers, capacity, POOL_OVERFLOW_BLOCK);
  const pool_group_t group = make_group(pool);
  Jobs jobs(submitters * each);
  std::atomic<int> at_work = submitters;
  std::atomic<std::uint64_t> refused = 0;
  in_threads(submitters + 1, [&](int thread) {
    if (thread == submitters) {
      while (at_work > 0) {
        CHECK(stats_of(pool).queued <= capacity);
        std::this_thread::yield();
      }
      return;
    }
    Random random(workers * 1000 + capacity * 10 + static_cast<std::uint32_t>(thread));
    for (int i = 0; i < each; ++i) {
      const bool reject = random.chance(20);
      const pool_status_t status =
          jobs[thread * each + i].submit(group, reject ? POOL_OVERFLOW_REJECT : POOL_OVERFLOW_DEFAULT);
      CHECK(status == POOL_OK || (reject && status == POOL_EFULL));
      if (status != POOL_OK) refused.fetch_add(1);
    }
    at_work.fetch_sub(1);
  });
  OK(pool_group_wait(group));
  jobs.check(false);
  CHECK(jobs.accepted + refused == static_cast<std::uint64_t>(submitters) * static_cast<std::uint64_t>(each));
  CHECK(stats_of(group).succeeded == jobs.accepted);
  OK(pool_destroy(pool));
}

// The line against a shutdown: those who stand in it are sent away, and nobody's task is lost.
void one_shutdown(std::uint32_t workers, std::uint32_t round) {
  constexpr int submitters = 4;
  constexpr int each = 50;
  Random random(round);
  const pool_t pool = make_pool(workers, 1 + random.below(2), POOL_OVERFLOW_BLOCK);
  const pool_group_t group = make_group(pool);
  Jobs jobs(submitters * each);
  std::atomic<int> submitted = 0;
  const int enough = static_cast<int>(random.below(submitters * each));
  in_threads(submitters + 1, [&](int thread) {
    if (thread == submitters) {
      while (submitted < enough) std::this_thread::yield();
      OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, INT64_MAX));
      return;
    }
    for (int i = 0; i < each; ++i) {
      const pool_status_t status = jobs[thread * each + i].submit(group);
      CHECK(status == POOL_OK || status == POOL_ECLOSED);
      submitted.fetch_add(1);
    }
  });
  jobs.check(false);
  CHECK(stats_of(group).succeeded == jobs.accepted);
  OK(pool_destroy(pool));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    for (const std::uint32_t capacity : {1U, 2U, 7U}) one_pool(workers, capacity);
    for (int i = 0; i < scaled(300); ++i) one_shutdown(workers, workers * 10'000 + static_cast<std::uint32_t>(i));
  }
}
