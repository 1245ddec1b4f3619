// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Closures of every kind: how many allocations each takes, that each is run once and destroyed once, whole, whether it
// was run, cancelled or refused, and that a refused task is kept.
#include "check.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace {

// Submits, waits, and tells how many allocations the submit took on this thread.
template <class F>
int submit_and_wait(pool::group_ref group, F&& callable) {
  const int before = check::allocations;
  group.submit(std::forward<F>(callable));
  const int taken = check::allocations - before;
  group.wait();
  return taken;
}

template <std::size_t Size>
struct bytes_closure {
  std::atomic<int>* sum;
  std::array<unsigned char, Size - sizeof(void*)> bytes;
  void operator()() const {
    for (const unsigned char byte : bytes) *sum += byte;
  }
};
template <std::size_t Size>
bytes_closure<Size> make_bytes(std::atomic<int>& sum) {
  bytes_closure<Size> closure{&sum, {}};
  closure.bytes.fill(1);
  return closure;
}

struct alignas(32) over_aligned {
  std::atomic<int>* fine;
  void operator()() const { *fine += reinterpret_cast<std::uintptr_t>(this) % 32 == 0; }
};
struct alignas(16) aligned_to_16 {
  std::atomic<int>* fine;
  void operator()() const { *fine += reinterpret_cast<std::uintptr_t>(this) % 16 == 0; }
};
static_assert(sizeof(over_aligned) <= POOL_TASK_COPY_MAX);  // small enough, but for its alignment

// Owns memory by a plain pointer, and promises that its bytes may be moved.
struct opted_in {
  std::unique_ptr<int> value;
  std::atomic<int>* sum;
  check::counted<1> life;
  void operator()() const {
    CHECK(life.is_whole());
    *sum += *value;
  }
};

std::atomic<int> calls{0};
void plain_function() { ++calls; }
void plain_noexcept() noexcept { ++calls; }

struct only_rvalue {
  void operator()() && { ++calls; }
};

}  // namespace

template <>
struct pool::is_bitwise_relocatable<opted_in> : std::true_type {};

