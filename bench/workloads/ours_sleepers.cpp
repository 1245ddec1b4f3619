// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The sleepers on libpool: as tasks that hand themselves back, and as threads that sleep.
#include "ours_sleepers.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <pool/pool.hpp>
#include <vector>

#include "ours.hpp"
#include "sleepers.hpp"

namespace bench {
namespace {

int64_t sleep_time;  // ns, of all tasks of the case

// Sleeps once: its context says whether it has.
int32_t sleep_in_c(void* ctx) {
  auto& has_slept = *static_cast<bool*>(ctx);
  if (has_slept) return 0;
  has_slept = true;
  return pool_task_again_after(sleep_time);
}

int32_t sleep_in_thread(void* /*ctx*/) {
  sleep_ns(sleep_time);
  return 0;
}

// Two workers. Where only some may be in flight who submits does not run far ahead of them, as with the others, where
// it waits for its turn.
Setup setup_of(const Sleepers& sleepers) {
  Setup setup;
  if (sleepers.in_flight != sleepers.count) setup.capacity = 4'096;
  return setup;
}

// A group in which so many are in flight, asleep or not.
void sleep_delayed(const Sleepers& sleepers) {
  const auto have_slept = std::make_unique<bool[]>(static_cast<size_t>(sleepers.count));
  sleep_time = sleepers.ns;
  Ours::with(setup_of(sleepers), [&](Ours& peer) {
    pool_group_options_t options;
    check(pool_group_options_init(&options, sizeof options));
    if (sleepers.in_flight != sleepers.count) options.max_concurrency = static_cast<uint32_t>(sleepers.in_flight);
    options.limit_counts_suspended = 1;
    pool_group_t group;
    check(pool_group_create(peer.pool, &options, &group));
    for (int i = 0; i < sleepers.count; i++)
      check(pool_group_submit(group, sleep_in_c, &have_slept[static_cast<size_t>(i)]));
    check(pool_group_wait(group));
    check(pool_group_destroy(group));
  });
}

pool::task<> sleep_in_coroutine() { co_await pool::sleep_for(std::chrono::nanoseconds(sleep_time)); }

void sleep_as_coroutines(const Sleepers& sleepers) {
  sleep_time = sleepers.ns;
  Ours::with(setup_of(sleepers), [&](Ours& peer) {
    pool::group_options options;
    if (sleepers.in_flight != sleepers.count) options.max_concurrency = static_cast<uint32_t>(sleepers.in_flight);
    options.limit_counts_suspended = true;
    pool::group group(pool::thread_pool_ref(peer.pool), options);
    for (int i = 0; i < sleepers.count; i++) group.spawn(sleep_in_coroutine());
    group.wait();
  });
}

// A worker for each that is in flight.
void sleep_in_threads(const Sleepers& sleepers) {
  pool_options_t options;
  check(pool_options_init(&options, sizeof options));
  options.max_workers = static_cast<uint32_t>(sleepers.in_flight);
  options.stack_size = 64 << 10;
  options.help = POOL_HELP_NEVER;
  pool_t pool;
  pool_group_t group;
  sleep_time = sleepers.ns;
  check(pool_create(&options, &pool));
  check(pool_group_create(pool, nullptr, &group));
  for (int i = 0; i < sleepers.count; i++) check(pool_group_submit(group, sleep_in_thread, nullptr));
  check(pool_group_wait(group));
  check(pool_destroy(pool));
}

// How late a lone task starts that was submitted with a delay of 1 to 2 ms; nobody waits in the library.
void be_late(const std::string& name) {
  Ours::with({}, [&](Ours& peer) {
    Ours::Group group(peer);
    std::vector<int64_t> samples;
    const int64_t count = rounds(2'000);
    const int64_t cpu = cpu_ns();
    for (int64_t i = 0; i < count; i++) {
      const int64_t delay = 1'000'000 + i * 7'919 % 1'000'000;
      std::atomic<int64_t> started{0};
      const int64_t submitted = wall_ns();
      check(pool_group_submit_after(
          group.handle, delay,
          [](void* ctx) -> int32_t {
            static_cast<std::atomic<int64_t>*>(ctx)->store(wall_ns());
            return 0;
          },
          &started, nullptr));
      while (started.load() == 0) sleep_ns(delay);
      samples.push_back(started.load() - submitted - delay);
    }
    print_percentiles(name.c_str(), samples, static_cast<double>(cpu_ns() - cpu) / static_cast<double>(count));
  });
}

}  // namespace

bool run_sleepers(const std::string& name) {
  if (name == "late") return be_late(name), true;
  if (const Sleepers sleepers = sleepers_of(name, "delayed"); sleepers.count != 0) {
    return time_sleepers(name, [&] { sleep_delayed(sleepers); }), true;
  }
  if (const Sleepers sleepers = sleepers_of(name, "coroutine"); sleepers.count != 0) {
    return time_sleepers(name, [&] { sleep_as_coroutines(sleepers); }), true;
  }
  if (const Sleepers sleepers = sleepers_of(name, "thread"); sleepers.count != 0) {
    return time_sleepers(name, [&] { sleep_in_threads(sleepers); }), true;
  }
  return false;
}

}  // namespace bench
