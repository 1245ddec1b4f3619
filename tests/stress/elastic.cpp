// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Workers that leave whenever they can, against submits; resizes in both directions, against submits, waits and the end
// of the pool. Every task is run, and nobody waits for ever.
#include "stress.hpp"

using namespace stress;

namespace {

pool_options_t elastic(std::uint32_t min, std::uint32_t max, std::int64_t idle_timeout) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.min_workers = min;
  options.max_workers = max;
  options.idle_timeout = idle_timeout;
  return options;
}

pool_t make_pool_with(const pool_options_t& options) {
  pool_t pool;
  OK(pool_create(&options, &pool));
  return pool;
}

// One task after the other, each of which may meet a worker at any step of its leaving. Timed waits do not help.
void reap_against_submit(std::uint32_t workers, std::int64_t idle_timeout, int rounds) {
  const pool_t pool = make_pool_with(elastic(0, workers, idle_timeout));
  const int submitters = workers == 1 ? 1 : 2;
  in_threads(submitters, [&](int thread) {
    const pool_group_t group = make_group(pool);
    Random random(workers * 7 + static_cast<std::uint32_t>(thread));
    std::atomic<std::uint32_t> runs{0};
    std::uint32_t submitted = 0;
    for (int i = 0; i < rounds; ++i) {
      const std::uint32_t count = 1 + random.below(2);
      for (std::uint32_t j = 0; j < count; ++j) {
        const auto run = [](void* ctx) -> std::int32_t {
          static_cast<std::atomic<std::uint32_t>*>(ctx)->fetch_add(1);
          return 0;
        };
        OK(pool_group_submit(group, run, &runs));
      }
      submitted += count;
      OK(pool_group_wait_for(group, INT64_MAX));
      CHECK(runs == submitted);
      for (std::uint32_t pause = random.below(100'000); pause > 0; --pause)
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  });
  const pool_stats_t stats = stats_of(pool);
  std::printf("%u workers, idle for %lld ns: %llu threads made, %llu left\n", workers,
              static_cast<long long>(idle_timeout), static_cast<unsigned long long>(stats.workers_created),
              static_cast<unsigned long long>(stats.workers_left));
  CHECK(stats.workers <= workers);
  OK(pool_destroy(pool));
}

struct Storm {
  pool_t pool;
  Jobs* jobs;
  std::uint32_t max;
  int each;
};

// Resizes, submits, waits and ends of tasks' threads from several sides; the pool may end in the middle of it.
void resize_against_everything(std::uint32_t max, bool prestart, bool destroy) {
  constexpr int submitters = 3;
  const int each = scaled(400);
  pool_options_t options = elastic(0, max, prestart ? 1 : 20'000);
  options.prestart = prestart ? 1 : 0;
  options.burst_workers = max % 3;
  options.burst_delay = 50'000;
  options.wake_policy = max % 2 == 0 ? POOL_WAKE_EAGER : POOL_WAKE_THRIFTY;
  const pool_t pool = make_pool_with(options);
  Jobs jobs(submitters * each);
  in_threads(submitters + 1 + (destroy ? 1 : 0), [&](int thread) {
    Random random(max * 11 + static_cast<std::uint32_t>(thread));
    if (thread == submitters) {
      for (int i = 0; i < each; ++i) {
        const std::uint32_t most = 1 + random.below(max);
        const pool_status_t status = pool_resize(pool, random.below(most + 1), most);
        CHECK(status == POOL_OK || (destroy && (status == POOL_ECLOSED || status == POOL_EBADHANDLE)));
        if (random.chance(30)) std::this_thread::yield();
      }
    } else if (thread < submitters) {
      pool_group_t group{};
      const pool_status_t made = pool_group_create(pool, nullptr, &group);
      if (destroy && made != POOL_OK) return;
      CHECK(made == POOL_OK);
      for (int i = 0; i < each; ++i) {
        Job& job = jobs[thread * each + i];
        job.exits = random.chance(3);
        const pool_status_t status = job.submit(group);
        if (destroy && status != POOL_OK) return;
        CHECK(status == POOL_OK);
        if (random.chance(10)) (void)pool_group_wait_for(group, INT64_MAX);
      }
      const pool_status_t status = pool_group_wait_for(group, INT64_MAX);
      CHECK(destroy || status == POOL_OK || status == POOL_EFAILED);
    } else {
      for (std::uint32_t i = random.below(400); i > 0; --i) std::this_thread::yield();
      OK(pool_destroy(pool));
    }
  });
  if (!destroy) {
    OK(pool_resize(pool, 0, 1));
    while (stats_of(pool).workers > 1 + options.burst_workers) std::this_thread::yield();
    OK(pool_destroy(pool));
  }
  jobs.check(false);
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    reap_against_submit(workers, -1, scaled(10'000));
    reap_against_submit(workers, 20'000, scaled(2'000));
  }
  for (const std::uint32_t workers : worker_counts) {
    for (int i = 0; i < scaled(20); ++i) {
      resize_against_everything(workers, i % 2 != 0, false);
      resize_against_everything(workers, i % 2 != 0, true);
    }
  }
}
