// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What belongs to a whole pool: callables in its options are called, and live as long as they may be; the default pool.
#include "check.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

namespace {

void logs() {
  std::atomic<int> lines{0};
  pool::thread_pool_options options;
  options.max_workers = 1;
  options.log = [&lines](pool::severity level, const char* message) {
    CHECK(level == pool::severity::error || level == pool::severity::warning);
    CHECK(std::strlen(message) > 0);
    ++lines;
  };
  options.max_workers = 40000;
  CHECK(check::thrown_by([&] { pool::thread_pool{options}; }) == pool::status::invalid);  // the log names the field
  CHECK(lines >= 1);
}

void default_pool() {
  pool::thread_pool_options options;
  options.max_workers = 1;
  using life = check::counted<2>;
  options.log = [alive = life()](pool::severity, const char*) {};
  pool::configure_default_pool(options);
  pool::configure_default_pool(options);  // the last one counts; the others live on as well
  CHECK(life::alive == 3);
  options.log = nullptr;
  const pool::thread_pool_ref shared = pool::default_pool();
  CHECK(shared && shared == pool::default_pool());
  CHECK(check::thrown_by([&] { pool::configure_default_pool(options); }) == pool::status::busy);
  pool::group group(shared);
  for (int i = 0; i < 10; ++i) group.submit([] { std::this_thread::yield(); });
  group.wait();
  CHECK(shared.stats().workers_created <= 1);
  pool::thread_pool owner(shared.handle());
  CHECK(owner.destroy() == pool::status::busy);
  CHECK(pool::default_pool() == shared && life::alive == 2);
}

}  // namespace

int main() {
  logs();
  default_pool();
  return 0;
}
