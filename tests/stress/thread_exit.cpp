// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Tasks that end their threads, all over: on workers, which are replaced, and on threads that wait and help.
#include "stress.hpp"

using namespace stress;

namespace {

pool_group_t helped;

void* help(void*) {
  (void)pool_group_wait(helped);
  return nullptr;
}

void one_pool(std::uint32_t workers) {
  constexpr int each = 20;
  const int rounds = scaled(60);
  const pool_t pool = make_pool(workers);
  Jobs jobs(rounds * each);
  Random random(workers);
  std::uint64_t exits = 0;
  for (int i = 0; i < rounds; ++i) {
    const pool_group_t group = make_group(pool);
    helped = group;
    std::uint64_t failed = 0;
    for (int j = 0; j < each; ++j) {
      Job& job = jobs[i * each + j];
      job.exits = random.chance(30);
      failed += job.exits ? 1 : 0;
      OK(job.submit(group));
      if (j % 7 == 6) RawThread(help, nullptr).join();
    }
    CHECK_STATUS(pool_group_wait_for(group, INT64_MAX), failed != 0 ? POOL_EFAILED : POOL_OK);
    CHECK(stats_of(group).failed == failed);
    CHECK(stats_of(group).succeeded == each - failed);
    CHECK(stats_of(pool).workers <= workers);
    exits += failed;
    if (random.chance(50)) OK(pool_group_destroy(group));
  }
  // The last ones while the pool ends.
  const pool_group_t group = make_group(pool);
  Jobs last(each);
  for (int j = 0; j < each; ++j) {
    last[j].exits = random.chance(50);
    OK(last[j].submit(group));
  }
  OK(pool_destroy(pool));
  jobs.check(false);
  last.check(false);
  std::printf("%u workers: %llu ends of threads\n", workers, static_cast<unsigned long long>(exits));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) one_pool(workers);
}
