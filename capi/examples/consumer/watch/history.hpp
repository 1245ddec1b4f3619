// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// history.hpp - what the pool said of itself, second by second.
#pragma once

#include <pool/insight.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace consumer {

/// A pool's figures at one moment, all of them from its public functions.
struct Sample {
  std::chrono::steady_clock::time_point at;
  pool_stats_t stats;
  pool_histogram_t waits, runs;
};

/// Nothing if the pool gives none.
std::optional<Sample> sample(pool_t pool);

/// The last few minutes: what sparklines are made of. One thread.
class History {
 public:
  /// Adds the newest sample.
  void add(const Sample& sample);

  /// Requires: a sample was added.
  const Sample& now() const { return samples_.back(); }

  /// One for each sample, the newest last.
  const std::deque<double>& rates() const { return rates_; }  // tasks that ended, a second
  const std::deque<double>& ages() const { return ages_; }    // of the queue, ns

  /// Of the tasks that were over, or had begun, within the last ten samples.
  pool_histogram_t recent_waits() const { return between(samples_.front().waits, now().waits); }
  pool_histogram_t recent_runs() const { return between(samples_.front().runs, now().runs); }

 private:
  static pool_histogram_t between(const pool_histogram_t& then, const pool_histogram_t& now);

  std::deque<Sample> samples_;  // the last ten, and the one before
  std::deque<double> rates_, ages_;
};

}  // namespace consumer
