// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/log.hpp"

#include <pthread.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace pool::base {

namespace {

std::atomic<bool> exiting = false;

// Around all of a line, so that a fork finds nobody in the middle of one: the sink has no lock of its own.
constinit std::mutex log_mutex;

// Made at the first line and never destroyed: a task may still run while static objects are destroyed. It is not in
// spdlog's registry, so the program's own use of spdlog, if any, never meets it.
spdlog::logger& logger() {
  static spdlog::logger* const made = [] {
    std::atexit([] { exiting.store(true, std::memory_order_relaxed); });
    auto* fresh = new spdlog::logger("libpool", std::make_shared<spdlog::sinks::stderr_sink_st>());
    fresh->set_level(spdlog::level::warn);
    fresh->set_pattern("[%Y-%m-%d %H:%M:%S.%e] [%n] [%l] %v");
    return fresh;
  }();
  return *made;
}

template <class... Args>
void write(spdlog::level::level_enum level, const char* format, Args... args) noexcept {
  if (exiting.load(std::memory_order_relaxed)) return;
  // Writing is a cancellation point, and nothing here lets an unwinding through.
  int cancel_state = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  try {
    const std::lock_guard lock(log_mutex);
    logger().log(level, fmt::runtime(format), args...);
  } catch (...) {
    // A line that cannot be written is not worth a task.
  }
  pthread_setcancelstate(cancel_state, nullptr);
}

}  // namespace

void report(const char* message) noexcept {
  using Clock = std::chrono::steady_clock;
  static const char* last = nullptr;
  static Clock::time_point last_at;
  {
    const std::lock_guard lock(log_mutex);
    const auto now = Clock::now();
    if (message == last && now - last_at < std::chrono::seconds(1)) return;
    last = message;
    last_at = now;
  }
  write(spdlog::level::warn, "{}", message);
}

void report_invalid(const char* function, const char* field, const char* allowed) noexcept {
  write(spdlog::level::err, "{}: {}: {}", function, field, allowed);
}

void lock_log() noexcept { log_mutex.lock(); }
void unlock_log() noexcept { log_mutex.unlock(); }

}  // namespace pool::base
