// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// closures.cpp - libpool from C++: closures in a group, jobs whose results and exceptions come back, a parallel loop, a
// time-out. Everything that is made here ends with its scope.
//
//     c++ -std=c++17 closures.cpp $(pkg-config --cflags --libs pool) -o closures && ./closures
#include <pool/pool.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::size_t count_words(const std::string& text) {
  std::size_t words = 0;
  bool inside = false;
  for (const char character : text) {
    const int c = static_cast<unsigned char>(character);
    if (c != '\n' && std::iscntrl(c) != 0) throw std::invalid_argument("control character in the text");
    words += std::isspace(c) == 0 && !inside;
    inside = std::isspace(c) == 0;
  }
  return words;
}

// One message: two tasks and a job in a group of their own. What the closures refer to is declared before the group,
// whose destructor waits for them, whichever way this function is left.
bool handle(const pool::thread_pool& workers, const std::string& body) {
  std::atomic<std::size_t> lines{0};
  std::string upper;
  pool::group message(workers);
  try {
    message.submit([&] { lines = static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n')) + 1; });
    message.submit([&upper, copy = std::make_unique<std::string>(body)] {  // move-only, as its unique_ptr
      for (char& c : *copy) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      upper = std::move(*copy);
    });
    pool::job<std::size_t> words = message.submit_job([&body] { return count_words(body); });

    std::printf("%zu words, ", words.get());  // or throws what count_words() threw
    message.wait();                           // throws pool::error if one of its tasks failed
    std::printf("%zu line(s): %s\n", lines.load(), upper.c_str());
    return true;
  } catch (const std::exception& exception) {
    std::printf("handed back: %s\n", exception.what());
    return false;
  }
}

// A loop over a vector, in as many tasks as the library finds good.
double mean_of_squares(const pool::group& group, std::size_t count) {
  std::vector<double> values(count);
  group.apply(count, [&values](std::size_t i) { values[i] = static_cast<double>(i); });
  group.for_each(values, [](double& value) { value *= value; });
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(count);
}

}  // namespace

int main() {
  try {
    pool::thread_pool_options options;
    options.max_workers = 2;
    options.idle_timeout = std::chrono::seconds(1);
    options.name = "closures";
    pool::thread_pool workers(options);

    int handled = 0;
    for (const char* body : {"many small tasks", "two\nlines", "one \x01 bad byte"}) handled += handle(workers, body);
    std::printf("%d messages handled\n", handled);

    pool::group group(workers);
    std::printf("mean of the squares: %.1f\n", mean_of_squares(group, 1001));

    // Work that takes longer than somebody wants to wait: ask it to stop. (A task that does not ask runs on.)
    group.submit([] {
      while (!pool::this_task::cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    if (!group.wait_for(std::chrono::milliseconds(20))) group.cancel();
    const pool::status ended = group.try_wait();
    std::printf("the group ended with %s\n", pool::name(ended));
    return handled == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const pool::error& error) {  // no memory, no thread
    std::fprintf(stderr, "closures: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