namespace {

void sizes(pool::group_ref group) {
  calls = 0;
  std::atomic<int> sum{0};
  CHECK(submit_and_wait(group, [&sum] { sum += 1; }) == 0);
  CHECK(submit_and_wait(group, [] { calls += 1; }) == 0);
  CHECK(submit_and_wait(group, [&sum, two = 2, three = 3L] { sum += two + static_cast<int>(three); }) == 0);
  CHECK(sum == 6 && calls == 1);
  struct three_bytes {
    char a, b, c;
  };
  CHECK(submit_and_wait(group, [bytes = three_bytes{1, 2, 3}] { calls += bytes.a + bytes.b + bytes.c; }) == 0);
  CHECK(calls == 7);
  sum = 0;
  CHECK(submit_and_wait(group, make_bytes<16>(sum)) == 0 && sum == 8);
  CHECK(submit_and_wait(group, make_bytes<48>(sum)) == 0 && sum == 48);
  static_assert(sizeof(bytes_closure<56>) == 56);
  CHECK(submit_and_wait(group, make_bytes<56>(sum)) == 1 && sum == 96);

  struct bytes_49 {
    unsigned char bytes[49];
    void operator()() const { calls += bytes[48]; }
  };
  struct bytes_48 {
    unsigned char bytes[48];
    void operator()() const { calls += bytes[47]; }
  };
  calls = 0;
  bytes_49 more{};
  more.bytes[48] = 49;
  CHECK(submit_and_wait(group, more) == 1 && calls == 49);
  bytes_48 fits{};
  fits.bytes[47] = 48;
  CHECK(submit_and_wait(group, fits) == 0 && calls == 97);

  std::atomic<int> fine{0};
  CHECK(submit_and_wait(group, over_aligned{&fine}) == 1 && fine == 1);
  CHECK(submit_and_wait(group, aligned_to_16{&fine}) == 0 && fine == 2);
}

void kinds(pool::group_ref group) {
  calls = 0;
  CHECK(submit_and_wait(group, plain_function) == 0);
  CHECK(submit_and_wait(group, &plain_function) == 0);
  CHECK(submit_and_wait(group, plain_noexcept) == 0);
  CHECK(calls == 3);
  CHECK(submit_and_wait(group, only_rvalue()) == 0 && calls == 4);
  std::function<void()> function = plain_function;
  CHECK(submit_and_wait(group, function) == 1 && calls == 5);
  CHECK(submit_and_wait(group, std::ref(function)) == 0 && calls == 6);
  int changed = 0;
  auto counter = [&changed, count = 0]() mutable { changed = ++count; };
  submit_and_wait(group, counter);
  submit_and_wait(group, counter);  // copies, each of which counts from 0
  CHECK(changed == 1);
  submit_and_wait(group, std::ref(counter));
  submit_and_wait(group, std::ref(counter));
  CHECK(changed == 2);
  submit_and_wait(group, [] { return pool::outcome::success; });

  std::atomic<int> sum{0};
  auto owner = [value = std::make_unique<int>(5), &sum] { sum += *value; };
  CHECK(submit_and_wait(group, std::move(owner)) == 1 && sum == 5);
  const std::shared_ptr<int> shared = std::make_shared<int>(7);
  submit_and_wait(group, [shared, &sum] { sum += *shared; });
  CHECK(sum == 12 && shared.use_count() == 1);
}

// A std::string keeps short text in itself and points there: its bytes may not be moved.
void strings(pool::group_ref group) {
  static_assert(!pool::is_bitwise_relocatable<std::string>::value);
  std::atomic<std::size_t> length{0};
  CHECK(submit_and_wait(group, [text = std::string("short"), &length] {
          CHECK(text == "short");
          length += text.size();
        }) == 1);
  const std::string text(500, 'x');
  submit_and_wait(group, [text, &length] {
    CHECK(text == std::string(500, 'x'));
    length += text.size();
  });
  CHECK(length == 505);
}

void opting_in(pool::group_ref group) {
  using life = check::counted<1>;
  std::atomic<int> sum{0};
  opted_in closure{std::make_unique<int>(3), &sum, {}};
  static_assert(pool::is_bitwise_relocatable<opted_in>::value && sizeof(opted_in) <= POOL_TASK_COPY_MAX);
  CHECK(submit_and_wait(group, std::move(closure)) == 0);
  CHECK(sum == 3 && life::alive == 1 && life::moved == 1);

  // A lambda's type has no name to say it of.
  auto wrapped = pool::relocatable([value = std::make_unique<int>(4), &sum] { sum += *value; });
  CHECK(submit_and_wait(group, std::move(wrapped)) == 0 && sum == 7);
}

// Each object made is destroyed once, and as often as it was run it is a copy of the callable that was run.
void lives(pool::group_ref group) {
  using life = check::counted<2>;
  std::atomic<int> runs{0};
  {
    auto closure = [&runs, alive = life()] {
      CHECK(alive.is_whole());
      ++runs;
    };
    CHECK(life::alive == 1);
    for (int i = 0; i < 100; ++i) group.submit(closure);
    group.wait();
    CHECK(runs == 100 && life::alive == 1);  // dropped before the group is seen empty
    group.submit(std::move(closure));
    group.wait();
    CHECK(runs == 101 && life::alive == 1);
  }
  CHECK(life::alive == 0);
}

// A pool with one worker that stands at a gate, and one place in the queue.
struct full_pool {
  check::gate gate;
  pool::thread_pool workers;
  pool::group group;

