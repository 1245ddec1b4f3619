// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Random calls with right, ended, foreign and made-up handles from several threads: no crash, no hang, statuses that
// the header names, and every accepted task is accounted for.
#include "stress.hpp"

using namespace stress;

namespace {

constexpr int threads = 4;
constexpr std::uint32_t table_size = 16;

std::atomic<std::uint64_t> pools[table_size], groups[table_size];
std::atomic<std::uint64_t> accepted, runs, drops;

std::int32_t run(void*) {
  runs.fetch_add(1);
  return 0;
}
void drop(void*) { drops.fetch_add(1); }

bool among(pool_status_t status, std::initializer_list<pool_status_t> allowed) {
  for (const pool_status_t one : allowed) {
    if (status == one) return true;
  }
  std::fprintf(stderr, "unexpected: %s\n", pool_status_name(status));
  return false;
}

std::uint64_t any_handle(Random& random, std::atomic<std::uint64_t>* table) {
  const std::uint32_t kind = random.below(100);
  const std::uint64_t id = table[random.below(table_size)];
  if (kind < 85) return id;
  if (kind < 90) return (table == pools ? groups : pools)[random.below(table_size)];
  if (kind < 97) return id ^ std::uint64_t{1} << random.below(64);
  return std::uint64_t{random.below(UINT32_MAX)} << 32 | random.below(UINT32_MAX);
}

void make_one_pool(Random& random) {
  pool_options_t options;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = 1 + random.below(3);
  options.queue_capacity = 1 + random.below(8);
  options.overflow = POOL_OVERFLOW_REJECT;
  pool_t pool;
  OK(pool_create(&options, &pool));
  const std::uint64_t old = pools[random.below(table_size)].exchange(pool.id);
  if (old != 0) CHECK(among(pool_destroy({old}), {POOL_OK, POOL_EBADHANDLE}));
}

void submit_some(pool_group_t group, Random& random) {
  void* ctxs[3] = {nullptr, nullptr, nullptr};
  size_t count = 0;
  CHECK(among(pool_group_submit_n(group, run, ctxs, 1 + random.below(3), drop, &count),
              {POOL_OK, POOL_EBADHANDLE, POOL_EFULL, POOL_ECLOSED}));
  accepted.fetch_add(count);
}

void one_call(Random& random) {
  const pool_t pool = {any_handle(random, pools)};
  const pool_group_t group = {any_handle(random, groups)};
  pool_stats_t stats;
  pool_group_stats_t group_stats;
  std::int32_t code = 0;
  char text[8];
  switch (random.below(40)) {
    case 0:
      make_one_pool(random);
      break;
    case 1:
      CHECK(among(pool_destroy(pool), {POOL_OK, POOL_EBADHANDLE}));
      break;
    case 2:
      CHECK(among(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, random.below(100'000)),
                  {POOL_OK, POOL_EBADHANDLE, POOL_ETIMEDOUT}));
      break;
    case 3:
    case 4:
      CHECK(among(pool_stats(pool, &stats, sizeof stats), {POOL_OK, POOL_EBADHANDLE}));
      break;
    case 5:
      CHECK(among(pool_group_destroy(group), {POOL_OK, POOL_EBADHANDLE, POOL_ECLOSED}));
      break;
    case 6:
      CHECK(among(pool_group_detach(group), {POOL_OK, POOL_EBADHANDLE}));
      break;
    case 7:
      CHECK(among(pool_group_wait(group), {POOL_OK, POOL_EBADHANDLE, POOL_ECLOSED}));
      break;
    case 8:
      CHECK(among(pool_group_wait_for(group, random.below(100'000)),
                  {POOL_OK, POOL_EBADHANDLE, POOL_ECLOSED, POOL_ETIMEDOUT}));
      break;
    case 9:
    case 10:
      CHECK(among(pool_group_poll(group), {POOL_OK, POOL_EBADHANDLE, POOL_EBUSY}));
      break;
    case 11:
      CHECK(among(pool_group_stats(group, &group_stats, sizeof group_stats), {POOL_OK, POOL_EBADHANDLE}));
      break;
    case 12:
      CHECK(among(pool_group_failure(group, &code, text, sizeof text), {POOL_OK, POOL_EBADHANDLE}));
      break;
    case 13:
    case 14:
    case 15:
    case 16:
    case 17: {
      pool_group_t made;
      if (among(pool_group_create(pool, nullptr, &made), {POOL_OK, POOL_EBADHANDLE, POOL_ECLOSED}) && made.id != 0) {
        groups[random.below(table_size)] = made.id;  // the old one is left to its pool
      }
      break;
    }
    default:
      submit_some(group, random);
      break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  Random random(0);
  for (std::uint32_t i = 0; i < table_size / 2; ++i) make_one_pool(random);
  in_threads(threads, [&](int thread) {
    Random own(static_cast<std::uint32_t>(thread) + 1);
    for (int i = 0; i < scaled(150'000); ++i) one_call(own);
  });
  for (const auto& pool : pools) CHECK(among(pool_destroy({pool}), {POOL_OK, POOL_EBADHANDLE}));
  for (const auto& group : groups) CHECK_STATUS(pool_group_poll({group}), POOL_EBADHANDLE);
  std::printf("%llu accepted\n", static_cast<unsigned long long>(accepted));
  CHECK(runs == accepted);
  CHECK(drops == accepted);
}
