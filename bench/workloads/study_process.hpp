// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the study asks the system about this process: what it has used, how many threads it has, what stays of it when
// there is nothing to do.
#ifndef POOL_BENCH_STUDY_PROCESS_HPP
#define POOL_BENCH_STUDY_PROCESS_HPP

#include <sys/resource.h>

#include "measure.hpp"
#include "study_samples.hpp"

namespace bench {

struct Usage {
  int64_t wall = 0;      // ns
  int64_t cpu = 0;       // ns, of all threads
  int64_t switches = 0;  // of all threads, wanted or not

  static Usage now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return {wall_ns(), cpu_ns(), usage.ru_nvcsw + usage.ru_nivcsw};
  }
  Usage& operator+=(const Usage& other) {
    wall += other.wall;
    cpu += other.cpu;
    switches += other.switches;
    return *this;
  }
  friend Usage operator-(Usage a, const Usage& b) { return {a.wall - b.wall, a.cpu - b.cpu, a.switches - b.switches}; }
};

inline int64_t threads_now() { return status_of("Threads:"); }

// The most threads that were seen. Each look takes some 20 us: it is rare, and never in the first 20 ms.
class ThreadWatch {
 public:
  void look_sometimes() {
    if (wall_ns() - last_ < 20'000'000) return;
    look();
    last_ = wall_ns();
  }
  void look() { most_ = std::max(most_, threads_now()); }
  int64_t most() const { return most_; }

 private:
  int64_t last_ = wall_ns();
  int64_t most_ = 0;
};

// What stays after the last round, which has just ended, up to `settle_ms`. The thread that looks is not counted into
// the CPU time.
inline void watch_settling(int64_t settle_ms, Line& line) {
  const auto cpu_of_others = [] { return cpu_ns() - read_clock(CLOCK_THREAD_CPUTIME_ID); };
  const int64_t end = wall_ns();
  const int64_t used = cpu_of_others();
  for (const int64_t ms : {0, 100, 300, 1'000, 3'000, 12'000}) {
    if (ms > settle_ms) break;
    sleep_ns(std::max<int64_t>(end + ms * 1'000'000 - wall_ns(), 0));
    const std::string suffix = "_" + std::to_string(ms);
    line.add("rss" + suffix, static_cast<int64_t>(resident()));
    line.add("threads" + suffix, threads_now());
    line.add("idle_cpu" + suffix, std::max<int64_t>(cpu_of_others() - used, 0));
  }
}

}  // namespace bench

#endif  // POOL_BENCH_STUDY_PROCESS_HPP
