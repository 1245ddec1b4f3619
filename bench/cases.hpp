// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The cases, once, over whatever library a Peer wraps, and the clocks around them.
#ifndef POOL_BENCH_CASES_HPP
#define POOL_BENCH_CASES_HPP

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace bench {

constexpr int kWorkers = 2;  // worker threads, besides the thread that submits

inline int64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// User and system time of all threads of the process.
inline int64_t cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

struct Case {
  std::string_view name;
  int64_t count;   // rounds or tasks that are timed
  int64_t warmup;  // the same, before that
};

constexpr Case kFan3{"fan3", 100'000, 10'000};
constexpr Case kFlood{"flood", 1'000'000, 100'000};

// Times `body(count)` after `body(warmup)` and prints one line: case, ns and CPU ns for one of the count.
template <typename Body>
void measure(const Case& what, Body body) {
  body(what.warmup);
  const int64_t cpu = cpu_ns();
  const int64_t wall = wall_ns();
  body(what.count);
  const int64_t wall_spent = wall_ns() - wall;
  const int64_t cpu_spent = cpu_ns() - cpu;
  std::printf("%s %.1f %.1f\n", what.name.data(), static_cast<double>(wall_spent) / static_cast<double>(what.count),
              static_cast<double>(cpu_spent) / static_cast<double>(what.count));
}

// A Peer has two functions: fan3(), which makes a group, submits three empty tasks, waits and lets the group go; and
// flood(count), which submits so many empty tasks to one group and waits. The one argument names the case.
template <typename Peer>
int run(int argc, char** argv, Peer& peer) {
  const std::string_view name = argc == 2 ? argv[1] : "";
  if (name == kFan3.name) {
    measure(kFan3, [&](int64_t count) {
      for (int64_t i = 0; i < count; i++) peer.fan3();
    });
  } else if (name == kFlood.name) {
    measure(kFlood, [&](int64_t count) { peer.flood(count); });
  } else {
    std::fprintf(stderr, "usage: %s fan3|flood\n", argv[0]);
    return 2;
  }
  return 0;
}

}  // namespace bench

#endif  // POOL_BENCH_CASES_HPP
