// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The buckets of a histogram of durations: four for each power of two, so that a bucket's bound is at most a quarter
// more than what is in it.
#pragma once

#include <bit>
#include <cstdint>

namespace pool::base {

inline constexpr std::uint32_t histogram_buckets = 160;
// Everything below 2^6 ns is in the first bucket; the last one has no bound.
inline constexpr std::uint32_t histogram_first_bits = 6;

constexpr std::uint32_t bucket_of(std::int64_t duration) {
  if (duration < (1 << histogram_first_bits)) return 0;
  const auto value = static_cast<std::uint64_t>(duration);
  const auto power = static_cast<std::uint32_t>(std::bit_width(value) - 1);
  const auto quarter = static_cast<std::uint32_t>(value >> (power - 2) & 3U);
  const std::uint32_t bucket = 1 + (power - histogram_first_bits) * 4 + quarter;
  return bucket < histogram_buckets ? bucket : histogram_buckets - 1;
}

// The least duration that is in a later one.
constexpr std::int64_t bucket_end(std::uint32_t bucket) {
  if (bucket >= histogram_buckets - 1) return INT64_MAX;
  const std::uint32_t power = histogram_first_bits + bucket / 4;
  return (std::int64_t{1} << power) + (std::int64_t{bucket % 4} << (power - 2));
}

}  // namespace pool::base
