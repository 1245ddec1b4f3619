// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// histogram.hpp - percentiles of durations in fixed memory.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace consumer {

/// Counts durations in buckets that grow with the value, so that a percentile is at most 1/16 too large.
class Histogram {
 public:
  void add(std::uint64_t ns) {
    counts_[bucket(ns)]++;
    total_++;
  }

  /// Returns the upper end of the bucket that holds the given share (0 to 1) of the durations; 0 if there are none.
  std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); i++) {
      seen += counts_[i];
      if (seen > wanted || (seen == total_ && total_ > 0)) return upper_end(i);
    }
    return 0;
  }

 private:
  // Values below 16 have a bucket each; every doubling above has 16.
  static std::size_t bucket(std::uint64_t ns) {
    if (ns < 16) return static_cast<std::size_t>(ns);
    const auto doubling = static_cast<std::size_t>(std::bit_width(ns)) - 5;  // ns >> doubling is 16 to 31
    return doubling * 16 + static_cast<std::size_t>(ns >> doubling);
  }
  static std::uint64_t upper_end(std::size_t bucket) {
    if (bucket < 32) return bucket;
    const std::size_t doubling = bucket / 16 - 1;
    return ((std::uint64_t{bucket} % 16 + 17) << doubling) - 1;
  }

  std::array<std::uint64_t, 61 * 16> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace consumer
