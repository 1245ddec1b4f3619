// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// chart.hpp - bars and sparklines out of characters.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

namespace consumer {

/// Draws with Unicode's block elements, or with ASCII where these cannot be shown.
class Chart {
 public:
  explicit Chart(bool utf8) : utf8_(utf8) {}

  /// A bar of `width` columns: `full` of `all` dark, `half` more of them grey, the rest empty.
  std::string bar(double full, double half, double all, std::size_t width) const;

  /// The newest `width` values, the last at the right; the height of each is its share of the highest shown.
  std::string sparkline(const std::deque<double>& values, std::size_t width) const;

  /// The highest that sparkline() shows.
  static double highest(const std::deque<double>& values, std::size_t width);

 private:
  const bool utf8_;
};

}  // namespace consumer
