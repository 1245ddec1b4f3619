// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Slots that have one life after another: by turns a plain group and a bounded one, by turns of this pool and of that,
// by turns the one pool and the next. Who comes late, with what it knew of the life before, takes nothing along.
#include "stress.hpp"

using namespace stress;

namespace {

constexpr std::int64_t long_ns = 100'000'000'000;

std::int32_t nothing(void*) { return 0; }

// A plain group's tasks are claimed many at a time, a bounded one's each give a place back: exactly when it is empty.
void plain_and_bounded(std::uint32_t workers) {
  constexpr std::uint32_t capacity = 4;
  const pool_t pool = make_pool(workers);
  pool_group_options_t options;
  OK(pool_group_options_init(&options, sizeof options));
  options.queue_capacity = capacity;
  options.overflow = POOL_OVERFLOW_REJECT;
  for (int round = 0; round < scaled(20'000); ++round) {
    pool_group_t group = make_group(pool);
    for (int i = 0; i < 200; ++i) OK(pool_group_submit(group, nothing, nullptr));
    OK(pool_group_wait(group));
    OK(pool_group_destroy(group));
    OK(pool_group_create(pool, &options, &group));
    for (int i = 0; i < 12; ++i) {
      const pool_status_t status = pool_group_submit(group, nothing, nullptr);
      CHECK(status == POOL_OK || status == POOL_EFULL);
    }
    OK(pool_group_wait(group));
    OK(pool_group_suspend(group));
    for (std::uint32_t i = 0; i < capacity; ++i) OK(pool_group_submit(group, nothing, nullptr));
    CHECK_STATUS(pool_group_submit(group, nothing, nullptr), POOL_EFULL);
    OK(pool_group_resume(group));
    OK(pool_group_wait(group));
    OK(pool_group_destroy(group));
  }
  OK(pool_destroy(pool));
}

// Submits with the handle of a group that ends meanwhile, and whose slot then is a group of the other pool. What was
// taken of the one pool must not go back to the other: both run empty.
void this_pool_and_that() {
  const pool_t pools[2] = {make_pool(1, 65'536), make_pool(1, 65'536)};
  std::atomic<std::uint64_t> handle = 0;
  std::atomic<bool> over = false;
  in_threads(4, [&](int thread) {
    if (thread == 0) {
      Random random(0);
      for (int i = 0; i < scaled(50'000); ++i) {
        const pool_group_t group = make_group(pools[i % 2]);
        handle = group.id;
        for (std::uint32_t wait = random.below(64); wait > 0; --wait) (void)handle.load();
        OK(pool_group_destroy(group));
      }
      over = true;
      return;
    }
    if (thread == 3) {
      // One thread more than processors, often: so threads are held up at any place.
      while (!over) (void)handle.load();
      return;
    }
    Random random(static_cast<std::uint32_t>(thread));
    const pool_group_t own = make_group(pools[1]);  // so that this thread keeps some of that pool's room
    std::uint64_t last = 0;
    // Not for ever to the same one: it would hardly ever be seen empty.
    for (std::uint32_t more = 0; !over;) {
      const std::uint64_t id = handle;
      if (id != last) more = random.below(200);
      last = id;
      if (more == 0) {
        OK(pool_group_submit(own, nothing, nullptr));
        continue;
      }
      --more;
      const pool_status_t status = pool_group_submit({id}, nothing, nullptr);
      CHECK(status == POOL_OK || status == POOL_EBADHANDLE);
    }
    OK(pool_group_destroy(own));
  });
  for (const pool_t pool : pools) {
    OK(pool_shutdown(pool, POOL_SHUTDOWN_DRAIN, long_ns));
    CHECK(stats_of(pool).queued == 0);
    CHECK(stats_of(pool).running == 0);
    OK(pool_destroy(pool));
  }
}

std::atomic<std::uint64_t> runs = 0;

// Takes the id of the pool that it was submitted to.
std::int32_t check_pool(void* ctx) {
  pool_t pool;
  OK(pool_current_pool(&pool));
  CHECK(pool.id == reinterpret_cast<std::uintptr_t>(ctx));
  runs.fetch_add(1);
  return 0;
}

// pool_submit with the handle of a pool that ends meanwhile: no task gets into the next pool of the slot.
void one_pool_and_the_next() {
  std::atomic<std::uint64_t> handle = 0;
  std::atomic<bool> over = false;
  std::atomic<std::uint64_t> accepted = 0;
  in_threads(3, [&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < scaled(3'000); ++i) {
        const pool_t pool = make_pool(1);
        handle = pool.id;
        OK(pool_submit(pool, nothing, nullptr));
        OK(pool_destroy(pool));
      }
      over = true;
      return;
    }
    while (!over) {
      const std::uint64_t id = handle;
      const pool_status_t status = pool_submit({id}, check_pool, reinterpret_cast<void*>(id));
      if (status == POOL_OK) accepted.fetch_add(1);
      CHECK(status == POOL_OK || status == POOL_EBADHANDLE || status == POOL_ECLOSED);
    }
  });
  CHECK(runs == accepted);
  std::printf("%llu accepted\n", static_cast<unsigned long long>(accepted));
}

}  // namespace

int main(int argc, char** argv) {
  begin(argc, argv);
  for (const std::uint32_t workers : {2U, 3U}) plain_and_bounded(workers);
  this_pool_and_that();
  one_pool_and_the_next();
}
