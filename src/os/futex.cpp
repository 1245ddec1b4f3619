// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>

namespace pool::os {

bool futex_wait(const std::uint32_t* word, std::uint32_t seen, std::int64_t deadline) {
  timespec at{};
  timespec* until = nullptr;
  if (deadline != INT64_MAX) {
    if (deadline < 0) deadline = 0;
    at.tv_sec = static_cast<time_t>(deadline / 1'000'000'000);
    at.tv_nsec = static_cast<long>(deadline % 1'000'000'000);
    until = &at;
  }
  // The BITSET form takes an absolute time, so that an interruption does not prolong the sleep.
  const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen, until, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 || errno != ETIMEDOUT;
}

void futex_wake(const std::uint32_t* word, std::int32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

std::int64_t now() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

}  // namespace pool::os
