// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// progress.hpp - the bar on a terminal, and lines beside it.
#pragma once

#include <pool/pool.h>

#include "run/pace.hpp"
#include "run/view.hpp"

namespace consumer {

/// A bar on stderr, if that is a terminal and a bar is wanted, drawn anew at most ten times a second. Lines are told at
/// once; the bar comes back below them.
class Progress : public View {
 public:
  Progress(pool_t pool, bool wanted);
  ~Progress() override { clear(); }

  void show(const Amount& amount) override;
  void line(const std::string& text) override;
  void end(const Amount&) override { clear(); }

 private:
  using Clock = std::chrono::steady_clock;

  void clear();

  const pool_t pool_;
  const bool on_;
  bool drawn_ = false;
  Pace pace_;
  Clock::time_point last_{};
};

}  // namespace consumer
