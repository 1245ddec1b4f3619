// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the tests of coroutines share. To be included once in a program.
#pragma once

#include "../check.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace rig {

using clock = std::chrono::steady_clock;

inline int scaled(int count) {
  const char* const text = std::getenv("POOL_TEST_SCALE");
  const double scale = text == nullptr ? 1 : std::atof(text);
  return std::max(1, static_cast<int>(count * scale));
}

inline pool::thread_pool_options workers(std::uint32_t count) {
  pool::thread_pool_options options;
  options.max_workers = count;
  return options;
}

// How the group ended. It runs no tasks here, so that they run on workers.
inline pool::status ended(pool::group_ref group) { return group.try_wait_for(1h); }

// Spawns and waits.
template <class T>
pool::status run(pool::group_ref group, pool::task<T> body) {
  group.spawn(std::move(body));
  return ended(group);
}

}  // namespace rig
