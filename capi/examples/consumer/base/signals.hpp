// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// signals.hpp - SIGINT and SIGTERM become a call: the first drains, the second ends the process.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace consumer {

/// While it lives, SIGINT and SIGTERM are blocked in the threads made after it and taken by a thread of its own. The
/// first calls `on_first(signal)` there; the second calls `before_end()` and ends the process with 128 + signal. A
/// signal that was ignored when the process started stays ignored.
///
/// Requires: constructed before any other thread.
class Signals {
 public:
  Signals(std::function<void(int)> on_first, void (*before_end)());
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void listen();

  sigset_t watched_;
  std::function<void(int)> on_first_;
  void (*before_end_)();
  std::atomic<bool> over_{false};
  std::thread listener_;
};

}  // namespace consumer
