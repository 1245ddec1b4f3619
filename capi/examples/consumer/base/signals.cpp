// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <utility>

namespace consumer {
namespace {

// Ends the listener, once over_ is set; from outside it does nothing.
constexpr int stop_signal = SIGUSR1;

}  // namespace

Signals::Signals(std::function<void(int)> on_first, void (*before_end)())
    : on_first_(std::move(on_first)), before_end_(before_end) {
  sigemptyset(&watched_);
  for (int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&watched_, signal);
  }
  sigaddset(&watched_, stop_signal);
  pthread_sigmask(SIG_BLOCK, &watched_, nullptr);
  listener_ = std::thread(&Signals::listen, this);
}

Signals::~Signals() {
  over_ = true;
  pthread_kill(listener_.native_handle(), stop_signal);
  listener_.join();
}

void Signals::listen() {
  for (bool first = true;;) {
    int signal = 0;
    if (sigwait(&watched_, &signal) != 0 || over_) return;
    if (signal == stop_signal) continue;
    // Nothing of the queue has to be tidied up: whatever was not acknowledged is still there.
    if (!first) {
      before_end_();
      _exit(128 + signal);
    }
    first = false;
    on_first_(signal);
  }
}

}  // namespace consumer
