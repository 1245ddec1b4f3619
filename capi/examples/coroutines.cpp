// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// coroutines.cpp - libpool from C++20: polling with retries and growing pauses, three requests at once, and a limit on
// the time for it. What waits here takes no thread: one would be enough for all.
//
//     c++ -std=c++20 coroutines.cpp $(pkg-config --cflags --libs pool) -o coroutines && ./coroutines
#include <pool/pool.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

// Stands for a service that is not always there.
std::optional<std::string> ask(const std::string& name, int attempt) {
  if (name == "nobody") throw std::runtime_error(name + ": no such name");
  if (attempt < static_cast<int>(name.size()) - 2) return std::nullopt;
  return "answer of " + name;
}

pool::task<std::string> fetch(std::string name) {
  auto pause = 1ms;
  for (int attempt = 1; attempt <= 5; ++attempt) {
    if (const std::optional<std::string> answer = ask(name, attempt)) {
      co_return *answer + " at attempt " + std::to_string(attempt);
    }
    co_await pool::sleep_for(pause);
    pause *= 2;
  }
  throw std::runtime_error(name + ": no answer");
}

pool::task<> report() {
  const auto [one, two, three] = co_await pool::when_all(fetch("one"), fetch("four"), fetch("eight"));
  std::printf("%s\n%s\n%s\n", one.c_str(), two.c_str(), three.c_str());
  try {
    co_await pool::when_all(fetch("two"), fetch("nobody"));
  } catch (const std::runtime_error& error) {  // what the child threw
    std::printf("%s\n", error.what());
  }
}

pool::task<> poll_for_ever() {
  for (;;) co_await pool::sleep_for(5ms);
}

}  // namespace

int main() {
  try {
    pool::thread_pool workers({.max_workers = 1, .name = "coroutines"});
    pool::group group(workers);
    group.spawn(report());
    group.wait();  // throws pool::error for what leaves a spawned coroutine

    group.spawn(poll_for_ever());
    if (!group.wait_for(20ms)) group.cancel();  // one that is suspended is destroyed, with all that it owns
    const pool::status ended = group.try_wait();
    std::printf("the poller ended with %s\n", pool::name(ended));
    return ended == pool::status::cancelled ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const pool::error& error) {
    std::fprintf(stderr, "coroutines: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
