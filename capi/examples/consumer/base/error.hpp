// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// error.hpp - what ends a command early, and with which exit status.
#pragma once

#include <stdexcept>
#include <string>

namespace consumer {

/// The exit statuses of the program; README.md lists them.
enum class Exit : int {
  ok = 0,        // done; or drained after SIGINT or SIGTERM
  left_out = 1,  // done, but something was left out: dead letters, folders that cannot be read
  usage = 2,     // the command line cannot be carried out as it is written
  database = 3,  // the database or the broker cannot be used, or no longer
  system = 4,    // the system or the pool refuses what the program needs
};

/// Ends the command with one line on stderr.
class Error : public std::runtime_error {
 public:
  Error(Exit status, const std::string& line) : std::runtime_error(line), status_(status) {}
  Exit status() const { return status_; }

 private:
  Exit status_;
};

}  // namespace consumer
