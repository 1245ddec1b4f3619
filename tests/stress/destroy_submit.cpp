// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Destroying a pool against submits from several threads: each task runs or is refused.
#include "stress.hpp"

using namespace stress;

namespace {

void one_round(std::uint32_t workers, std::uint32_t round, std::uint64_t& accepted, std::uint64_t& refused) {
  constexpr int threads = 3;
  constexpr int each = 60;
  Random random(round);
  const std::uint32_t capacity = random.chance(50) ? 4 : 0;
  const pool_t pool = make_pool(workers, capacity, random.chance(50) ? POOL_OVERFLOW_REJECT : POOL_OVERFLOW_BLOCK);
  const pool_group_t group = make_group(pool);
  Jobs jobs(threads * each);
  std::atomic<int> submitted = 0;
  const int enough = static_cast<int>(random.below(threads * each));
  in_threads(threads + 2, [&](int thread) {
    if (thread >= threads) {
      // Two of them: one succeeds.
      while (submitted < enough) std::this_thread::yield();
      const pool_status_t status = pool_destroy(pool);
      CHECK(status == POOL_OK || status == POOL_EBADHANDLE);
      if (status == POOL_OK) submitted.fetch_add(1 << 20);
      return;
    }
    for (int i = 0; i < each; ++i) {
      const pool_status_t status = jobs[thread * each + i].submit(group);
      CHECK(status == POOL_OK || status == POOL_ECLOSED || status == POOL_EBADHANDLE || status == POOL_EFULL);
      submitted.fetch_add(1);
    }
  });
  CHECK(submitted == (1 << 20) + threads * each);
  CHECK_STATUS(pool_group_poll(group), POOL_EBADHANDLE);
  jobs.check(false);
  accepted += jobs.accepted;
  refused += threads * each - jobs.accepted;
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  for (const std::uint32_t workers : worker_counts) {
    for (int i = 0; i < scaled(1000); ++i) {
      one_round(workers, workers * 100'000 + static_cast<std::uint32_t>(i), accepted, refused);
    }
  }
  std::printf("%llu accepted, %llu refused\n", static_cast<unsigned long long>(accepted),
              static_cast<unsigned long long>(refused));
}
