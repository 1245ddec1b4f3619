// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// blocking_section: another worker runs while it lives, and it ends on every way out; outside a task it does nothing.
#include "check.hpp"

#include <stdexcept>
#include <type_traits>

namespace {

static_assert(std::is_nothrow_default_constructible_v<pool::blocking_section> &&
              !std::is_copy_constructible_v<pool::blocking_section> &&
              !std::is_copy_assignable_v<pool::blocking_section>);

std::uint64_t blocked_in(pool::thread_pool_ref pool) { return pool.stats().workers_blocked; }

pool::thread_pool make_pool() {
  pool::thread_pool_options options;
  options.max_workers = 1;
  options.burst_workers = 1;
  options.burst_delay = pool::forever;
  return pool::thread_pool(options);
}

// The only worker blocks for what another task does.
void another_one_runs() {
  const pool::thread_pool workers = make_pool();
  pool::group group(workers);
  check::gate gate;
  group.submit([&] {
    const pool::blocking_section outer;
    const pool::blocking_section inner;
    gate.pass();
  });
  gate.await(1);
  CHECK(blocked_in(workers) == 1);
  pool::group other(workers);
  other.submit([&] { gate.open(); });
  CHECK(group.wait_for(pool::forever));
  CHECK(other.wait_for(pool::forever));
  CHECK(blocked_in(workers) == 0 && workers.stats().workers_created == 2);
}

// By an exception that the task catches, and by one that leaves it.
void ends_by_exception() {
  const pool::thread_pool workers = make_pool();
  pool::group group(workers);
  group.submit([&] {
    try {
      const pool::blocking_section section;
      CHECK(blocked_in(workers) == 1);
      throw std::runtime_error("caught");
    } catch (const std::runtime_error&) {
      CHECK(blocked_in(workers) == 0);
    }
    const pool::blocking_section section;
    throw std::runtime_error("kept");
  });
  CHECK(check::thrown_by([&] { group.wait_for(pool::forever); }) == pool::status::failed);
  CHECK(blocked_in(workers) == 0);
}

void outside_a_task() {
  const pool::thread_pool workers = make_pool();
  const pool::blocking_section section;
  CHECK(blocked_in(workers) == 0);
}

}  // namespace

int main() {
  another_one_runs();
  ends_by_exception();
  outside_a_task();
  return 0;
}
