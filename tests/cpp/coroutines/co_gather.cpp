// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Waiting for others without a thread: when_all() over tuples and vectors, on(), and co_await group.
#include "rig.hpp"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using life = check::counted<1>;

struct marked : std::runtime_error {
  explicit marked(int at) : std::runtime_error("marked"), place(at) {}
  int place;
};

pool::task<int> number(int value) {
  const life alive;
  if (value % 3 != 0) co_await pool::sleep_for(std::chrono::microseconds(value % 7));
  co_return value;
}
pool::task<> count(std::atomic<int>& counter) {
  co_await pool::yield();
  ++counter;
}
pool::task<int&> reference(int& to) {
  co_await pool::yield();
  co_return to;
}
pool::task<std::unique_ptr<int>> owner(int value) { co_return std::make_unique<int>(value); }
pool::task<int> thrower(int place, std::atomic<int>& seen) {
  const life alive;
  co_await pool::sleep_for(std::chrono::microseconds(300 / place));
  ++seen;
  throw marked(place);
}

pool::task<> tuples(int& checks) {
  std::atomic<int> counter{0};
  int target = 0;
  auto [a, nothing, same, owned] = co_await pool::when_all(number(4), count(counter), reference(target), owner(7));
  static_assert(std::is_same_v<decltype(nothing), std::monostate>);
  CHECK(a == 4 && counter == 1 && &same == &target && *owned == 7);
  std::tuple<> none = co_await pool::when_all();
  static_cast<void>(none);
  pool::task<std::tuple<int, int>> named = pool::when_all(number(1), number(2));
  CHECK((co_await std::move(named) == std::tuple{1, 2}));
  CHECK_THROWS(pool::error, co_await pool::when_all(number(1), pool::task<int>()));
  ++checks;
}

pool::task<> vectors(int size, int& checks) {
  std::vector<pool::task<int>> numbers;
  for (int i = 0; i < size; ++i) numbers.push_back(number(i));
  const std::vector<int> values = co_await pool::when_all(std::move(numbers));
  CHECK(values.size() == static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);

  std::atomic<int> counter{0};
  std::vector<pool::task<>> counts;
  for (int i = 0; i < size; ++i) counts.push_back(count(counter));
  co_await pool::when_all(std::move(counts));
  CHECK(counter == size);

  int target = 0;
  std::vector<pool::task<int&>> references;
  references.push_back(reference(target));
  const auto got = co_await pool::when_all(std::move(references));
  CHECK(&got[0].get() == &target);
  std::vector<pool::task<std::unique_ptr<int>>> owners;
  owners.push_back(owner(9));
  CHECK(*(co_await pool::when_all(std::move(owners)))[0] == 9);
  co_await pool::when_all(std::vector<pool::task<>>());
  CHECK((co_await pool::when_all(std::vector<pool::task<int>>())).empty());
  ++checks;
}

// The first in order is thrown, when all are over; what is caught is no failure of the group.
pool::task<> exceptions(int& checks) {
  std::atomic<int> seen{0};
  int place = 0;
  try {
    co_await pool::when_all(number(2), thrower(1, seen), thrower(3, seen));
  } catch (const marked& mark) {
    place = mark.place;
  }
  CHECK(place == 1 && seen == 2 && life::alive == 0);
  std::vector<pool::task<int>> many;
  for (int i = 9; i > 0; --i) many.push_back(thrower(i, seen));
  try {
    co_await pool::when_all(std::move(many));
  } catch (const marked& mark) {
    place = mark.place;
  }
  CHECK(place == 9 && seen == 11 && life::alive == 0);
  ++checks;
}

pool::task<int> tree(int levels) {
  const life alive;
  if (levels == 0) co_return 1;
  auto [a, b, c] = co_await pool::when_all(tree(levels - 1), tree(levels - 1), tree(levels - 1));
  CHECK(alive.is_whole());
  co_return a + b + c;
}
pool::task<> forest(int levels, int leaves, int& checks) {
  CHECK(co_await tree(levels) == leaves);
  ++checks;
}

void everything(const pool::thread_pool& workers, const pool::group_options& options) {
  pool::group group(workers, options);
  int checks = 0;
  CHECK(rig::run(group, tuples(checks)) == pool::status::ok);
  CHECK(rig::run(group, vectors(rig::scaled(2000), checks)) == pool::status::ok);
  CHECK(rig::run(group, exceptions(checks)) == pool::status::ok);
  CHECK(rig::run(group, forest(7, 2187, checks)) == pool::status::ok);
  CHECK(checks == 4 && life::alive == 0);
}

pool::task<pool_group_t> where() {
  co_await pool::yield();
  co_return pool::this_task::group().handle();
}
pool::task<> stand(check::gate& gate) {
  gate.pass();
  co_return;
}
pool::task<> visits(pool::group_ref home, pool::group_ref other, int& checks) {
  CHECK(pool::group_ref(co_await pool::on(other, where())) == other);
  CHECK(pool::group_ref(co_await where()) == home);
  CHECK(pool::group_ref(co_await pool::on(home, where())) == home);
  int target = 0;
  CHECK(&co_await pool::on(other, reference(target)) == &target);
  std::atomic<int> seen{0};
  CHECK_THROWS(marked, co_await pool::on(other, thrower(1, seen)));
  CHECK(other.poll() != pool::status::failed);
  pool::status refused = pool::status::ok;
  try {
    co_await pool::on(pool::group_ref(), number(1));
  } catch (const pool::error& error) {
    refused = error.value();
  }
  CHECK(refused == pool::status::bad_handle);
  ++checks;
}
pool::task<> stays(pool::group_ref other, check::gate& gate, pool::status& status) {
  const life alive;
  try {
    co_await pool::on(other, stand(gate));
  } catch (const pool::error& error) {
    status = error.value();
  }
}

