// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// task<T>: what it carries, that awaits take no stack, sleeping, taking turns, waiting for a callback.
#include "rig.hpp"

#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using life = check::counted<1>;

static_assert(!std::is_copy_constructible_v<pool::task<>> && std::is_nothrow_move_constructible_v<pool::task<int>>);
static_assert(sizeof(pool::task<std::string>) == sizeof(void*));

template <class T>
concept can_be_awaited = requires(pool::detail::promise_base& promise, T&& operand) {
  promise.await_transform(std::forward<T>(operand));
};
static_assert(can_be_awaited<pool::task<int>> && can_be_awaited<pool::group&> && can_be_awaited<pool::group_ref>);
static_assert(!can_be_awaited<pool::task<int>&>);     // its value is taken out
static_assert(!can_be_awaited<std::suspend_always>);  // nobody would resume it
static_assert(!can_be_awaited<std::coroutine_handle<>>);

pool::task<int> number(int value) { co_return value; }
pool::task<> nothing() { co_return; }
pool::task<std::unique_ptr<int>> owner(std::unique_ptr<int> from) {
  co_await pool::yield();
  ++*from;
  co_return from;
}
pool::task<int&> reference(int& to) { co_return to; }
pool::task<std::string> text(std::string first, const char* second) {
  co_await pool::yield();
  co_return first + second;
}

pool::task<> values(int& checks) {
  CHECK(co_await number(3) == 3);
  co_await nothing();
  std::unique_ptr<int> owned = co_await owner(std::make_unique<int>(4));
  CHECK(*owned == 5);
  int target = 0;
  int& same = co_await reference(target);
  CHECK(&same == &target);
  CHECK(co_await text("one ", "two") == "one two");
  pool::task<int> named = number(6);
  CHECK(static_cast<bool>(named));
  CHECK(co_await std::move(named) == 6);
  CHECK(!named);  // NOLINT(bugprone-use-after-move): it is empty
  CHECK_THROWS(pool::error, co_await std::move(named));
  named = number(7);
  named = number(8);
  pool::task<int> moved = std::move(named);
  CHECK(co_await std::move(moved) == 8);
  ++checks;
}

pool::task<pool::outcome> coded(int code) {
  co_await pool::yield();
  co_return pool::outcome{code};
}

// Forms of expressions that compilers have got wrong: each object is destroyed once. (g++ 12 destroys the members of an
// aggregate, or of a lambda, twice that is made inside a co_await expression: these have names here.)
struct parcel {
  parcel(std::string its, life) : name(std::move(its)) {}
  std::string name;
  life alive;
};
struct aggregate {
  std::string name;
  life alive;
};
template <class From>
pool::task<std::size_t> length_of(From from) {
  co_await pool::yield();
  CHECK(from.alive.is_whole());
  co_return from.name.size();
}
pool::task<std::size_t> length(parcel from) { return length_of(std::move(from)); }
pool::task<life> born() {
  life one;
  co_await pool::yield();
  co_return one;
}
pool::task<> expressions(bool flag) {
  const std::string name(40, 'x');
  CHECK(co_await length(parcel{name, life()}) == 40);
  aggregate named{name, {}};
  CHECK(co_await length_of(std::move(named)) == 40);
  const std::size_t one = flag ? co_await length({name, {}}) : co_await length({"", {}});
  CHECK(one == (flag ? 40U : 0U));
  CHECK((co_await length({"a", {}}) + co_await length({"bc", {}})) == 3);
  CHECK((co_await born()).is_whole());
  const life kept = co_await born();
  for (const char c : co_await text("abc", "def")) CHECK(c >= 'a' && c <= 'f');
  if (co_await number(1) == 1 && co_await number(0) == 0) CHECK(kept.is_whole());
  const auto local = [](life by_value, int more) -> pool::task<int> {
    co_await pool::yield();
    co_return by_value.is_whole() ? more : 0;
  };
  CHECK(co_await local(life(), co_await number(9)) == 9);
}

struct marked : std::runtime_error {
  explicit marked(int at) : std::runtime_error("marked"), place(at) {}
  int place;
};
pool::task<int> thrower(int* address) {
  const life alive;
  co_await pool::sleep_for(1us);
  *address = 1;
  throw marked(3);
}
pool::task<int> middle(int* address) {
  const life alive;
  co_return 1 + co_await thrower(address);
}
pool::task<> outer(int& caught) {
  const life alive;
  int at = 0;
  try {
    co_await middle(&at);
  } catch (const marked& mark) {
    caught += mark.place * at;
  }
  CHECK(life::alive == 1);
  co_await pool::yield();
  co_await middle(&at);
}

// Neither many awaits nor deep ones take stack.
pool::task<> many_awaits(int count, long& sum) {
  for (int i = 0; i < count; ++i) sum += co_await number(1);
}
pool::task<long> deep(int levels) {
  if (levels == 0) {
    co_await pool::yield();
    co_return 0;
  }
  co_return 1 + co_await deep(levels - 1);
}
pool::task<> many_yields(int count, std::atomic<int>& done) {
  for (int i = 0; i < count; ++i) co_await pool::yield();
  ++done;
}

