// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the stress programs share: a seed that is printed (and taken from the first argument), counts that the
// environment variable POOL_TEST_SCALE multiplies, checks that end the program, and jobs that know whether they were
// run and dropped.
#pragma once

#include <pool/pool.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#define CHECK(condition) stress::check((condition), #condition, __FILE__, __LINE__)
#define CHECK_STATUS(call, expected) stress::check_status((call), (expected), #call, __FILE__, __LINE__)
#define OK(call) CHECK_STATUS(call, POOL_OK)

namespace stress {

// _exit: other threads are at work, and what they would meet during exit() is not what the test is about.
inline void (*before_end)() = nullptr;  // says more of what failed
[[noreturn]] inline void fail() {
  if (before_end != nullptr) before_end();
  std::fflush(nullptr);
  _exit(1);
}
inline void check(bool fine, const char* text, const char* file, int line) {
  if (fine) return;
  std::fprintf(stderr, "%s:%d: not true: %s\n", file, line, text);
  fail();
}
inline void check_status(pool_status_t got, pool_status_t expected, const char* call, const char* file, int line) {
  if (got == expected) return;
  std::fprintf(stderr, "%s:%d: %s gave %s, not %s\n", file, line, call, pool_status_name(got),
               pool_status_name(expected));
  fail();
}

inline std::uint32_t seed = 0;
inline double scale = 1;

// First in main().
inline void begin(int argc, char** argv) {
  seed = argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : std::random_device{}();
  if (const char* text = std::getenv("POOL_TEST_SCALE"); text != nullptr) scale = std::strtod(text, nullptr);
  if (!(scale > 0)) scale = 1;
  std::printf("seed %u, scale %g\n", seed, scale);
  std::fflush(stdout);
}

inline int scaled(int count) {
  const double wanted = count * scale;
  return wanted < 1 ? 1 : static_cast<int>(wanted);
}

// The random numbers of one thread.
class Random {
 public:
  explicit Random(std::uint32_t stream) : engine_(seed + 0x9e3779b9U * (stream + 1)) {}
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(engine_()) % bound; }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

 private:
  std::mt19937 engine_;
};

template <class Body>
void in_threads(int count, Body&& body) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

// A thread that may be ended by pthread_exit: std::thread would call std::terminate.
class RawThread {
 public:
  RawThread(void* (*entry)(void*), void* argument) { CHECK(pthread_create(&thread_, nullptr, entry, argument) == 0); }
  void join() { pthread_join(thread_, nullptr); }

 private:
  pthread_t thread_{};
};

inline pool_t make_pool(std::uint32_t workers, std::uint32_t capacity = 0, std::uint32_t overflow = 0) {
  pool_options_t options;
  pool_t pool;
  OK(pool_options_init(&options, sizeof options));
  options.max_workers = workers;
  options.queue_capacity = capacity;
  options.overflow = overflow;
  OK(pool_create(&options, &pool));
  return pool;
}

inline pool_group_t make_group(pool_t pool) {
  pool_group_t group;
  OK(pool_group_create(pool, nullptr, &group));
  return group;
}

inline pool_stats_t stats_of(pool_t pool) {
  pool_stats_t stats;
  OK(pool_stats(pool, &stats, sizeof stats));
  return stats;
}

inline pool_group_stats_t stats_of(pool_group_t group) {
  pool_group_stats_t stats;
  OK(pool_group_stats(group, &stats, sizeof stats));
  return stats;
}

// A job: what becomes of one submit. Its memory outlives the pool.
struct Job {
  std::atomic<std::uint32_t> runs{0};
  std::atomic<std::uint32_t> drops{0};
  bool accepted = false;
  std::int32_t result = 0;
  bool exits = false;

  static std::int32_t run(void* ctx) {
    auto* job = static_cast<Job*>(ctx);
    CHECK(job->drops == 0);
    job->runs.fetch_add(1);
    if (job->exits) pthread_exit(nullptr);
    return job->result;
  }
  static void drop(void* ctx) { static_cast<Job*>(ctx)->drops.fetch_add(1); }

  pool_status_t submit(pool_group_t group, std::uint32_t overflow = 0) {
    pool_task_t task;
    OK(pool_task_init(&task, sizeof task));
    task.fn = run;
    task.ctx = this;
    task.drop = drop;
    task.overflow = overflow;
    const pool_status_t status = pool_group_submit_task(group, &task);
    accepted = status == POOL_OK;
    return status;
  }
};

// The account of many jobs, each of which may have been submitted.
class Jobs {
 public:
  explicit Jobs(int count) : jobs_(new Job[static_cast<std::size_t>(count)]), count_(count) {}
  Job& operator[](int i) { return jobs_[static_cast<std::size_t>(i)]; }

  // At the end: every accepted one was dropped once, after at most one run; nobody touched a refused one.
  void check(bool may_be_cancelled) {
    for (int i = 0; i < count_; ++i) {
      const Job& job = jobs_[static_cast<std::size_t>(i)];
      CHECK(job.drops == (job.accepted ? 1U : 0U));
      CHECK(job.runs <= job.drops);
      if (job.accepted && !may_be_cancelled) CHECK(job.runs == 1);
      accepted += job.accepted ? 1 : 0;
      runs += job.runs;
    }
  }

  std::uint64_t accepted = 0;  // set by check()
  std::uint64_t runs = 0;

 private:
  std::unique_ptr<Job[]> jobs_;
  int count_;
};

inline constexpr std::uint32_t worker_counts[] = {1, 2, 3, 4, 8, 64};

}  // namespace stress
