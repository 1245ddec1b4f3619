// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// progress.hpp - the bar on a terminal, and lines beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace consumer {

/// What the bar shows.
struct ProgressView {
  std::uint64_t done = 0;  // messages settled for good
  std::uint64_t open = 0;  // messages that are left
  std::uint32_t workers = 0;
  std::uint64_t queued = 0;  // tasks in the pool's queue
};

/// Draws on stderr, if that is a terminal and a bar is wanted. One thread.
class Progress {
 public:
  explicit Progress(bool wanted);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws the bar anew, at most ten times a second.
  void draw(const ProgressView& view);

  /// Writes a line to stderr; the bar comes back below it.
  void line(const std::string& text);

  /// Takes the bar away.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void measure(std::uint64_t done, Clock::time_point now);

  const bool on_;
  bool drawn_ = false;
  double rate_ = 0;  // messages a second, of the last few seconds
  std::uint64_t last_done_ = 0;
  Clock::time_point last_{};
};

}  // namespace consumer
