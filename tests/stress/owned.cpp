// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Groups that one thread makes, fills, waits for and ends, while strangers come to them at any moment, with handles
// that may be over: each accepted task is dropped once, after at most one run, and no call gives what the header does
// not name. Most groups have no stranger, so that the threads go on owning theirs.
#include "stress.hpp"

using namespace stress;

namespace {

constexpr int owners = 3;
constexpr int strangers = 2;
constexpr std::uint32_t table_size = 8;

std::atomic<std::uint64_t> known[table_size];
std::atomic<std::uint64_t> accepted, plain_accepted, runs, drops, plain_runs;
std::atomic<int> owners_left;

std::int32_t run(void*) {
  runs.fetch_add(1, std::memory_order_relaxed);
  return 0;
}
std::int32_t run_plain(void*) {
  plain_runs.fetch_add(1, std::memory_order_relaxed);
  return 0;
}
void drop(void*) { drops.fetch_add(1, std::memory_order_relaxed); }

bool among(pool_status_t status, std::initializer_list<pool_status_t> allowed) {
  for (const pool_status_t one : allowed) {
    if (status == one) return true;
  }
  std::fprintf(stderr, "unexpected: %s\n", pool_status_name(status));
  return false;
}

void submit(pool_group_t group, bool is_plain) {
  pool_status_t status;
  if (is_plain) {
    status = pool_group_submit(group, run_plain, nullptr);
    if (status == POOL_OK) plain_accepted.fetch_add(1, std::memory_order_relaxed);
  } else {
    pool_task_t task;
    OK(pool_task_init(&task, sizeof task));
    task.fn = run;
    task.drop = drop;
    status = pool_group_submit_task(group, &task);
    if (status == POOL_OK) accepted.fetch_add(1, std::memory_order_relaxed);
  }
  CHECK(among(status, {POOL_OK, POOL_EBADHANDLE, POOL_ECLOSED, POOL_ECANCELED}));
}

void own(pool_t pool, int thread) {
  Random random(static_cast<std::uint32_t>(thread));
  for (int round = 0; round < scaled(60'000); ++round) {
    const pool_group_t group = make_group(pool);
    const bool is_known = random.chance(10);
    const std::uint32_t before = random.below(4);
    const std::uint32_t after = random.below(8);
    for (std::uint32_t i = 0; i < before; ++i) submit(group, random.chance(70));
    if (is_known) known[random.below(table_size)] = group.id;
    for (std::uint32_t i = 0; i < after; ++i) submit(group, random.chance(70));
    if (random.chance(90)) {
      CHECK(among(pool_group_wait(group), {POOL_OK, POOL_ECANCELED, POOL_EBADHANDLE, POOL_ECLOSED}));
      if (!is_known) {
        const auto stats = stats_of(group);
        CHECK(stats.submitted == before + after && stats.succeeded == before + after);
      }
    }
    const pool_status_t ended = random.chance(95) ? pool_group_destroy(group) : pool_group_detach(group);
    CHECK(is_known ? among(ended, {POOL_OK, POOL_EBADHANDLE, POOL_ECLOSED}) : ended == POOL_OK);
  }
  owners_left.fetch_sub(1);
}

void come(int thread) {
  Random random(static_cast<std::uint32_t>(owners + thread));
  while (owners_left.load() != 0) {
    const pool_group_t group{known[random.below(table_size)]};
    if (group.id == 0) continue;
    switch (random.below(10)) {
      case 0:
      case 1:
        submit(group, true);
        break;
      case 2:
        submit(group, false);
        break;
      case 3:
        CHECK(among(pool_group_poll(group), {POOL_OK, POOL_EBUSY, POOL_ECANCELED, POOL_EBADHANDLE}));
        break;
      case 4:
        CHECK(among(pool_group_wait_for(group, 1 + random.below(20'000)),
                    {POOL_OK, POOL_ETIMEDOUT, POOL_ECANCELED, POOL_EBADHANDLE, POOL_ECLOSED}));
        break;
      case 5:
        CHECK(among(pool_group_wait(group), {POOL_OK, POOL_ECANCELED, POOL_EBADHANDLE, POOL_ECLOSED}));
        break;
      case 6:
        if (random.chance(30)) CHECK(among(pool_group_cancel(group), {POOL_OK, POOL_EBADHANDLE}));
        break;
      case 7:
        if (pool_group_suspend(group) == POOL_OK) CHECK(among(pool_group_resume(group), {POOL_OK, POOL_EBADHANDLE}));
        break;
      case 8:
        CHECK(among(pool_group_notify(
                        group, [](void*, pool_status_t) {}, nullptr),
                    {POOL_OK, POOL_EBADHANDLE, POOL_EBUSY}));
        break;
      default:
        if (random.chance(20)) CHECK(among(pool_group_destroy(group), {POOL_OK, POOL_EBADHANDLE, POOL_ECLOSED}));
    }
  }
}

void owners_and_strangers(std::uint32_t workers) {
  accepted = plain_accepted = runs = drops = plain_runs = 0;
  for (auto& each : known) each = 0;
  owners_left = owners;
  const pool_t pool = make_pool(workers, 1'000'000);
  in_threads(owners + strangers, [pool](int thread) { thread < owners ? own(pool, thread) : come(thread - owners); });
  OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, 100'000'000'000));
  const pool_stats_t stats = stats_of(pool);
  CHECK(stats.queued == 0 && stats.running == 0);
  CHECK(drops == accepted);
  CHECK(runs <= accepted && plain_runs <= plain_accepted);
  OK(pool_destroy(pool));
}

// Nobody waits, and the owner is gone: its tasks are run all the same, and the pool ends.
void owners_that_leave(std::uint32_t workers) {
  plain_runs = 0;
  const pool_t pool = make_pool(workers, 1'000'000);
  const int rounds = scaled(400);
  for (int round = 0; round < rounds; ++round) {
    in_threads(2, [pool](int) {
      const pool_group_t group = make_group(pool);
      for (int i = 0; i < 3; ++i) OK(pool_group_submit(group, run_plain, nullptr));
    });
  }
  OK(pool_destroy(pool));
  CHECK(plain_runs == static_cast<std::uint64_t>(rounds) * 6);
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : worker_counts) {
    owners_and_strangers(workers);
    owners_that_leave(workers);
  }
  return 0;
}
