// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The log: warnings and errors on standard error, through a logger of our own. This is the whole use of spdlog.
//
// Guarantees: never throws, never allocates a thread, never fails a caller. Silent once the process has begun to exit.
#pragma once

namespace pool::base {

// What an operator wants to know once. The same message comes at most once a second.
void report(const char* message) noexcept;

// A caller's mistake: names the function, the option, and what is allowed.
void report_invalid(const char* function, const char* field, const char* allowed) noexcept;

// Around a fork: nobody is in the middle of a line meanwhile.
void lock_log() noexcept;
void unlock_log() noexcept;

}  // namespace pool::base
