// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// options.hpp - the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "files/path.hpp"
#include "metrics/address.hpp"
#include "queue/amqp_address.hpp"

namespace consumer {

struct EnqueueOptions {
  Path folder;
};

struct RunOptions {
  std::uint32_t workers = 0;  // 0: what libpool thinks fit
  std::uint32_t prefetch = 0;
  std::chrono::milliseconds lease{};
  std::chrono::milliseconds deadline{};
  std::chrono::milliseconds retry_delay{};
  std::int64_t max_attempts = 0;
  bool stay = false;  // when the queue is empty
  bool watch = false;
  std::optional<ServeAddress> metrics;  // where to serve them
  std::string trace;                    // the file to write one to; empty: none
};

enum class Command { enqueue, run, collect, status };

struct Options {
  Command command = Command::status;
  Path database;
  std::optional<AmqpAddress> broker;      // where the queue is; none: in the database
  std::chrono::milliseconds heartbeat{};  // of the connection to the broker
  std::chrono::milliseconds patience{};   // how long to try to get one
  std::chrono::milliseconds busy{};       // how long to wait for a locked database
  bool json = false;
  bool stay = false;  // collect: when the queues are empty
  EnqueueOptions enqueue;
  RunOptions run;
};

/// Reads the command line. Ends the process for --help, and with Exit::usage and one line for a wrong one.
Options parse_options(int argc, char** argv);

}  // namespace consumer
