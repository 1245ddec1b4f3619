// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Shutdowns that cancel, against submits, waits and tasks that submit: what has not started is dropped once, and
// counted.
#include "stress.hpp"

using namespace stress;

namespace {

void one_round(std::uint32_t workers, std::uint32_t round) {
  constexpr int submitters = 3;
  constexpr int each = 100;
  Random random(round);
  const pool_t pool = make_pool(workers, random.chance(50) ? 8 : 0);
  const pool_group_t groups[2] = {make_group(pool), make_group(pool)};
  Jobs jobs(submitters * each);
  std::atomic<int> submitted = 0;
  const int enough = static_cast<int>(random.below(submitters * each));
  const bool drain_first = random.chance(30);
  const std::int64_t timeout = random.below(20'000);
  in_threads(submitters + 2, [&](int thread) {
    if (thread == submitters) {
      while (submitted < enough) std::this_thread::yield();
      if (drain_first) {
        const pool_status_t status = pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, timeout);
        CHECK(status == POOL_OK || status == POOL_ETIMEDOUT);
      }
      OK(pool_shutdown(pool, POOL_SHUTDOWN_CANCEL, INT64_MAX));
      return;
    }
    if (thread == submitters + 1) {
      const pool_status_t status = pool_group_wait(groups[0]);
      CHECK(status == POOL_OK || status == POOL_ECANCELED);
      return;
    }
    for (int i = 0; i < each; ++i) {
      const pool_status_t status = jobs[thread * each + i].submit(groups[i % 2]);
      CHECK(status == POOL_OK || status == POOL_ECLOSED);
      submitted.fetch_add(1);
    }
  });
  jobs.check(true);
  const pool_group_stats_t a = stats_of(groups[0]);
  const pool_group_stats_t b = stats_of(groups[1]);
  CHECK(a.submitted + b.submitted == jobs.accepted);
  CHECK(a.succeeded + b.succeeded == jobs.runs);
  CHECK(a.cancelled + b.cancelled == jobs.accepted - jobs.runs);
  CHECK_STATUS(pool_group_poll(groups[1]), b.cancelled != 0 ? POOL_ECANCELED : POOL_OK);
  OK(pool_destroy(pool));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    for (int i = 0; i < scaled(400); ++i) one_round(workers, workers * 10'000 + static_cast<std::uint32_t>(i));
  }
}
