// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What belongs to a whole pool: callables in its options are called, and live as long as they may be; resizing; the
// default pool.
#include "check.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

namespace {

void hooks() {
  using life = check::counted<1>;
  std::atomic<int> starts{0};
  std::atomic<int> stops{0};
  {
    pool::thread_pool_options options;
    options.max_workers = 3;
    options.min_workers = 3;
    options.prestart = true;
    options.on_thread_start = [&starts, alive = life()] { ++starts; };
    options.on_thread_stop = [&stops, alive = life()] { ++stops; };
    pool::thread_pool workers(options);
    options = pool::thread_pool_options();
    CHECK(life::alive == 2);
    pool::thread_pool moved(std::move(workers));
    pool::group group(moved);
    for (int i = 0; i < 10; ++i) group.submit([] {});
    group.wait();
  }
  CHECK(starts == 3 && stops == 3 && life::alive == 0);
}

void resizing() {
  pool::thread_pool_options options;
  options.max_workers = 1;
  pool::thread_pool workers(options);
  CHECK(check::thrown_by([&] { workers.resize(5, 2); }) == pool::status::invalid);
  workers.resize(0, 2);
  pool::group group(workers);
  std::atomic<int> here{0};
  for (int i = 0; i < 2; ++i) {  // each needs the other
    group.submit([&here] {
      ++here;
      while (here < 2) std::this_thread::yield();
    });
  }
  CHECK(group.wait_for(std::chrono::hours(1)));
  CHECK(workers.stats().workers == 2);
  workers.shutdown(pool::shutdown_mode::drain, pool::forever);
  CHECK(workers.try_resize(0, 1) == pool::status::closed);
}

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
  hooks();
  resizing();
  logs();
  default_pool();
  return 0;
}
