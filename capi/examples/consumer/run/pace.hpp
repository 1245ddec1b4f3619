// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// pace.hpp - how fast a run gets on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace consumer {

/// Messages a second, as an average that forgets: what is three seconds old counts a third.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  void measure(std::uint64_t done, Clock::time_point now);

  double rate() const { return rate_; }

  /// How long `open` messages will take: "2:03", or "-" if nothing moves.
  std::string eta(std::uint64_t open) const;

 private:
  double rate_ = 0;
  std::uint64_t last_done_ = 0;
  Clock::time_point last_{};
};

}  // namespace consumer
