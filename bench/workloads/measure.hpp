// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What every program of the bench written in C++ shares: clocks, what the system says about this process, and the one
// line that a case prints: its name, its value, the CPU time (user and system, all threads) that one unit took.
#ifndef POOL_BENCH_MEASURE_HPP
#define POOL_BENCH_MEASURE_HPP

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace bench {

inline int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

inline int64_t wall_ns() { return read_clock(CLOCK_MONOTONIC); }
inline int64_t cpu_ns() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

// Work that takes so long, by the clock.
inline void spin(int64_t ns) {
  const int64_t end = wall_ns() + ns;
  while (wall_ns() < end) {
  }
}

// Work that takes so much of this thread's own time, whoever else has the processor meanwhile.
inline void burn(int64_t ns) {
  const int64_t end = read_clock(CLOCK_THREAD_CPUTIME_ID) + ns;
  while (read_clock(CLOCK_THREAD_CPUTIME_ID) < end) {
  }
}

inline void sleep_ns(int64_t ns) {
  const timespec time{ns / 1'000'000'000, ns % 1'000'000'000};
  nanosleep(&time, nullptr);
}

// BENCH_QUICK=1 makes a fifth of all rounds.
inline bool quick() {
  const char* text = std::getenv("BENCH_QUICK");
  return text != nullptr && *text == '1';
}
inline int64_t rounds(int64_t count) { return quick() ? std::max<int64_t>(count / 5, 1) : count; }

// Worker threads where a case does not say how many: 2, or BENCH_WORKERS.
inline int default_workers() {
  const char* text = std::getenv("BENCH_WORKERS");
  return text == nullptr ? 2 : std::max(std::atoi(text), 1);
}

inline void print(const char* name, double value, double cpu) {
  std::printf("%s %.4g %.4g\n", name, value, cpu);
  std::fflush(stdout);
}
inline void print(const char* name, double value) { std::printf("%s %.4g -\n", name, value); }

// Times `body(count)` after `body(count / 10)`.
template <typename Body>
void time_each(const char* name, int64_t count, Body body) {
  body(std::max<int64_t>(count / 10, 1));
  const int64_t cpu = cpu_ns();
  const int64_t wall = wall_ns();
  body(count);
  const auto wall_spent = static_cast<double>(wall_ns() - wall);
  const auto cpu_spent = static_cast<double>(cpu_ns() - cpu);
  print(name, wall_spent / static_cast<double>(count), cpu_spent / static_cast<double>(count));
}

// Prints NAME-p50 and NAME-p99 of samples; each took `cpu`.
inline void print_percentiles(const std::string& name, std::vector<int64_t>& samples, double cpu) {
  std::sort(samples.begin(), samples.end());
  print((name + "-p50").c_str(), static_cast<double>(samples[samples.size() / 2]), cpu);
  print((name + "-p99").c_str(), static_cast<double>(samples[samples.size() * 99 / 100]), cpu);
}

// Resident memory of this process in bytes.
inline double resident() {
  long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// A number that the system tells of this process, e.g. of the line "Threads:"; 0: there is no such line.
inline long status_of(const char* name) {
  long value = 0;
  if (FILE* file = std::fopen("/proc/self/status", "re")) {
    char line[256];
    while (std::fgets(line, sizeof line, file) != nullptr) {
      if (std::strncmp(line, name, std::strlen(name)) != 0) continue;
      value = std::atol(line + std::strlen(name));
      break;
    }
    std::fclose(file);
  }
  return value;
}

// The most bytes of memory that this program ever had. (getrusage() counts what its parent had before it, too.)
inline double most_resident() { return static_cast<double>(status_of("VmHWM:")) * 1024; }

// What the threads besides the calling one have done so far.
struct Activity {
  double switches = 0;  // context switches
  double cpu = 0;       // ns on a CPU
};

inline Activity activity_of_others() {
  Activity sum;
  DIR* threads = opendir("/proc/self/task");
  if (threads == nullptr) return sum;
  while (const dirent* thread = readdir(threads)) {
    if (thread->d_name[0] == '.' || std::atoi(thread->d_name) == gettid()) continue;
    const std::string folder = std::string("/proc/self/task/") + thread->d_name;
    char line[256];
    if (FILE* file = std::fopen((folder + "/status").c_str(), "re")) {
      while (std::fgets(line, sizeof line, file) != nullptr) {
        const char* found = std::strstr(line, "ctxt_switches:");
        if (found != nullptr) sum.switches += std::atof(found + std::strlen("ctxt_switches:"));
      }
      std::fclose(file);
    }
    if (FILE* file = std::fopen((folder + "/schedstat").c_str(), "re")) {
      if (std::fgets(line, sizeof line, file) != nullptr) sum.cpu += std::atof(line);
      std::fclose(file);
    }
  }
  closedir(threads);
  return sum;
}

}  // namespace bench

#endif  // POOL_BENCH_MEASURE_HPP
