// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Jobs from many threads at once: waited for, timed, cancelled, claimed and released by whoever comes first, some with
// their group's end in between. Each result is claimed once or dropped once, and each handle ends once.
#include "stress.hpp"

using namespace stress;

namespace {

struct Result {
  std::atomic<int> runs{0}, drops{0}, claims{0}, releases{0};
  std::atomic<std::uint64_t> job{0};  // 0: not yet submitted
  std::int32_t code = 0;

  static std::int32_t run(void* ctx, void** result) {
    auto* self = static_cast<Result*>(ctx);
    CHECK(self->runs.fetch_add(1) == 0);
    *result = self;
    return self->code;
  }
  static void drop(void* result) { static_cast<Result*>(result)->drops.fetch_add(1); }
};

void act(Random& random, Result& result) {
  const pool_job_t job{result.job.load()};
  if (job.id == 0) return;
  pool_status_t status = POOL_OK;
  void* claimed = nullptr;
  std::int32_t code = 0;
  switch (random.below(8)) {
    case 0:
      status = pool_job_wait(job);
      CHECK(status == POOL_OK || status == POOL_EFAILED || status == POOL_ECANCELED || status == POOL_ECLOSED ||
            status == POOL_EBADHANDLE);
      break;
    case 1:
      status = pool_job_wait_for(job, random.below(20'000));
      CHECK(status == POOL_OK || status == POOL_EFAILED || status == POOL_ECANCELED || status == POOL_ECLOSED ||
            status == POOL_EBADHANDLE || status == POOL_ETIMEDOUT);
      break;
    case 2:
      status = pool_job_cancel(job);
      CHECK(status == POOL_OK || status == POOL_EBUSY || status == POOL_EBADHANDLE);
      break;
    case 3:
    case 4:
      status = pool_job_result(job, &claimed);
      CHECK(status == POOL_OK || status == POOL_EBUSY || status == POOL_EFAILED || status == POOL_ECANCELED ||
            status == POOL_ECLOSED || status == POOL_EBADHANDLE);
      CHECK(claimed == (status == POOL_OK ? &result : nullptr));
      if (status == POOL_OK) CHECK(result.claims.fetch_add(1) == 0);
      break;
    case 5:
      status = pool_job_status(job, &code);
      CHECK(status == POOL_OK || status == POOL_EBUSY || status == POOL_EFAILED || status == POOL_ECANCELED ||
            status == POOL_EBADHANDLE);
      break;
    default:
      status = pool_job_release(job);
      CHECK(status == POOL_OK || status == POOL_EBADHANDLE);
      if (status == POOL_OK) CHECK(result.releases.fetch_add(1) == 0);
      break;
  }
}

void one(std::uint32_t workers, std::uint32_t round) {
  constexpr int threads = 4;
  const int each = 200;
  const pool_t pool = make_pool(workers);
  std::vector<Result> results(static_cast<std::size_t>(threads * each));
  std::atomic<std::uint64_t> submitted{0};
  std::atomic<std::uint64_t> cancelled{0};
  in_threads(threads, [&](int thread) {
    Random random(round * 100 + workers * 10 + static_cast<std::uint32_t>(thread));
    pool_group_t group = make_group(pool);
    const auto account = [&] {
      const auto stats = stats_of(group);
      cancelled.fetch_add(stats.cancelled);
      submitted.fetch_add(stats.submitted);
    };
    for (int i = 0; i < each; ++i) {
      Result& own = results[static_cast<std::size_t>(thread * each + i)];
      own.code = random.chance(20) ? 5 : 0;
      pool_job_t job{};
      OK(pool_group_submit_job(group, Result::run, &own, nullptr, Result::drop, &job));
      own.job = job.id;
      for (int j = 0; j < 3; ++j) act(random, results[random.below(static_cast<std::uint32_t>(threads * each))]);
      if (random.chance(50)) act(random, own);
      if (random.chance(5)) {
        const pool_status_t status = pool_group_wait(group);
        CHECK(status == POOL_OK || status == POOL_EFAILED || status == POOL_ECANCELED);
        account();
        OK(random.chance(50) ? pool_group_detach(group) : pool_group_destroy(group));
        group = make_group(pool);
      }
    }
    pool_group_wait(group);
    account();
  });
  CHECK(submitted == static_cast<std::uint64_t>(threads * each));
  OK(pool_destroy(pool));
  std::uint64_t not_run = 0;
  for (Result& result : results) {
    const pool_job_t job{result.job.load()};
    const pool_status_t status = pool_job_release(job);
    CHECK(status == (result.releases == 0 ? POOL_OK : POOL_EBADHANDLE));
    CHECK(result.runs <= 1);
    CHECK(result.claims + result.drops == result.runs);
    not_run += result.runs == 0 ? 1 : 0;
  }
  CHECK(not_run == cancelled);
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts)
    for (int i = 0; i < scaled(20); ++i) one(workers, static_cast<std::uint32_t>(i));
}
