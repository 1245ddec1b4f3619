// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Parallel loops: each turn is made once, whatever the grain and the range; the first exception comes out when all
// turns are over.
#include "check.hpp"

#include <array>
#include <deque>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// clang before 16 cannot compile the views of libstdc++.
#if __cplusplus >= 202002L && (!defined(__clang__) || __clang_major__ >= 16)
#define HAS_VIEWS 1
#include <ranges>
#include <span>
#endif

namespace {

void indexes(pool::group_ref group) {
  for (const std::uint64_t grain : {0U, 1U, 3U, 1000U, 5000U}) {
    for (const std::size_t count : {0U, 1U, 2U, 7U, 1000U}) {
      std::vector<std::atomic<int>> turns(count);
      group.apply(
          count, [&turns](std::uint64_t i) { ++turns[i]; }, grain);
      for (const std::atomic<int>& turn : turns) CHECK(turn == 1);
    }
  }
  group.wait();
  CHECK(group.try_apply(5, [](std::uint64_t) {}) == pool::status::ok);
  CHECK(group.try_apply(5, [](std::uint64_t) { return pool::outcome::success; }) == pool::status::ok);
}

void ranges(pool::group_ref group) {
  std::vector<int> numbers(1000, 2);
  group.for_each(numbers, [](int& number) { number *= 2; });
  group.for_each(
      numbers.begin(), numbers.begin() + 10, [](int& number) { number += 1; }, 1);
  CHECK(numbers[9] == 5 && numbers[10] == 4);
  std::atomic<int> sum{0};
  const std::vector<int>& fixed = numbers;
  group.for_each(fixed, [&sum](const int& number) { sum += number; });
  CHECK(sum == 4010);
  int array[3] = {1, 2, 3};
  group.for_each(array, [](int& number) { number = -number; });
  group.for_each(&array[0], &array[2], [](int& number) { number -= 10; });
  CHECK(array[0] == -11 && array[1] == -12 && array[2] == -3);
  group.for_each(&array[2], &array[0], [](int&) { CHECK(false); });  // the wrong way round: no turn
  group.for_each(std::vector<int>(), [](int&) { CHECK(false); });
  std::deque<std::string> texts(50, "a");
  group.for_each(texts, [](std::string& text) { text += 'b'; });
  for (const std::string& text : texts) CHECK(text == "ab");
  std::vector<std::unique_ptr<int>> owners;
  for (int i = 0; i < 20; ++i) owners.push_back(std::make_unique<int>(i));
  group.for_each(owners, [](std::unique_ptr<int>& owner) { owner.reset(); });
  for (const std::unique_ptr<int>& owner : owners) CHECK(owner == nullptr);
  struct item {
    int value;
    void raise() { ++value; }
  };
  std::array<item, 4> items{};
  group.for_each(items, &item::raise);
  CHECK(items[0].value == 1 && items[3].value == 1);

#ifdef HAS_VIEWS
  sum = 0;
  group.for_each(std::views::iota(0, 100), [&sum](int i) { sum += i; });
  CHECK(sum == 4950);
  group.for_each(std::views::iota(0, 10) | std::views::transform([](int i) { return std::to_string(i); }),
                 [&sum](const std::string& text) { sum += static_cast<int>(text.size()); });
  CHECK(sum == 4960);
  group.for_each(std::span(numbers).subspan(990), [](int& number) { number = 0; });
  CHECK(numbers[989] == 4 && numbers[990] == 0);
#endif
}

struct odd_exception {
  check::counted<1> life;
};

void exceptions(const pool::thread_pool& workers) {
  pool::group group(workers);
  std::atomic<int> turns{0};
  try {
    group.apply(100, [&turns](std::uint64_t i) {
      ++turns;
      if (i == 50) throw std::out_of_range("fifty");
    });
    CHECK(false);
  } catch (const std::out_of_range& exception) {
    CHECK(std::string(exception.what()) == "fifty");
  }
  CHECK(turns == 100);  // the others were made
  CHECK(group.try_wait() == pool::status::failed && group.first_failure().text == "fifty");
  group.reset();

  turns = 0;
  CHECK_THROWS(odd_exception, group.apply(100, [&turns](std::uint64_t) {
    ++turns;
    throw odd_exception();
  }));
  CHECK(turns == 100 && check::counted<1>::alive == 0);
  CHECK(group.try_apply(3, [](std::uint64_t) { throw 1; }) == pool::status::failed);
  CHECK(group.try_wait() == pool::status::failed);  // what it took besides its turns is over, too
  group.reset();
  std::vector<int> numbers(10);
  CHECK_THROWS(int, group.for_each(numbers, [](int&) { throw 3; }));
  CHECK(group.try_wait() == pool::status::failed);
  group.reset();
  try {
    group.apply(10, [](std::uint64_t i) { return i == 7 ? pool::outcome{7} : pool::outcome::success; });
    CHECK(false);
  } catch (const pool::error& error) {
    CHECK(error.value() == pool::status::failed && error.failure_code() == 7);
  }
}

// With its only worker elsewhere the caller makes all turns, so that it knows which came first: that one's exception.
void first_exception() {
  pool::thread_pool_options options;
  options.max_workers = 1;
  pool::thread_pool workers(options);
  check::gate gate;
  pool::group holder(workers);
  holder.submit([&gate] { gate.pass(); });
  gate.await(1);
  pool::group group(workers);
  int first = -1;
  try {
    group.apply(
        10,
        [&first](std::uint64_t i) {
          if (first == -1) first = static_cast<int>(i);
          throw static_cast<int>(i);
        },
        1);
    CHECK(false);
  } catch (int thrown) {
    CHECK(thrown == first);
  }
  gate.open();
}

// One turn at a time: two that wait for each other are made by two threads.
void meeting(pool::group_ref group) {
  std::atomic<int> here{0};
  group.apply(
      2,
      [&here](std::uint64_t) {
        ++here;
        while (here < 2) std::this_thread::yield();
      },
      1);
}

void not_copied(pool::group_ref group) {
  using life = check::counted<2>;
  std::atomic<int> sum{0};
  const auto turn = [&sum, alive = life(), owned = std::make_unique<int>(2)](std::uint64_t) { sum += *owned; };
  const int made = life::made;
  group.apply(100, turn);
  CHECK(sum == 200 && life::made == made);
}

void nested(pool::group_ref group) {
  std::atomic<int> sum{0};
  group.apply(20, [&](std::uint64_t) { group.apply(20, [&sum](std::uint64_t) { ++sum; }); });
  CHECK(sum == 400);
  group.submit([&] { group.apply(10, [&sum](std::uint64_t) { ++sum; }); });
  group.wait();
  CHECK(sum == 410);
}

void refused(const pool::thread_pool& workers) {
  pool::group group(workers);
  group.cancel();
  CHECK(check::thrown_by([&] { group.apply(10, [](std::uint64_t) { CHECK(false); }); }) == pool::status::cancelled);
  CHECK(pool::group_ref().try_apply(10, [](std::uint64_t) { CHECK(false); }) == pool::status::bad_handle);
}

}  // namespace

int main() {
  pool::thread_pool workers;
  pool::group group(workers);
  indexes(group);
  ranges(group);
  exceptions(workers);
  first_exception();
  meeting(group);
  not_copied(group);
  nested(group);
  refused(workers);
  return 0;
}
