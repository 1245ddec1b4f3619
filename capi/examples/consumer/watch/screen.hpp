// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// screen.hpp - the whole terminal, for as long as it is needed.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/terminal.hpp"

namespace consumer {

/// Draws on stdout, which is a terminal, on its alternate screen; what stood there comes back at the end, in whatever
/// way that comes: also before a signal ends the process, and while one stops it (SIGTSTP). Nothing else of the
/// terminal is changed. One at a time, and one thread.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Replaces what is on the screen, in one write, so that nothing flickers. Does not wait: nothing is drawn while the
  /// terminal is stopped, or another job has it.
  void draw(const std::vector<std::string>& lines);

  /// True once after the size has changed, or the process was stopped.
  bool is_stale();

  TerminalSize size() const;

  /// Gives the terminal back for good. From any thread, or a signal handler.
  static void leave();

 private:
  TerminalSize drawn_;
};

}  // namespace consumer
