// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What a task of the study does. Each kind is a class with run(), which gets the task's number, and perhaps prepare(),
// which is called once, before anything is measured.
#ifndef POOL_BENCH_STUDY_WORK_HPP
#define POOL_BENCH_STUDY_WORK_HPP

#include <array>
#include <cmath>
#include <mutex>
#include <string_view>

#include "measure.hpp"

namespace bench {

inline int64_t work_time;  // ns, of all tasks of the process

// Numbers that look random and are the same in each run.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {  // splitmix64
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // From 0 to below 1.
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

namespace work {

struct Empty {
  static void run(uint64_t /*number*/) {}
};

struct Spin {
  static void run(uint64_t /*number*/) { spin(work_time); }
};

struct Touch {
  static constexpr std::size_t kBytes = 64 << 10;
  static constexpr std::size_t kLine = 64;
  static void run(uint64_t /*number*/) {
    void* bytes = std::malloc(kBytes);
    if (bytes == nullptr) std::abort();
    volatile char* byte = static_cast<char*>(bytes);  // volatile: else the whole of it could be left out
    for (std::size_t i = 0; i < kBytes; i += kLine) byte[i] = 1;
    std::free(bytes);
  }
};

// 64 levels, each of which fills an array of 1 KiB.
struct Stack {
  static constexpr int kFrame = 1 << 10;
  static void run(uint64_t /*number*/) { recur(64); }
  [[gnu::noinline]] static void recur(int left) {
    char frame[kFrame];
    std::memset(frame, left, sizeof frame);
    may_read(frame);
    if (left > 1) recur(left - 1);
    may_read(frame);  // after the call, so that it is no jump
  }
  // As far as the compiler knows: so all of it has to be there.
  static void may_read(const char* bytes) { asm volatile("" : : "r"(bytes) : "memory"); }
};

struct Sleep {
  static void run(uint64_t /*number*/) { sleep_ns(work_time); }
};

struct File {
  static constexpr std::size_t kBytes = 16 << 10;
  static inline int file = -1;
  static void prepare() {
    char name[] = "/tmp/pool-study-XXXXXX";
    file = mkstemp(name);
    const std::vector<char> bytes(kBytes, 'x');
    if (file < 0 || unlink(name) != 0 || write(file, bytes.data(), kBytes) != kBytes) std::abort();
  }
  static void run(uint64_t /*number*/) {
    char bytes[kBytes];
    if (pread(file, bytes, kBytes, 0) != kBytes) std::abort();
  }
};

struct Lock {
  static inline std::mutex mutex;
  static void run(uint64_t /*number*/) {
    const std::lock_guard lock(mutex);
    spin(200);
  }
};

// The lengths are the midpoints of 4,096 parts of the distribution that are as likely as one another, scaled so that
// their mean is exactly what was asked for, in an order that looks random. So whoever runs a multiple of 4,096 tasks
// has the same work as the others. The longest is some 130 times the mean.
struct Pareto {
  static constexpr std::size_t kLengths = 4'096;
  static inline std::array<int64_t, kLengths> lengths;
  static void prepare() {
    constexpr double kAlpha = 1.5;
    std::array<double, kLengths> parts;
    double sum = 0;
    for (std::size_t i = 0; i < kLengths; i++) {
      parts[i] = std::pow((static_cast<double>(i) + 0.5) / kLengths, -1 / kAlpha);
      sum += parts[i];
    }
    Random random(1);
    for (std::size_t i = kLengths; i > 1; i--) std::swap(parts[i - 1], parts[random.next() % i]);
    const double scale = static_cast<double>(work_time) * kLengths / sum;
    for (std::size_t i = 0; i < kLengths; i++) {
      lengths[i] = std::min(static_cast<int64_t>(parts[i] * scale), 1'000 * work_time);
    }
  }
  static void run(uint64_t number) { spin(lengths[number % kLengths]); }
};

}  // namespace work

// Calls body(kind) with the kind of that name, prepared; false if there is none.
template <typename Body>
bool with_work(std::string_view name, Body body) {
  const auto call = [&](auto kind) {
    if constexpr (requires { kind.prepare(); }) kind.prepare();
    body(kind);
    return true;
  };
  if (name == "empty") return call(work::Empty{});
  if (name == "spin") return call(work::Spin{});
  if (name == "touch") return call(work::Touch{});
  if (name == "stack") return call(work::Stack{});
  if (name == "sleep") return call(work::Sleep{});
  if (name == "file") return call(work::File{});
  if (name == "lock") return call(work::Lock{});
  if (name == "pareto") return call(work::Pareto{});
  return false;
}

}  // namespace bench

#endif  // POOL_BENCH_STUDY_WORK_HPP
