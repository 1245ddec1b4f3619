// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the cases would cost with no pool at all: the tasks alone, on threads that were there before.
#include <atomic>
#include <thread>

#include "measure.hpp"

namespace {

// On two threads, half of the tasks each.
void tasks_1us() {
  bench::time_each("tasks-1us", bench::rounds(200'000), [](int64_t count) {
    const auto half = [count] {
      for (int64_t i = 0; i < count / 2; i++) bench::spin(1'000);
    };
    std::thread other(half);
    half();
    other.join();
  });
}

// On 32 threads.
void blocking(const char* name) {
  std::atomic<bool> begin{false};
  std::atomic<int> next{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 32; i++) {
    threads.emplace_back([&] {
      begin.wait(false);
      while (next.fetch_add(1) < 1'000) bench::sleep_ns(10'000'000);
    });
  }
  const int64_t cpu = bench::cpu_ns();
  const int64_t wall = bench::wall_ns();
  begin = true;
  begin.notify_all();
  for (std::thread& thread : threads) thread.join();
  bench::print(name, static_cast<double>(bench::wall_ns() - wall) / 1e6,
               static_cast<double>(bench::cpu_ns() - cpu) / 1e6);
}

// On two threads that compute and so many that sleep that they are done at the same time.
void mixed(const char* name) {
  constexpr int kSleepers = 10;
  std::atomic<bool> begin{false};
  std::atomic<int> sleeps{0};
  std::atomic<int> turns{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kSleepers + 2; i++) {
    threads.emplace_back([&, is_sleeper = i < kSleepers] {
      begin.wait(false);
      if (is_sleeper) {
        while (sleeps.fetch_add(1) < 500) bench::sleep_ns(5'000'000);
      } else {
        while (turns.fetch_add(1) < 500) bench::burn(1'000'000);
      }
    });
  }
  const int64_t cpu = bench::cpu_ns();
  const int64_t wall = bench::wall_ns();
  begin = true;
  begin.notify_all();
  for (std::thread& thread : threads) thread.join();
  bench::print(name, static_cast<double>(bench::wall_ns() - wall) / 1e6,
               static_cast<double>(bench::cpu_ns() - cpu) / 1e6);
  bench::print((std::string(name) + "-threads").c_str(), kSleepers + 2);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc == 2 ? argv[1] : "";
  if (name == "tasks-1us") {
    tasks_1us();
  } else if (name == "blocking" || name == "blocking-burst") {
    blocking(name.c_str());
  } else if (name == "mixed-blocking") {
    mixed(name.c_str());
  } else {
    std::fprintf(stderr, "usage: %s tasks-1us|blocking|blocking-burst|mixed-blocking\n", argv[0]);
    return 2;
  }
  return 0;
}