void elsewhere(const pool::thread_pool& workers, const pool::thread_pool& more) {
  for (const pool::thread_pool* place : {&workers, &more}) {
    pool::group home(workers);
    pool::group other(*place);
    int checks = 0;
    CHECK(rig::run(home, visits(home, other, checks)) == pool::status::ok && checks == 1);

    // A cancel of its own group does not reach the body elsewhere, and does not let the frame go before.
    check::gate gate;
    pool::status status = pool::status::ok;
    home.spawn(stays(other, gate, status));
    gate.await(1);
    home.cancel();
    CHECK(!home.wait_for(1ms) && life::alive == 1);
    gate.open();
    CHECK(rig::ended(home) == pool::status::cancelled && life::alive == 0);
    home.reset();
    CHECK(rig::ended(other) == pool::status::ok);
    // A cancel of the other one drops the body, or refuses it.
    check::gate closed;
    other.suspend();
    home.spawn(stays(other, closed, status));
    while (other.stats().queued == 0) sched_yield();
    other.cancel();
    CHECK(rig::ended(home) == pool::status::ok && status == pool::status::cancelled);
    status = pool::status::ok;
    CHECK(rig::run(home, stays(other, closed, status)) == pool::status::ok && status == pool::status::cancelled);
    CHECK(life::alive == 0);
  }
}

pool::task<pool::status> outcome(pool::group_ref other) {
  try {
    co_await other;
  } catch (const pool::error& error) {
    co_return error.value();
  }
  co_return pool::status::ok;
}
pool::task<> waits(pool::thread_pool_ref workers, int& checks) {
  pool::group own = pool::group(workers);
  CHECK(co_await outcome(own) == pool::status::ok);  // empty
  std::atomic<int> counter{0};
  for (int i = 0; i < 100; ++i) own.spawn(count(counter));
  co_await own;
  CHECK(counter == 100);
  own.submit([] { throw std::runtime_error("the reason"); });
  std::string text;
  try {
    co_await own;
  } catch (const pool::error& error) {
    text = error.what();
    CHECK(error.failure_code() == pool::exception_code);
  }
  CHECK(text.rfind("the reason", 0) == 0);
  CHECK(co_await outcome(own) == pool::status::failed);
  own.reset();
  own.suspend();
  own.submit([] {});
  auto [waited, nothing] = co_await pool::when_all(outcome(own), [](pool::group_ref group) -> pool::task<> {
    co_await pool::sleep_for(1ms);
    group.cancel();
  }(own));
  CHECK(waited == pool::status::cancelled);
  static_cast<void>(nothing);
  CHECK(co_await outcome(pool::this_task::group()) == pool::status::deadlock);
  CHECK(co_await outcome(pool::group_ref()) == pool::status::bad_handle);
  ++checks;
}

// Told of an empty moment though the group is in use again when the notification comes, or is reset right after it.
pool::task<> told(pool::group_ref other, std::atomic<int>& ready, pool::status& status) {
  auto waiting = outcome(other);
  ++ready;
  status = co_await std::move(waiting);
}
void empty_moments(const pool::thread_pool& single) {
  for (int i = 0; i < rig::scaled(300); ++i) {
    check::gate gate;
    std::atomic<int> ready{0};
    pool::status status = pool::status::busy;
    pool::group other(single);
    pool::group group(single);
    other.suspend();
    other.submit([] { throw std::runtime_error("first"); });
    group.spawn(told(other, ready, status));
    while (ready == 0) sched_yield();
    pool::group blocker(single);
    blocker.submit([&gate] { gate.pass(); });
    gate.await(1);  // the only worker stands here, and has left the coroutine suspended
    other.resume();
    CHECK(other.try_wait() == pool::status::failed);  // which runs the task here
    other.suspend();
    if (i % 2 == 0) other.submit([] {});
    if (i % 2 != 0) group.suspend();
    gate.open();
    while (i % 2 != 0 && other.try_reset() == pool::status::busy) sched_yield();
    group.resume();
    CHECK(rig::ended(group) == pool::status::ok && status == pool::status::failed);
    other.resume();
  }
}

}  // namespace

int main() {
  pool::thread_pool_options options = rig::workers(3);
  options.stack_size = 64 * 1024;
  const pool::thread_pool workers(options);
  everything(workers, {});
  pool::group_options one_at_a_time;
  one_at_a_time.max_concurrency = 1;
  everything(workers, one_at_a_time);
  pool::group_options bounded;
  bounded.queue_capacity = 2;  // most children are refused, and run in their parents
  everything(workers, bounded);
  {
    options.max_workers = 1;
    const pool::thread_pool single(options);
    everything(single, {});
    empty_moments(single);
  }
  elsewhere(workers, pool::thread_pool(rig::workers(1)));
  pool::group group(workers);
  int checks = 0;
  CHECK(rig::run(group, waits(workers, checks)) == pool::status::ok && checks == 1);
  return 0;
}
