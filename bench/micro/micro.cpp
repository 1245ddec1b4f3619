// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What single calls cost, with Google Benchmark: build/bench/micro. The workers sit in a system call but where a
// comment says otherwise, so that one thread is timed and nobody is woken.
#include <benchmark/benchmark.h>
#include <pool/pool.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr int kWorkers = 2;
constexpr int kBatch = 1'000;

void check(pool_status_t status) {
  if (status == POOL_OK) return;
  std::fprintf(stderr, "%s\n", pool_status_str(status));
  std::exit(1);
}

int32_t nothing(void* /*ctx*/) { return 0; }

// A pool with a group; `busy` workers are blocked.
class Fixture {
 public:
  explicit Fixture(int busy) {
    pool_options_t options;
    check(pool_options_init(&options, sizeof options));
    options.max_workers = kWorkers;
    check(pool_create(&options, &pool));
    check(pool_group_create(pool, nullptr, &group));
    check(pool_group_create(pool, nullptr, &blockers_));
    if (pipe(ends_) != 0) std::abort();
    for (int i = 0; i < busy; i++) {
      check(pool_group_submit(blockers_, block, this));
      while (blocked_.load() <= i) usleep(100);
    }
  }
  ~Fixture() {
    close(ends_[1]);
    check(pool_destroy(pool));
    close(ends_[0]);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  pool_t pool{};
  pool_group_t group{};

 private:
  static int32_t block(void* ctx) {
    char byte = 0;
    static_cast<Fixture*>(ctx)->blocked_.fetch_add(1);
    return static_cast<int32_t>(read(static_cast<Fixture*>(ctx)->ends_[0], &byte, 1));
  }

  pool_group_t blockers_{};
  std::atomic<int> blocked_{0};
  int ends_[2] = {};
};

void per_task(benchmark::State& state) { state.SetItemsProcessed(state.iterations() * kBatch); }

// The submits alone; the tasks are run while the clock stands.
void submit(benchmark::State& state) {
  Fixture f(kWorkers);
  for (auto _ : state) {
    for (int i = 0; i < kBatch; i++) check(pool_group_submit(f.group, nothing, nullptr));
    state.PauseTiming();
    check(pool_group_wait(f.group));
    state.ResumeTiming();
  }
  per_task(state);
}
BENCHMARK(submit);

void submit_n(benchmark::State& state) {
  Fixture f(kWorkers);
  static void* contexts[kBatch];
  for (auto _ : state) {
    check(pool_group_submit_n(f.group, nothing, contexts, kBatch, nullptr, nullptr));
    state.PauseTiming();
    check(pool_group_wait(f.group));
    state.ResumeTiming();
  }
  per_task(state);
}
BENCHMARK(submit_n);

void submit_task(benchmark::State& state) {
  Fixture f(kWorkers);
  char context[POOL_TASK_COPY_MAX] = {};
  pool_task_t task;
  check(pool_task_init(&task, sizeof task));
  task.fn = nothing;
  task.ctx = context;
  task.copy_size = static_cast<uint64_t>(state.range(0));
  for (auto _ : state) {
    for (int i = 0; i < kBatch; i++) check(pool_group_submit_task(f.group, &task));
    state.PauseTiming();
    check(pool_group_wait(f.group));
    state.ResumeTiming();
  }
  per_task(state);
}
BENCHMARK(submit_task)->ArgName("copied")->Arg(0)->Arg(24)->Arg(48);

// Claiming and running empty tasks in a wait; they are submitted while the clock stands.
void claim(benchmark::State& state) {
  Fixture f(kWorkers);
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < kBatch; i++) check(pool_group_submit(f.group, nothing, nullptr));
    state.ResumeTiming();
    check(pool_group_wait(f.group));
  }
  per_task(state);
}
BENCHMARK(claim);

// Submit one and wait, with blocked workers (busy: 2) or idle ones, who may have to be woken.
void submit_and_wait(benchmark::State& state) {
  Fixture f(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    check(pool_group_submit(f.group, nothing, nullptr));
    check(pool_group_wait(f.group));
  }
}
BENCHMARK(submit_and_wait)->ArgName("busy")->Arg(kWorkers)->Arg(0)->UseRealTime();

void wait_of_empty(benchmark::State& state) {
  Fixture f(kWorkers);
  for (auto _ : state) check(pool_group_wait(f.group));
}
BENCHMARK(wait_of_empty);

void group_create_destroy(benchmark::State& state) {
  Fixture f(kWorkers);
  for (auto _ : state) {
    pool_group_t group;
    check(pool_group_create(f.pool, nullptr, &group));
    check(pool_group_destroy(group));
  }
}
BENCHMARK(group_create_destroy);

void group_create(benchmark::State& state) {
  Fixture f(kWorkers);
  static pool_group_t groups[kBatch];
  for (auto _ : state) {
    for (pool_group_t& group : groups) check(pool_group_create(f.pool, nullptr, &group));
    state.PauseTiming();
    for (const pool_group_t group : groups) check(pool_group_destroy(group));
    state.ResumeTiming();
  }
  per_task(state);
}
BENCHMARK(group_create);

void group_destroy(benchmark::State& state) {
  Fixture f(kWorkers);
  static pool_group_t groups[kBatch];
  for (auto _ : state) {
    state.PauseTiming();
    for (pool_group_t& group : groups) check(pool_group_create(f.pool, nullptr, &group));
    state.ResumeTiming();
    for (const pool_group_t group : groups) check(pool_group_destroy(group));
  }
  per_task(state);
}
BENCHMARK(group_destroy);

// The whole life of a pool, without a thread and (one task) with one.
void pool_create_destroy(benchmark::State& state) {
  for (auto _ : state) {
    pool_t pool;
    check(pool_create(nullptr, &pool));
    for (int64_t i = 0; i < state.range(0); i++) check(pool_submit(pool, nothing, nullptr));
    check(pool_destroy(pool));
  }
}
BENCHMARK(pool_create_destroy)->ArgName("tasks")->Arg(0)->Arg(1)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
