// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>

#include "base/no_cancel.hpp"

namespace pool::base {

namespace {

constinit std::atomic<bool> exiting = false;
constinit std::atomic<bool> watched = false;

// Around all of a line on standard error, so that a fork finds nobody in the middle of one: the sink has no lock of its
// own. Never held while a callback runs.
constinit std::mutex log_mutex;

// Made at the first line and never destroyed: a task may still run while static objects are destroyed. It is not in
// spdlog's registry, so the program's own use of spdlog, if any, never meets it.
spdlog::logger& logger() {
  static spdlog::logger* const made = [] {
    auto* fresh = new spdlog::logger("libpool", std::make_shared<spdlog::sinks::stderr_sink_st>());
    fresh->set_level(spdlog::level::info);
    fresh->set_pattern("[%Y-%m-%d %H:%M:%S.%e] [%n] [%l] %v");
    return fresh;
  }();
  return *made;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  if (level == LogLevel::error) return spdlog::level::err;
  return level == LogLevel::warning ? spdlog::level::warn : spdlog::level::info;
}

void write(const LogConfig& log, LogLevel level, const char* message) noexcept {
  const NoCancel no_cancel;
  try {
    if (log.fn != nullptr) {
      log.fn(log.user, static_cast<std::int32_t>(level), message);
    } else {
      const std::lock_guard lock(log_mutex);
      logger().log(spdlog_level(level), message);
    }
  } catch (...) {
    // A line that cannot be written is not worth a task.
  }
}

// Says whether `most` lines of this kind went to the same place within a second. (A few kinds are remembered.)
bool is_repeated(const LogConfig& log, const char* kind, int most) {
  using Clock = std::chrono::steady_clock;
  struct Recent {
    LogConfig log;
    const char* kind = nullptr;
    Clock::time_point since;
    int count = 0;
  };
  static Recent recents[16];
  const std::lock_guard lock(log_mutex);
  Recent& recent = recents[std::hash<const char*>()(kind) / 8 % std::size(recents)];
  const auto now = Clock::now();
  const bool is_same = kind == recent.kind && log.fn == recent.log.fn && log.user == recent.log.user;
  if (!is_same || now - recent.since >= std::chrono::seconds(1)) recent = {log, kind, now, 0};
  return ++recent.count > most;
}

}  // namespace

void watch_exit() noexcept {
  if (watched.exchange(true, std::memory_order_relaxed)) return;
  (void)std::atexit([] { exiting.store(true, std::memory_order_relaxed); });
}

bool is_wanted(const LogConfig& log, LogLevel level) noexcept {
  const LogLevel least = log.level == LogLevel::by_default ? LogLevel::warning : log.level;
  return level >= least && !exiting.load(std::memory_order_relaxed);
}

void report(const LogConfig& log, LogLevel level, const char* message) noexcept {
  if (is_wanted(log, level) && !is_repeated(log, message, 1)) write(log, level, message);
}

void report_invalid(const LogConfig& log, const char* function, const char* field, const char* allowed) noexcept {
  if (!is_wanted(log, LogLevel::error) || is_repeated(log, allowed, 10)) return;
  char line[256];
  std::snprintf(line, sizeof line, "%s: %s: %s", function, field, allowed);
  write(log, LogLevel::error, line);
}

void lock_log() noexcept { log_mutex.lock(); }
void unlock_log() noexcept { log_mutex.unlock(); }

}  // namespace pool::base
