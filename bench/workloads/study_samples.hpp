// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Latencies of some of very many, and the line of figures that a run prints.
#ifndef POOL_BENCH_STUDY_SAMPLES_HPP
#define POOL_BENCH_STUDY_SAMPLES_HPP

#include <utility>

#include "measure.hpp"

namespace bench {

struct Sample {
  void set_end(int64_t time) { ns = time - ns; }

  uint64_t number;
  int64_t ns;  // when it began; from its end on, how long it took
};

// Samples of one thread's tasks, or groups. Which ones are looked at is decided by their number, so that no place in a
// group is preferred and all subjects look at the same ones; as they become many it is one in twice as many, and those
// that would not have been looked at are forgotten. Number 0 always is. All memory is there from the start.
class Samples {
 public:
  explicit Samples(std::size_t capacity) : samples_(capacity) {}

  // Where to write about that one; null: it is not looked at. Stays until the next make_room().
  Sample* look(uint64_t number) {
    if (hash(number) > most_ || size_ == samples_.size()) return nullptr;
    samples_[size_] = {number, 0};
    return &samples_[size_++];
  }

  // Call it before `count` more, when all that are looked at are over.
  void make_room(int64_t count) {
    while (size_ != 0 && static_cast<double>(size_) + expected(count) > static_cast<double>(samples_.size())) thin();
    while (size_ == 0 && expected(count) > static_cast<double>(samples_.size())) most_ >>= 1;
  }

  // Forgets all; from now on there will be about so many in all, each of so many ns. Two looks at the clock take some
  // 60 ns: they shall make 2 % at most.
  void begin(int64_t count, double each) {
    constexpr double kLook = 3'000;
    size_ = 0;
    most_ = UINT64_MAX;
    for (; each < kLook && most_ > 1; each *= 2) most_ >>= 1;
    make_room(count);
  }

  // In ns, from the least to the largest.
  static std::vector<int64_t> sorted(const std::vector<const Samples*>& all) {
    std::vector<int64_t> times;
    for (const Samples* each : all) {
      for (std::size_t i = 0; i < each->size_; i++) {
        times.push_back(std::max<int64_t>(each->samples_[i].ns, 0));
      }
    }
    std::sort(times.begin(), times.end());
    return times;
  }

 private:
  static constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;  // spreads what is evenly spaced, multiples of anything too
  static uint64_t hash(uint64_t number) { return number * kGolden; }

  double expected(int64_t count) const {
    return static_cast<double>(count) * (static_cast<double>(most_) * 0x1p-64) + 8;
  }
  void thin() {
    most_ >>= 1;
    const auto end = samples_.begin() + static_cast<std::ptrdiff_t>(size_);
    const auto kept = std::remove_if(samples_.begin(), end, [&](const Sample& s) { return hash(s.number) > most_; });
    size_ = static_cast<std::size_t>(kept - samples_.begin());
  }

  std::vector<Sample> samples_;
  std::size_t size_ = 0;
  uint64_t most_ = UINT64_MAX;  // hash of those that are looked at
};

// One line of JSON: an object of numbers.
class Line {
 public:
  void add(const std::string& name, int64_t value) { text_ += separator() + quoted(name) + std::to_string(value); }
  void add(const std::string& name, double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.6g", value);
    text_ += separator() + quoted(name) + text;
  }
  // Three percentiles of sorted times; without any, none is known.
  void add_percentiles(const std::string& name, const std::vector<int64_t>& sorted) {
    if (sorted.empty()) return;
    for (const auto& [suffix, thousandths] :
         {std::pair("_p50", 500U), std::pair("_p99", 990U), std::pair("_p999", 999U)}) {
      add(name + suffix, sorted[sorted.size() * thousandths / 1'000]);
    }
  }
  void add(const Line& other) {
    if (!other.text_.empty()) text_ += separator() + other.text_;
  }
  void print() const { std::printf("{%s}\n", text_.c_str()); }

 private:
  std::string separator() const { return text_.empty() ? "" : ", "; }
  static std::string quoted(const std::string& name) { return "\"" + name + "\": "; }

  std::string text_;
};

}  // namespace bench

#endif  // POOL_BENCH_STUDY_SAMPLES_HPP
