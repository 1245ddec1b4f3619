// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// watch.hpp - a run with its pool, live.
#pragma once

#include <optional>

#include "run/pace.hpp"
#include "run/view.hpp"
#include "watch/history.hpp"
#include "watch/page.hpp"
#include "watch/screen.hpp"

namespace consumer {

/// Shows the pool once a second: a page on the screen if stdout is a terminal, else a line on stdout. Lines that are
/// told are at the bottom of the page, and on stderr when it is gone; without a page they are there at once.
class Watch : public View {
 public:
  /// `capacity`: of the pool's queue.
  Watch(pool_t pool, std::uint64_t capacity);
  ~Watch() override { close(); }

  void show(const Amount& amount) override;
  void line(const std::string& text) override;
  void end(const Amount& amount) override;

 private:
  using Clock = std::chrono::steady_clock;

  void close();
  bool look();
  void draw();
  void print();
  Scene scene() const;

  const pool_t pool_;
  const std::uint64_t capacity_;
  const bool utf8_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point next_ = begin_;
  std::optional<Screen> screen_;
  Amount amount_;
  Pace pace_;
  History history_;
  std::vector<std::string> told_;
};

}  // namespace consumer
