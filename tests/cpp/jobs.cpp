// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// job<T>: results of every kind, exceptions as the same object, waits that run the job, and a state that is freed once,
// whenever the job<T> goes away: before, while and after it runs, and if it never does.
#include "check.hpp"

#include <pthread.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

namespace {

static_assert(std::is_nothrow_move_constructible_v<pool::job<int>> && std::is_nothrow_destructible_v<pool::job<int>>);
static_assert(!std::is_copy_constructible_v<pool::job<int>>);

pool::thread_pool_options one_worker() {
  pool::thread_pool_options options;
  options.max_workers = 1;
  return options;
}

// A pool with one worker, which stands at a gate, so that nothing else starts there.
struct held_pool {
  check::gate gate;
  pool::thread_pool workers{one_worker()};
  pool::group holder{workers};

  held_pool() {
    holder.submit([this] { gate.pass(); });
    gate.await(1);
  }
  ~held_pool() { gate.open(); }
};

struct no_default {
  explicit no_default(int v) : value(v) {}
  no_default(no_default&&) = default;
  no_default& operator=(no_default&&) = delete;
  int value;
};

int global = 5;

void results(pool::group_ref group) {
  pool::job<int> number = group.submit_job([] { return 6 * 7; });
  CHECK(number.valid() && number.get() == 42 && !number.valid());
  CHECK(check::thrown_by([&] { number.get(); }) == pool::status::bad_handle);

  pool::job<std::string> text = group.submit_job([part = std::string(100, 'a')] { return part + "b"; });
  CHECK(text.get() == std::string(100, 'a') + "b");
  pool::job<std::unique_ptr<int>> owner = group.submit_job([] { return std::make_unique<int>(3); });
  CHECK(*owner.get() == 3);
  pool::job<int&> reference = group.submit_job([]() -> int& { return global; });
  CHECK(&reference.get() == &global);
  const int fixed = 9;
  pool::job<const int&> constant = group.submit_job([&fixed]() -> const int& { return fixed; });
  CHECK(&constant.get() == &fixed);
  pool::job<void> nothing = group.submit_job([] { global = 6; });
  nothing.get();
  CHECK(!nothing.valid() && global == 6);
  pool::job<no_default> odd = group.submit_job([] { return no_default(8); });
  CHECK(odd.get().value == 8);
  pool::job<std::string> by_value = group.submit_job([]() -> const std::string { return "const"; });
  CHECK(by_value.get() == "const");
  pool::job<int> function = group.submit_job(+[] { return 11; });
  CHECK(function.get() == 11);
  pool::job<std::unique_ptr<int>> moved_in =
      group.submit_job([held = std::make_unique<int>(4)]() mutable { return std::move(held); });
  CHECK(*moved_in.get() == 4);
  struct alignas(64) wide {
    std::uintptr_t operator()() const { return reinterpret_cast<std::uintptr_t>(this) % 64; }
  };
  CHECK(group.submit_job(wide()).get() == 0);

  std::vector<pool::job<int>> many;
  for (int i = 0; i < 200; ++i) many.push_back(group.submit_job([i] { return i; }));
  int sum = 0;
  for (pool::job<int>& one : many) sum += one.get();
  CHECK(sum == 199 * 200 / 2);
  group.wait();
}

void allocations() {
  pool::thread_pool workers{one_worker()};
  pool::group group(workers);
  group.submit_job([] { return 1; }).get();  // starts the worker, which takes memory
  group.wait();
  const int before = check::allocations;
  pool::job<int> job = group.submit_job([part = std::array<long, 20>()] { return static_cast<int>(part[0]); });
  CHECK(check::allocations == before + 1);
  CHECK(job.get() == 0 && check::allocations == before + 1);
}

struct odd_exception {
  check::counted<1> life;
};

void exceptions(const pool::thread_pool& workers) {
  pool::group group(workers);
  pool::job<int> thrower = group.submit_job([]() -> int { throw std::out_of_range("the reason"); });
  try {
    thrower.get();
    CHECK(false);
  } catch (const std::out_of_range& exception) {
    CHECK(std::string(exception.what()) == "the reason");
  }
  CHECK(!thrower.valid());
  CHECK(group.try_wait() == pool::status::failed);
  CHECK(group.first_failure().text == "the reason" && group.first_failure().code == pool::exception_code);

  pool::job<void> number = group.submit_job([] { throw 42; });
  try {
    number.get();
    CHECK(false);
  } catch (int value) {
    CHECK(value == 42);
  }

  using life = check::counted<1>;
  pool::job<void> counted = group.submit_job([] { throw odd_exception(); });
  counted.wait();  // however it ended
  CHECK(counted.poll() == pool::status::failed && life::made == 1);
  CHECK_THROWS(odd_exception, counted.get());
  CHECK(life::alive == 0 && life::made == 1);  // the very object

  pool::job<void> nested = group.submit_job([] {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  });
  try {
    nested.get();
    CHECK(false);
  } catch (const std::logic_error& outer) {
    CHECK_THROWS(std::runtime_error, std::rethrow_if_nested(outer));
  }

  pool::job<int> failing = group.submit_job([] {
    pool::this_task::fail(7, "seven");
    return 1;
  });
  try {
    failing.get();
    CHECK(false);
  } catch (const pool::error& error) {
    CHECK(error.value() == pool::status::failed && error.failure_code() == 7);
  }

  // Nobody asks: the exception is destroyed with the job.
  {
    const pool::job<void> unasked = group.submit_job([] { throw odd_exception(); });
    unasked.wait();
  }
  CHECK(life::alive == 0 && life::made == 2);

  // Moving the result out may throw, too.
  struct sticky {
    explicit sticky(int) {}
    sticky(sticky&& other) : moves(other.moves + 1) {
      if (moves == 2) throw std::runtime_error("stuck");
    }
    int moves = 0;
    check::counted<7> life;
  };
  pool::job<sticky> stuck = group.submit_job([] { return sticky(1); });
  CHECK_THROWS(std::runtime_error, stuck.get());
  CHECK(!stuck.valid());
  group.try_wait();
  CHECK(check::counted<7>::alive == 0);
}

// A wait runs the job itself, if nobody has yet.
void waits_run_it() {
  held_pool held;
  pool::group group(held.workers);
  pool::job<std::thread::id> job = group.submit_job([] { return std::this_thread::get_id(); });
  CHECK(!job.wait_for(0ns) && !job.wait_for(1ms) && job.try_wait_for(-1h) == pool::status::timed_out);
  CHECK(job.poll() == pool::status::busy);
  CHECK(job.get() == std::this_thread::get_id());

  // Inside each other, on a pool whose only worker is taken.
  pool::job<int> outer = group.submit_job([&group] {
    pool::job<int> inner = group.submit_job([&group] { return group.submit_job([] { return 1; }).get() + 1; });
    return inner.get() + 1;
  });
  CHECK(outer.get() == 3);
}

void waits_for_itself(const pool::thread_pool& workers) {
  pool::group group(workers);
  check::gate gate;
  pool::job<int> job;
  job = group.submit_job([&] {
    gate.pass();
    CHECK(job.try_wait() == pool::status::deadlock);
    CHECK(check::thrown_by([&] { job.get(); }) == pool::status::deadlock);
    CHECK(job.valid());
    return 5;
  });
  gate.open();
  while (job.poll() == pool::status::busy) std::this_thread::yield();
  CHECK(job.wait_for(0s) && job.get() == 5);
}

// The lives of closure and result, for each moment at which the job<T> goes.
void lives() {
  using closure = check::counted<2>;
  using result = check::counted<3>;
  const auto none_alive = [] { return closure::alive == 0 && result::alive == 0; };
  {  // after its end, unasked
    pool::thread_pool workers;
    pool::group group(workers);
    pool::job<result> job = group.submit_job([life = closure()] { return result(); });
    group.wait();
    CHECK(closure::alive == 0 && result::alive == 1);  // the closure goes with the run
  }
  CHECK(none_alive());
  {  // while it runs
    pool::thread_pool workers;
    pool::group group(workers);
    check::gate gate;
    pool::job<result> job = group.submit_job([&gate, life = closure()] {
      gate.pass();
      return result();
    });
    gate.await(1);
    job = pool::job<result>();
    CHECK(closure::alive == 1);
    gate.open();
    group.wait();
    CHECK(none_alive());
  }
  {  // before it starts: it never will
    held_pool held;
    pool::group group(held.workers);
    {
      const pool::job<result> job = group.submit_job([life = closure()]() -> result {
        CHECK(false);
        return {};
      });
      CHECK(closure::alive == 1);
    }
    CHECK(none_alive());
    CHECK(group.try_wait() == pool::status::cancelled && group.stats().cancelled == 1);
  }
  {  // cancelled by name
    held_pool held;
    pool::group group(held.workers);
    pool::job<result> job = group.submit_job([life = closure()] { return result(); });
    CHECK(job.cancel() && closure::alive == 0 && job.poll() == pool::status::cancelled);
    CHECK(!job.cancel());
    CHECK(check::thrown_by([&] { job.get(); }) == pool::status::cancelled && !job.valid());
  }
  {  // cancelled with its group
    held_pool held;
    pool::group group(held.workers);
    pool::job<result> job = group.submit_job([life = closure()] { return result(); });
    pool::job<result> unasked = group.submit_job([life = closure()] { return result(); });
    group.cancel();
    CHECK(group.try_wait() == pool::status::cancelled);
    CHECK(check::thrown_by([&] { job.get(); }) == pool::status::cancelled && !job.valid() && closure::alive == 1);
  }
  CHECK(none_alive());
  {  // discarded: it was accepted, and failed
    held_pool held;
    pool::group_options options;
    options.overflow = pool::overflow_policy::discard_newest;
    options.queue_capacity = 1;
    pool::group group(held.workers, options);
    group.submit([] {});
    pool::job<result> job = group.submit_job([life = closure()] { return result(); });
    CHECK(check::thrown_by([&] { job.get(); }) == pool::status::failed && closure::alive == 0);
  }
  {  // it outlives its group and its pool
    pool::job<result> job;
    {
      pool::thread_pool workers;
      pool::group group(workers);
      job = group.submit_job([life = closure()] { return result(); });
    }
    CHECK(closure::alive == 0 && result::alive == 1);
    CHECK(job.get().is_whole());
    CHECK(none_alive());
  }
  {  // it is never submitted
    pool::job<result> job = pool::make_job([life = closure()] { return result(); });
    CHECK(job.valid() && job.try_wait() == pool::status::bad_handle && closure::alive == 1);
  }
  CHECK(none_alive());
}

void refused() {
  using life = check::counted<4>;
  held_pool held;
  pool::group_options options;
  options.overflow = pool::overflow_policy::reject;
  options.queue_capacity = 1;
  pool::group group(held.workers, options);
  group.submit([] {});
  pool::job<int> job = pool::make_job([alive = life()] { return 3; });
  CHECK(group.try_submit(job) == pool::status::full && job.valid() && life::alive == 1);
  CHECK(check::thrown_by([&] { group.submit(job); }) == pool::status::full && life::alive == 1);
  CHECK(check::thrown_by([&] { job = group.submit_job([alive = life()] { return 3; }); }) == pool::status::full);
  CHECK(life::alive == 1);
  group.wait();
  group.submit(job);
  CHECK(group.try_submit(job) == pool::status::invalid);
  CHECK(job.get() == 3 && life::alive == 0);
  CHECK(group.try_submit(job) == pool::status::invalid);
}

// pthread_exit in a job: on a worker, and in a thread that waits for it.
void ends_thread() {
  using life = check::counted<5>;
  {
    pool::thread_pool workers;
    pool::group group(workers);
    pool::job<int> job = group.submit_job([alive = life()]() -> int { pthread_exit(nullptr); });
    CHECK(group.try_wait_for(1h) == pool::status::failed && life::alive == 0);
    try {
      job.get();
      CHECK(false);
    } catch (const pool::error& error) {
      CHECK(error.value() == pool::status::failed && error.failure_code() == INT32_MIN + 2);
    }
  }
  held_pool held;
  pool::group group(held.workers);
  pthread_t thread{};
  const auto waiter = [](void* ctx) -> void* {
    const pool::group_ref in(static_cast<pool::group*>(ctx)->handle());
    const life local;
    pool::job<int> job = in.submit_job([alive = life()]() -> int { pthread_exit(nullptr); });
    job.get();
    CHECK(false);
    return nullptr;
  };
  CHECK(pthread_create(&thread, nullptr, waiter, &group) == 0);
  pthread_join(thread, nullptr);
  CHECK(life::alive == 0 && group.try_wait() == pool::status::failed);
}

int scaled(int count) {
  const char* const text = std::getenv("POOL_TEST_SCALE");
  const double scale = text != nullptr ? std::strtod(text, nullptr) : 1;
  return scale > 0 && scale < 1 ? static_cast<int>(count * scale) : count;
}

// Jobs that are let go, waited for and cancelled at any moment.
void any_moment(const pool::thread_pool& workers) {
  using life = check::counted<6>;
  const int rounds = scaled(5000);
  pool::group group(workers);
  std::atomic<int> runs{0};
  int expected = 0;
  for (int i = 0; i < rounds; ++i) {
    pool::job<life> job = group.submit_job([&runs, alive = life()] {
      ++runs;
      return life(alive);
    });
    for (int spin = i % 64; spin > 0; --spin) std::atomic_signal_fence(std::memory_order_seq_cst);
    switch (i % 5) {
      case 0:
        expected += job.get().is_whole();
        break;
      case 1:
        expected += !job.cancel();
        break;
      case 2:
        job.wait_for(1us);
        break;
      case 3:
        job.wait();
        ++expected;
        break;
      default:
        break;
    }
  }
  group.try_wait();
  const pool_group_stats_t stats = group.stats();
  CHECK(stats.submitted == static_cast<std::uint64_t>(rounds));
  CHECK(stats.succeeded == static_cast<std::uint64_t>(runs) && stats.succeeded + stats.cancelled == stats.submitted);
  CHECK(runs >= expected && life::alive == 0);
}

// Jobs that are let go while their group is cancelled: between its claim and its drop a job has not run, and is not
// over.
void with_a_cancelled_group(const pool::thread_pool& workers) {
  using life = check::counted<8>;
  const int rounds = scaled(3000);
  pool::group helpers(workers);
  for (int i = 0; i < rounds; ++i) {
    pool::group group(workers);
    std::vector<pool::job<life>> jobs;
    for (int n = 0; n < 4; ++n) jobs.push_back(group.submit_job([alive = life()] { return life(alive); }));
    helpers.submit([&group] { group.cancel(); });
    for (int spin = i % 256; spin > 0; --spin) std::atomic_signal_fence(std::memory_order_seq_cst);
    jobs.clear();
    helpers.wait();
  }
  CHECK(life::alive == 0);
}

}  // namespace

int main() {
  pool::thread_pool workers;
  {
    pool::group group(workers);
    results(group);
  }
  allocations();
  exceptions(workers);
  waits_run_it();
  waits_for_itself(workers);
  lives();
  refused();
  ends_thread();
  any_moment(workers);
  with_a_cancelled_group(workers);
  return 0;
}
