// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/pace.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace consumer {

void Pace::measure(std::uint64_t done, Clock::time_point now) {
  if (last_ != Clock::time_point{}) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    const double rate = static_cast<double>(done - std::min(done, last_done_)) / seconds;
    const double keep = rate_ == 0 ? 0 : std::exp(-seconds / 3);
    rate_ = keep * rate_ + (1 - keep) * rate;
  }
  last_ = now;
  last_done_ = done;
}

std::string Pace::eta(std::uint64_t open) const {
  return rate_ > 0.01 ? clock_text(static_cast<double>(open) / rate_) : "-";
}

}  // namespace consumer
