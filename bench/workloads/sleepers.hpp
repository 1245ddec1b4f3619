// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Tasks that do nothing but sleep: the home ground of goroutines. Each case prints its wall and CPU time in ms, and as
// NAME-rss the most memory that the process ever had, in MB.
//
//   sleepers-HOW       10^6 tasks of 10 ms, 5x10^4 of them in flight (ideal: 200 ms)
//   sleepers-HOW-all   10^6 tasks of 10 ms, all in flight at once (ideal: 10 ms and what it takes to start them)
//   sleepers-HOW-3s    the same, of 3 s: all are in flight before the first wakes, which is what the memory is about
//   sleepers-HOW-1024  102,400 tasks of 10 ms, 1024 in flight (ideal: 1000 ms); -100ms: of 100 ms (ideal: 10 s)
//
// HOW is a coroutine, a delayed task in C (which hands itself back), or a thread.
#ifndef POOL_BENCH_SLEEPERS_HPP
#define POOL_BENCH_SLEEPERS_HPP

#include <string>
#include <string_view>

#include "measure.hpp"

namespace bench {

struct Sleepers {
  int count = 0;
  int in_flight = 0;
  int64_t ns = 0;
};

// What the case of that name asks for; count 0: it is none of these.
inline Sleepers sleepers_of(std::string_view name, std::string_view how) {
  const std::string prefix = "sleepers-" + std::string(how);
  if (name.substr(0, prefix.size()) != prefix) return {};
  const std::string_view which = name.substr(prefix.size());
  const int million = quick() ? 200'000 : 1'000'000;
  const int hundred = quick() ? 20'480 : 102'400;
  if (which.empty()) return {million, 50'000, 10'000'000};
  if (which == "-all") return {million, million, 10'000'000};
  if (which == "-3s") return {million, million, 3'000'000'000};
  if (which == "-1024") return {hundred, 1'024, 10'000'000};
  if (which == "-100ms") return {hundred, 1'024, 100'000'000};
  return {};
}

// Measures body(), which returns when all have slept.
template <typename Body>
void time_sleepers(const std::string& name, Body body) {
  const int64_t cpu = cpu_ns();
  const int64_t wall = wall_ns();
  body();
  const double spent = static_cast<double>(wall_ns() - wall) / 1e6;
  print(name.c_str(), spent, static_cast<double>(cpu_ns() - cpu) / 1e6);
  print((name + "-rss").c_str(), most_resident() / 1e6);
}

}  // namespace bench

#endif  // POOL_BENCH_SLEEPERS_HPP
