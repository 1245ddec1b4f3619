// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// page.hpp - what is on the screen, line by line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/terminal.hpp"
#include "run/pace.hpp"
#include "run/view.hpp"
#include "watch/history.hpp"

namespace consumer {

/// What a page or a line shows.
struct Scene {
  const History& history;  // with a sample
  const Amount& amount;
  const Pace& pace;
  std::uint64_t capacity;                // of the pool's queue
  double seconds;                        // since the start
  const std::vector<std::string>& told;  // lines, the newest last
};

/// Lines for a terminal of that size: none as wide as it, for some terminals wrap such a one, and no more of them than
/// fit; from 80x24 on all of it is there. In ASCII unless `utf8`.
std::vector<std::string> page(const Scene& scene, const TerminalSize& size, bool utf8);

/// The same in one line, for a log: names and figures.
std::string log_line(const Scene& scene);

}  // namespace consumer
