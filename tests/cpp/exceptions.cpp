// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What leaves a callable: every kind of exception becomes its group's failure with its text, and forced unwinding
// passes through the wrappers, on workers and out of waits.
#include "check.hpp"

#include <pthread.h>

#include <stdexcept>
#include <string>

namespace {

struct odd {
  check::counted<1> life;
};

template <class F>
pool::failure failure_of(pool::group_ref pool_group, F&& callable) {
  pool_group.submit(std::forward<F>(callable));
  try {
    pool_group.wait();
  } catch (const pool::error& error) {
    CHECK(error.value() == pool::status::failed);
    const pool::failure first = pool_group.first_failure();
    CHECK(error.failure_code() == first.code);
    const std::string text = error.what();
    CHECK(first.text.empty() ? text.rfind("group::wait", 0) == 0 : text.rfind(first.text, 0) == 0);
    return first;
  }
  check::that(false, "the wait throws", __FILE__, __LINE__);
  return {};
}

void kinds(const pool::thread_pool& workers) {
  const auto failure_in = [&workers](auto callable) { return failure_of(pool::group(workers), std::move(callable)); };
  const std::string no_exception = "an exception that is no std::exception";
  pool::failure got = failure_in([] { throw std::runtime_error("the reason"); });
  CHECK(got.code == pool::exception_code && got.text == "the reason");
  got = failure_in([text = std::string("kept")] { throw std::invalid_argument(text); });
  CHECK(got.code == pool::exception_code && got.text == "kept");
  got = failure_in([] { throw 42; });
  CHECK(got.code == pool::exception_code && got.text == no_exception);
  got = failure_in([] { throw odd(); });
  CHECK(got.code == pool::exception_code && got.text == no_exception && check::counted<1>::alive == 0);
  got = failure_in([] { throw std::bad_alloc(); });
  CHECK(got.code == pool::exception_code && got.text == std::bad_alloc().what());
  got = failure_in([] {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  });
  CHECK(got.code == pool::exception_code && got.text == "outer");
  got = failure_in([] { throw std::runtime_error(std::string(500, 'x')); });
  CHECK(got.text == std::string(POOL_FAILURE_TEXT_MAX - 1, 'x'));
  got = failure_in(std::function<void()>());
  CHECK(got.code == pool::exception_code && got.text == std::bad_function_call().what());

  got = failure_in([] { return pool::outcome{7}; });
  CHECK(got.code == 7 && got.text.empty());
  got = failure_in([] { CHECK(pool::this_task::fail(8, "eight") == pool::status::ok); });
  CHECK(got.code == 8 && got.text == "eight");
  got = failure_in([] { CHECK(pool::this_task::fail(9, std::string("nine")) == pool::status::ok); });
  CHECK(got.code == 9 && got.text == "nine");
  got = failure_in([] {
    CHECK(pool::this_task::fail(INT32_MIN) == pool::status::invalid);
    CHECK(pool::this_task::fail(0) == pool::status::invalid);
    CHECK(pool::this_task::fail(pool::exception_code, "ours") == pool::status::ok);
  });
  CHECK(got.code == pool::exception_code && got.text == "ours");
  CHECK(pool::this_task::fail(1) == pool::status::invalid);  // outside a task
}

// The first counts, the others are failures all the same.
void many(const pool::thread_pool& workers) {
  pool::group group(workers);
  for (int i = 0; i < 100; ++i) {
    group.submit([i] {
      if (i % 2 == 0) throw std::runtime_error("even");
    });
  }
  CHECK(group.try_wait() == pool::status::failed);
  const pool_group_stats_t stats = group.stats();
  CHECK(stats.failed == 50 && stats.succeeded == 50);
  CHECK(group.first_failure().text == "even");
}

// pthread_exit in a closure: its own objects and the closure are destroyed, the failure is counted.
void ends_worker(const pool::thread_pool& workers) {
  using life = check::counted<2>;
  pool::group group(workers);
  for (int i = 0; i < 4; ++i) {
    group.submit([captured = life()] {
      const life local;
      pthread_exit(nullptr);
    });
    // A wait without a time-out would help, and end this thread.
    CHECK(group.try_wait_for(std::chrono::hours(1)) == pool::status::failed);
    CHECK(life::alive == 0);
  }
  CHECK(group.first_failure().code == INT32_MIN + 2);
  CHECK(group.stats().failed == 4);
}

// The same in a closure that a wait runs: it ends the thread that waits, and what is on its stack is destroyed.
struct helper {
  pool::group_ref group;
  check::gate* gate;
  bool destroys;
  static inline std::atomic<bool> returned{false};

  static void* run(void* ctx) {
    auto* const self = static_cast<helper*>(ctx);
    const check::counted<3> local;
    if (self->destroys) {
      const pool::group owner(self->group.handle());  // waits at the end of the scope
    } else {
      self->group.wait();
    }
    returned = true;
    return nullptr;
  }
};

void ends_helper(bool destroys) {
  using life = check::counted<3>;
  check::gate gate;
  pool::thread_pool_options options;
  options.max_workers = 1;
  pool::thread_pool workers(options);
  pool::group other(workers);
  other.submit([&gate] { gate.pass(); });
  gate.await(1);

  pool::group group(workers);  // the only worker stands at the gate: the wait has to run this
  group.submit([captured = life()] { pthread_exit(nullptr); });
  helper waits{group, &gate, destroys};
  if (destroys) static_cast<void>(group.release());
  pthread_t thread{};
  CHECK(pthread_create(&thread, nullptr, helper::run, &waits) == 0);
  pthread_join(thread, nullptr);
  CHECK(!helper::returned && life::alive == 0);
  if (!destroys) CHECK(group.try_wait() == pool::status::failed);
  gate.open();
}

}  // namespace

int main() {
  pool::thread_pool workers;
  kinds(workers);
  many(workers);
  ends_worker(workers);
  ends_helper(false);
  ends_helper(true);
  return 0;
}
