// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What a coroutine can await besides others: time, its turn, a callback, a group. C++20. Included by <pool/pool.hpp>.
#pragma once

#include <pool/detail/coroutine.hpp>
#include <pool/detail/thread_pool.hpp>

#include <chrono>
#include <concepts>
#include <coroutine>
#include <functional>
#include <memory>

namespace pool {
inline namespace v1 {
namespace detail {

// An await that hands the task back, with start(timer).
template <class Start>
class [[nodiscard]] suspension : public awaitable {
 public:
  suspension(std::int64_t timeout, Start start) : timeout_(timeout), start_(std::move(start)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    status_ = self.promise().runner->sleep(self, timeout_, start_);
    return status_ == status::ok;
  }
  void await_resume() const { must(status_, "co_await"); }

 private:
  std::int64_t timeout_;
  Start start_;
  status status_ = status::ok;
};

// The same that waits for time alone.
class [[nodiscard]] pause : public awaitable {
 public:
  explicit pause(std::int64_t time) noexcept : time_(time) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    status_ = self.promise().runner->sleep(self, time_);
    return status_ == status::ok;
  }
  void await_resume() const { must(status_, "co_await"); }

 private:
  std::int64_t time_;
  status status_ = status::ok;
};

// Waits for another group. Its notification has an object of its own to write to, since the coroutine may have been
// destroyed by then.
class group_awaiter {
 public:
  explicit group_awaiter(group_ref other) noexcept : other_(other) {}

  bool await_ready() noexcept {
    status_ = other_.poll();
    return status_ != status::busy;
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    if (other_ == this_task::group()) {
      status_ = status::deadlock;
      return false;
    }
    told_ = std::make_shared<status>(status::busy);
    status_ = self.promise().runner->sleep(self, forever.count(), [this](pool_timer_t timer) {
      return other_.try_notify([other = other_, told = told_, timer](status outcome) {
        *told = other.poll() == status::bad_handle ? status::closed : outcome;
        pool_timer_fire(timer);
      });
    });
    return status_ == status::ok;
  }
  void await_resume() const {
    other_.check_outcome(status_ == status::ok && told_ ? *told_ : status_, "co_await group");
  }

 private:
  group_ref other_;
  status status_ = status::ok;
  std::shared_ptr<status> told_;
};

inline group_awaiter promise_base::await_transform(const group_ref& other) noexcept { return group_awaiter(other); }

}  // namespace detail

// Sleeps, never for less than `time`. 0 and less: yield().
template <class Rep, class Period>
auto sleep_for(std::chrono::duration<Rep, Period> time) noexcept {
  return detail::pause(detail::nanoseconds_of(time));
}
// Until `time` as its clock says now.
template <class Clock, class Duration>
auto sleep_until(std::chrono::time_point<Clock, Duration> time) noexcept {
  const auto now = Clock::now();
  return sleep_for(time > now ? time - now : decltype(time - now)::zero());
}
// Goes on when other tasks have had their turn.
inline auto yield() noexcept { return detail::pause(0); }

// Makes a coroutine that is suspended go on. A value; may be called from any thread, more than once, early or late: it
// does nothing then. Does not block.
class waker {
 public:
  explicit waker(pool_timer_t handle) noexcept : handle_(handle) {}
  void operator()() const noexcept { pool_timer_fire(handle_); }
  // For pool_timer_cancel().
  pool_timer_t handle() const noexcept { return handle_; }

 private:
  pool_timer_t handle_;
};

// Suspends for whatever calls back (a socket's event loop, an asynchronous client): calls start(waker), which keeps the
// waker where it will be called, and goes on when it is, or after `timeout`. Which of the two it was, the callback has
// to say itself, in an object that outlives a coroutine which is destroyed meanwhile. Throws what `start` throws.
//
// There is no await for a file descriptor: the pool watches none, and would need a thread that does.
template <std::invocable<waker> F>
auto suspend(F start, std::chrono::nanoseconds timeout = forever) {
  return detail::suspension(detail::nanoseconds_of(timeout), [start = std::move(start)](pool_timer_t timer) mutable {
    std::invoke(start, waker(timer));
    return status::ok;
  });
}

}  // namespace v1
}  // namespace pool
