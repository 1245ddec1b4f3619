// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What owns ends what it owns, on every way out: at the end of a scope, by an exception, by a move, from inside its own
// tasks; and waits for tasks that still run.
#include "check.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

static_assert(!std::is_copy_constructible_v<pool::group> && !std::is_copy_assignable_v<pool::group>);
static_assert(!std::is_copy_constructible_v<pool::thread_pool> &&
              std::is_nothrow_move_constructible_v<pool::thread_pool>);
static_assert(!std::is_copy_constructible_v<pool::prepared_task> &&
              std::is_nothrow_move_constructible_v<pool::prepared_task>);
static_assert(std::is_trivially_copyable_v<pool::group_ref> && std::is_trivially_copyable_v<pool::thread_pool_ref>);
static_assert(sizeof(pool::group) == sizeof(pool_group_t) && sizeof(pool::group_ref) == sizeof(pool_group_t));

bool is_gone(pool::group_ref group) { return group.poll() == pool::status::bad_handle; }

// A group that goes out of scope while its task runs: the destructor waits for it.
void waits_at_the_end(const pool::thread_pool& workers) {
  check::gate gate;
  std::atomic<bool> finished{false};
  pool::group_ref seen;
  std::thread opener;
  {
    pool::group group(workers);
    seen = group;
    group.submit([&] {
      gate.pass();
      finished = true;
    });
    gate.await(1);
    opener = std::thread([&] { gate.open(); });
  }
  CHECK(finished && is_gone(seen));
  opener.join();
}

void leaves_by_exception(const pool::thread_pool& workers) {
  std::atomic<int> finished{0};
  pool::group_ref seen;
  try {
    pool::group group(workers);
    seen = group;
    for (int i = 0; i < 20; ++i) {
      group.submit([&finished, i] {
        ++finished;
        if (i == 3) throw std::runtime_error("not told by the destructor");
      });
    }
    throw std::logic_error("out");
  } catch (const std::logic_error&) {
  }
  CHECK(finished == 20 && is_gone(seen));
}

void moves(const pool::thread_pool& workers) {
  pool::group first(workers);
  const pool::group_ref one = first;
  pool::group second(std::move(first));
  CHECK(!first && second == one && second.poll() == pool::status::ok);
  pool::group third(workers);
  const pool::group_ref other = third;
  third = std::move(second);
  CHECK(is_gone(other) && third == one && !second);
  auto& self = third;
  third = std::move(self);
  CHECK(third == one && third.poll() == pool::status::ok);
  const pool_group_t handle = third.release();
  CHECK(!third && pool_group_destroy(handle) == POOL_OK);

  std::vector<pool::group> many;
  for (int i = 0; i < 20; ++i) many.emplace_back(workers);
  for (pool::group& group : many) group.submit([] {});
  for (pool::group& group : many) group.wait();
  const pool::group_ref last = many.back();
  many.clear();
  CHECK(is_gone(last));
}

void detaches(const pool::thread_pool& workers) {
  check::gate gate;
  std::atomic<bool> finished{false};
  {
    pool::group group(workers);
    group.submit([&] {
      gate.pass();
      finished = true;
    });
    gate.await(1);
    group.detach();
    CHECK(!group);
  }
  CHECK(!finished);
  gate.open();
  while (!finished) std::this_thread::yield();
}

// The last owner is the group's own task: it cannot wait for itself, and must not hang.
void ends_in_own_task(const pool::thread_pool& workers) {
  check::gate gate;
  auto* owner = new pool::group(workers);
  const pool::group_ref seen = *owner;
  std::atomic<bool> finished{false};
  seen.submit([&, owner] {
    gate.pass();
    delete owner;
    finished = true;
  });
  gate.open();
  while (!finished) std::this_thread::yield();
  CHECK(is_gone(seen));
}

void destroys_twice(const pool::thread_pool& workers) {
  pool::group group(workers);
  CHECK(group.destroy() == pool::status::ok && !group);
  CHECK(group.destroy() == pool::status::bad_handle);
}

void pools() {
  std::atomic<int> finished{0};
  pool::thread_pool_ref seen;
  {
    pool::thread_pool workers;
    seen = workers;
    pool::group group(workers);
    for (int i = 0; i < 50; ++i) group.submit([&finished] { ++finished; });
    group.detach();
  }  // runs what is queued
  CHECK(finished == 50);
  CHECK(check::thrown_by([&] { seen.stats(); }) == pool::status::bad_handle);

  pool::thread_pool first;
  const pool::thread_pool_ref one = first;
  pool::thread_pool second(std::move(first));
  CHECK(!first && second == one);
  pool::thread_pool third;
  third = std::move(second);
  CHECK(third == one && third.stats().struct_size != 0);
  pool::group outlives(third);
  CHECK(third.destroy() == pool::status::ok && !third);
  CHECK(outlives.try_wait() == pool::status::bad_handle);

  // In its own task a pool can only be closed.
  check::gate gate;
  auto owner = std::make_unique<pool::thread_pool>();
  const pool::thread_pool_ref closed = *owner;
  pool::group group(closed);
  std::atomic<bool> ended{false};
  group.submit([&] {
    gate.pass();
    owner.reset();
    ended = true;
  });
  gate.open();
  while (!ended) std::this_thread::yield();
  CHECK(group.try_wait() == pool::status::ok);
  CHECK(group.try_submit([] {}) == pool::status::closed);
  CHECK(pool_destroy(closed.handle()) == POOL_OK);
}

}  // namespace

int main() {
  {
    pool::thread_pool workers;
    waits_at_the_end(workers);
    leaves_by_exception(workers);
    moves(workers);
    detaches(workers);
    ends_in_own_task(workers);
    destroys_twice(workers);
  }
  pools();
  return 0;
}
