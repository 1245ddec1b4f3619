// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "watch/history.hpp"

namespace consumer {
namespace {

constexpr std::size_t recent = 10;
constexpr std::size_t most_kept = 300;  // as wide as a chart may be

void push(std::deque<double>& values, double value) {
  values.push_back(value);
  if (values.size() > most_kept) values.pop_front();
}

}  // namespace

std::optional<Sample> sample(pool_t pool) {
  Sample sample{.at = std::chrono::steady_clock::now(), .stats = {}, .waits = {}, .runs = {}};
  if (pool_stats(pool, &sample.stats, sizeof sample.stats) != POOL_OK ||
      pool_histogram(pool, POOL_HISTOGRAM_WAIT, &sample.waits, sizeof sample.waits) != POOL_OK ||
      pool_histogram(pool, POOL_HISTOGRAM_RUN, &sample.runs, sizeof sample.runs) != POOL_OK) {
    return std::nullopt;
  }
  return sample;
}

void History::add(const Sample& sample) {
  if (samples_.empty()) {
    samples_.push_back({.at = sample.at, .stats = {}, .waits = {}, .runs = {}});  // what there was before: nothing
  } else {
    const double seconds = std::chrono::duration<double>(sample.at - now().at).count();
    const auto ended = static_cast<double>(sample.stats.finished - now().stats.finished);
    push(rates_, seconds > 0 ? ended / seconds : 0);
  }
  push(ages_, static_cast<double>(sample.stats.oldest_wait));
  samples_.push_back(sample);
  if (samples_.size() > recent + 1) samples_.pop_front();
}

// The longest of the newer ones is not known; it bounds a percentile from above all the same.
pool_histogram_t History::between(const pool_histogram_t& then, const pool_histogram_t& now) {
  pool_histogram_t newer = now;
  newer.count -= then.count;
  newer.sum -= then.sum;
  for (std::size_t i = 0; i < POOL_HISTOGRAM_BUCKETS; i++) newer.buckets[i] -= then.buckets[i];
  return newer;
}

}  // namespace consumer