pool::task<> deep_check(int levels) { CHECK(co_await deep(levels) == levels); }

pool::task<> sleeps_once(rig::clock::duration time, std::atomic<int>& done) {
  const auto begin = rig::clock::now();
  co_await pool::sleep_for(time);
  CHECK(rig::clock::now() - begin >= time);
  ++done;
}
pool::task<> sleeps_until(std::atomic<int>& done) {
  const auto until = rig::clock::now() + 2ms;
  co_await pool::sleep_until(until);
  CHECK(rig::clock::now() >= until);
  co_await pool::sleep_until(until);  // long past
  co_await pool::sleep_until(rig::clock::time_point::min());
  co_await pool::sleep_for(-5s);
  co_await pool::sleep_for(0.5us);
  const auto wall = std::chrono::system_clock::now() + 1ms;
  co_await pool::sleep_until(wall);
  ++done;
}

pool::task<> spins(const std::atomic<bool>& until) {
  while (!until) co_await pool::yield();
}
pool::task<> sets(std::atomic<bool>& flag) {
  co_await pool::yield();
  flag = true;
}

// One worker: who yields lets everybody else have a turn, whatever kind he is.
void turns() {
  const pool::thread_pool workers(rig::workers(1));
  pool::group group(workers);
  pool::group other(workers);
  for (int kind = 0; kind < 4; ++kind) {
    std::atomic<bool> flag{false};
    for (int i = 0; i < 5; ++i) group.spawn(spins(flag));
    const pool::group& place = kind % 2 == 0 ? group : other;
    if (kind < 2) {
      place.spawn(sets(flag));
    } else {
      place.submit([&flag] { flag = true; });
    }
    CHECK(rig::ended(group) == pool::status::ok && rig::ended(other) == pool::status::ok);
  }
}

pool::task<> callbacks(int& checks) {
  std::thread caller;
  co_await pool::suspend([](pool::waker wake) { wake(); });  // before it is suspended
  co_await pool::suspend([&caller](pool::waker wake) {
    caller = std::thread([wake] {
      wake();
      wake();
    });
  });
  caller.join();
  co_await pool::suspend([](pool::waker) {}, 1ms);
  pool::waker late{pool_timer_t{}};
  auto keep = [&late, alive = std::make_unique<life>()](pool::waker wake) {
    CHECK(alive->is_whole());
    late = wake;
  };
  co_await pool::suspend(std::move(keep), 0ns);
  late();
  CHECK_THROWS(marked, co_await pool::suspend([](pool::waker) { throw marked(1); }));
  CHECK(co_await number(1) == 1);  // it did not sleep
  co_await pool::yield();
  ++checks;
}

}  // namespace

int main() {
  pool::thread_pool_options options = rig::workers(2);
  options.stack_size = 64 * 1024;
  options.queue_capacity = 1000000;
  const pool::thread_pool workers(options);
  pool::group group(workers);
  int checks = 0;
  CHECK(rig::run(group, values(checks)) == pool::status::ok);
  CHECK(rig::run(group, callbacks(checks)) == pool::status::ok && checks == 2);
  for (const bool flag : {true, false}) CHECK(rig::run(group, expressions(flag)) == pool::status::ok);
  CHECK(life::alive == 0 && life::made > 10);
  {
    pool::task<> never = expressions(true);            // lazy
    pool::task<std::size_t> other = length({"", {}});  // has a parameter
    other = length({"", {}});
    CHECK(life::alive == 1);
  }
  CHECK(life::alive == 0);
  CHECK(group.try_spawn(pool::task<>()) == pool::status::invalid);

  int caught = 0;
  CHECK(rig::run(group, outer(caught)) == pool::status::failed && caught == 3 && life::alive == 0);
  CHECK(group.first_failure().code == pool::exception_code && group.first_failure().text == "marked");
  group.reset();
  CHECK(rig::run(group, coded(0)) == pool::status::ok);
  CHECK(rig::run(group, coded(7)) == pool::status::failed && group.first_failure().code == 7);
  group.reset();

  long sum = 0;
  const int million = rig::scaled(1000000);
  CHECK(rig::run(group, many_awaits(million, sum)) == pool::status::ok && sum == million);
  CHECK(rig::run(group, deep_check(rig::scaled(100000))) == pool::status::ok);
  std::atomic<int> done{0};
  for (int i = 0; i < 4; ++i) group.spawn(many_yields(million / 4, done));
  CHECK(rig::ended(group) == pool::status::ok && done == 4);
  const int sleepers = rig::scaled(100000);
  for (int i = 0; i < sleepers; ++i) group.spawn(sleeps_once(std::chrono::microseconds(i % 5000), done));
  for (int i = 0; i < 10; ++i) group.spawn(sleeps_until(done));
  CHECK(rig::ended(group) == pool::status::ok && done == sleepers + 14);
  CHECK(workers.stats().workers_peak <= 2);
  turns();
  return 0;
}
