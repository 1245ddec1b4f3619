// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// view.hpp - how a run is shown while it lasts.
#pragma once

#include <cstdint>
#include <string>

namespace consumer {

/// Messages of this run.
struct Amount {
  std::uint64_t done = 0;  // settled for good
  std::uint64_t open = 0;  // left, as far as it is known
};

/// Shows a run to whoever looks. One thread.
class View {
 public:
  View() = default;
  virtual ~View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// Shows how things stand, if it is time to. Called some ten times a second, or more often.
  virtual void show(const Amount& amount) = 0;

  /// Tells a line, on stderr; at the end at the latest.
  virtual void line(const std::string& text) = 0;

  /// Shows how things stood at the end, and nothing more; leaves the terminal as it was.
  virtual void end(const Amount& amount) = 0;
};

}  // namespace consumer
