// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The log: warnings and errors on standard error, through a logger of our own, or to the callback that a pool's options
// name. This is the whole use of spdlog.
//
// Guarantees: never throws, never allocates a thread, never fails a caller, is no cancellation point, calls a callback
// without any lock of ours. Silent once the process has begun to exit.
#pragma once

#include <cstdint>

namespace pool::base {

// POOL_LOG_*.
enum class LogLevel : std::uint32_t { by_default = 0, info = 1, warning = 2, error = 3, off = 4 };

// Where the lines about a pool go, and from which level on. The default: to standard error, from warnings on.
struct LogConfig {
  void (*fn)(void* user, std::int32_t level, const char* message) = nullptr;
  void* user = nullptr;
  LogLevel level = LogLevel::by_default;
};

// From now on the log knows when the process exits. Called again it does nothing.
void watch_exit() noexcept;

// Whether a line of this level is told at all.
bool is_wanted(const LogConfig& log, LogLevel level) noexcept;

// What an operator wants to know once. The same message comes at most once a second to the same place.
void report(const LogConfig& log, LogLevel level, const char* message) noexcept;
inline void report(const char* message) noexcept { report({}, LogLevel::warning, message); }

// A caller's mistake: names the function, the option, and what is allowed. The same at most ten times a second.
void report_invalid(const LogConfig& log, const char* function, const char* field, const char* allowed) noexcept;
inline void report_invalid(const char* function, const char* field, const char* allowed) noexcept {
  report_invalid({}, function, field, allowed);
}

// Around a fork: nobody is in the middle of a line meanwhile.
void lock_log() noexcept;
void unlock_log() noexcept;

}  // namespace pool::base