  full_pool() : workers(options()), group(workers) {
    group.submit([this] { gate.pass(); });
    gate.await(1);
    group.submit([] {});
  }
  ~full_pool() {
    gate.open();
    group.try_wait();
  }
  static pool::thread_pool_options options() {
    pool::thread_pool_options result;
    result.max_workers = 1;
    result.queue_capacity = 1;
    result.overflow = pool::overflow_policy::reject;
    return result;
  }
};

void refused() {
  using life = check::counted<3>;
  std::atomic<int> runs{0};
  full_pool full;
  const pool::group_ref group = full.group;
  const std::string long_text(100, 'l');
  auto closure = [&runs, long_text, alive = life()] {
    CHECK(long_text.size() == 100);
    ++runs;
  };
  CHECK(group.try_submit(closure) == pool::status::full);  // a copy: the caller's is as it was
  closure();
  CHECK(life::alive == 1 && runs == 1);
  CHECK(check::thrown_by([&] { group.submit(closure); }) == pool::status::full);
  CHECK(life::alive == 1);

  pool::prepared_task ready(std::move(closure));
  CHECK(life::alive == 2);
  CHECK(group.try_submit(ready) == pool::status::full && ready);
  CHECK(check::thrown_by([&] { group.submit(ready); }) == pool::status::full && ready);
  CHECK(life::alive == 2 && runs == 1);
  pool::prepared_task small([&runs, alive = check::counted<4>(), owned = std::unique_ptr<int>()] { ++runs; });
  pool::prepared_task trivial([&runs] { ++runs; });
  pool::prepared_task bits([&runs, a = 1, b = 2L, c = 3L] { runs += a + static_cast<int>(b + c) - 5; });
  CHECK(group.try_submit(trivial) == pool::status::full && trivial);
  CHECK(group.try_submit(bits) == pool::status::full && bits);
  CHECK(group.try_submit(small) == pool::status::full && small);
  CHECK(check::counted<4>::alive == 1);

  full.gate.open();
  group.wait();
  for (pool::prepared_task* one : {&ready, &trivial, &bits, &small}) {
    pool::prepared_task moved(std::move(*one));
    CHECK(!*one && moved);
    group.submit(moved);
    CHECK(!moved);
    group.wait();
    CHECK(group.try_submit(moved) == pool::status::invalid);  // an empty one
  }
  CHECK(runs == 5 && life::alive == 1 && check::counted<4>::alive == 0);
}

void dropped_by_shutdown() {
  using life = check::counted<5>;
  std::atomic<int> runs{0};
  {
    check::gate gate;
    pool::thread_pool_options options;
    options.max_workers = 1;
    pool::thread_pool workers(options);
    pool::group group(workers);
    group.submit([&gate] { gate.pass(); });
    gate.await(1);
    for (int i = 0; i < 10; ++i) group.submit([&runs, alive = life()] { ++runs; });
    CHECK(life::alive == 10);
    CHECK(!workers.shutdown(pool::shutdown_mode::cancel, std::chrono::nanoseconds(0)));
    CHECK(group.try_submit([alive = life()] {}) == pool::status::closed);
    gate.open();
    CHECK(workers.shutdown(pool::shutdown_mode::cancel, pool::forever));
    CHECK(life::alive == 0 && runs == 0);
    CHECK(check::thrown_by([&] { group.wait(); }) == pool::status::cancelled);
  }
  CHECK(life::alive == 0);
}

// A task that nobody submits; tasks that are moved about and assigned.
void unsubmitted() {
  using life = check::counted<6>;
  {
    pool::prepared_task first([alive = life()] {});
    pool::prepared_task second([alive = life(), more = std::array<long, 20>()] { static_cast<void>(more); });
    CHECK(life::alive == 2);
    first = std::move(second);
    CHECK(life::alive == 1 && first && !second);
    pool::prepared_task third(std::move(first));
    CHECK(life::alive == 1 && !first);
    second = std::move(third);
    CHECK(life::alive == 1);
  }
  CHECK(life::alive == 0);
}

// Copying a callable may throw: nothing is submitted then.
void throwing_copy(pool::group_ref group) {
  struct thrower {
    thrower() = default;
    thrower(const thrower&) { throw 7; }
    void operator()() const {}
  };
  const thrower original;
  CHECK_THROWS(int, group.submit(original));
  CHECK_THROWS(int, group.try_submit(original));
  CHECK(group.poll() == pool::status::ok);
}

}  // namespace

int main() {
  pool::thread_pool_options options;
  options.max_workers = 1;
  pool::thread_pool workers(options);
  {
    pool::group group(workers);
    submit_and_wait(group, plain_function);  // starts the one worker, which takes memory
    sizes(group);
    kinds(group);
    strings(group);
    opting_in(group);
    lives(group);
    throwing_copy(group);
  }
  CHECK(check::counted<1>::alive == 0);
  refused();
  CHECK(check::counted<3>::alive == 0);
  dropped_by_shutdown();
  unsubmitted();
  return 0;
}
