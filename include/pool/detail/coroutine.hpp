// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Coroutines: task<T> and group.spawn(). C++20. Included by <pool/pool.hpp>.
//
// The library knows nothing of coroutines: a spawned one is a task whose context is a *driver*. It resumes the
// innermost coroutine; when that sleeps, the task hands itself back (pool_task_suspend), and is called again later, on
// any thread. Every promise knows the driver that it runs under, so that nothing depends on the thread.
//
// A driver resumes in a loop: a coroutine that awaits another one, or is over, says who is next and returns. (The
// symmetric transfer of the standard would do without the return. But g++ makes a tail call of it only if it optimizes,
// and never with a sanitizer: a million awaits would take a million stack frames.)
#pragma once

#include <pool/detail/group.hpp>

#include <atomic>
#include <concepts>
#include <coroutine>
#include <memory>

namespace pool {
inline namespace v1 {
namespace detail {

// What runs a coroutine, and all that it awaits, as one task. At most one thread is in it at a time, and the library
// orders one after the other, since they are runs of one task. Only `holders_` is shared: a coroutine that waits for
// children in other tasks lends them its frames, so that these stay until the last child is over, whoever drops what.
class driver {
 public:
  driver() = default;
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  // Who goes on: the coroutine that is innermost now. None: all are over.
  void set_next(std::coroutine_handle<> next) noexcept { next_ = next; }
  std::coroutine_handle<> next() const noexcept { return next_; }

  // False: it sleeps, and its task has to return answer().
  bool resume() {
    is_asleep_ = false;
    while (next_ && !is_asleep_) next_.resume();
    return !is_asleep_;
  }
  std::int32_t answer() const noexcept { return answer_; }

  // From the coroutine `self`, which is about to be suspended: it goes on after `timeout`, or when the timer that
  // start(timer) gets is fired. If the status is another one than ok, that of `start` included, it does not sleep.
  template <class Start>
  status sleep(std::coroutine_handle<> self, std::int64_t timeout, Start&& start) {
    pool_timer_t timer{};
    const std::int32_t answer = pool_task_suspend(timeout, &timer);
    if (answer != POOL_TASK_AGAIN) return status::no_memory;
    const status started = start(timer);
    return started == status::ok ? fall_asleep(self, answer) : started;
  }
  // The same without a handle, which costs less.
  status sleep(std::coroutine_handle<> self, std::int64_t timeout) {
    const std::int32_t answer = pool_task_again_after(timeout);
    return answer == POOL_TASK_AGAIN ? fall_asleep(self, answer) : status::no_memory;
  }

  void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
  // Memory order: the last one destroys what all have used.
  void release() noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) end();
  }

 protected:
  ~driver() = default;

 private:
  status fall_asleep(std::coroutine_handle<> self, std::int32_t answer) noexcept {
    next_ = self;
    answer_ = answer;
    is_asleep_ = true;
    return status::ok;
  }
  // Nobody uses it any more.
  virtual void end() noexcept = 0;

  std::coroutine_handle<> next_;
  std::int32_t answer_ = 0;
  bool is_asleep_ = false;
  std::atomic<std::uint32_t> holders_{1};  // the library's task is one
};

// What task<T> accepts in co_await besides tasks and groups.
struct awaitable {};

template <class T>
class frame;
template <class T>
class task_awaiter;
class group_awaiter;

// What all promises have. Others' awaitables are refused: they would resume the coroutine on a thread of theirs, behind
// the back of the library. pool::suspend() waits for whatever calls back.
class promise_base {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      promise_base& ended = self.promise();
      ended.is_over = true;
      ended.runner->set_next(ended.continuation);
    }
    void await_resume() const noexcept {}
  };
  final_awaiter final_suspend() const noexcept { return {}; }

  void unhandled_exception() {
    error = std::current_exception();
#if defined(__cpp_exceptions)
    if (!error) throw;  // the forced unwinding of pthread_exit() or a cancellation
#endif
  }

  template <class T>
  task_awaiter<T> await_transform(task<T>&& child) noexcept;
  template <class T>
  void await_transform(task<T>&) = delete;  // co_await std::move(child): its value is taken out
  inline group_awaiter await_transform(const group_ref& other) noexcept;
  template <std::derived_from<awaitable> A>
  A&& await_transform(A&& other) noexcept {
    return static_cast<A&&>(other);
  }

  driver* runner = nullptr;
  std::coroutine_handle<> continuation;  // who awaits it
  std::exception_ptr error;
  bool is_over = false;
};

template <class T>
class promise final : public promise_base {
 public:
  static_assert(!std::is_rvalue_reference_v<T> && !std::is_const_v<T>, "a value, an lvalue reference, or void");

  task<T> get_return_object() noexcept;

  template <class U = T>
  requires std::convertible_to<U&&, T>
  void return_value(U&& value) {
    result.store([&value]() -> T { return static_cast<U&&>(value); });
  }

  job_result<T> result;
};

template <>
class promise<void> final : public promise_base {
 public:
  inline task<void> get_return_object() noexcept;
  void return_void() const noexcept {}

  job_result<void> result;
};

// Owns the frame of a coroutine.
template <class T>
class frame {
 public:
  frame() noexcept = default;
  explicit frame(promise<T>& its) noexcept : handle_(std::coroutine_handle<promise<T>>::from_promise(its)) {}
  frame(frame&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  frame& operator=(frame&& other) noexcept {
    if (this != &other) {
      const frame old(std::move(*this));
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~frame() {
    if (handle_) handle_.destroy();
  }

  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
  promise_base* base() const noexcept { return handle_ ? &handle_.promise() : nullptr; }

  // It runs under that driver, next of all, and after it `continuation` does.
  void begin(driver& runner, std::coroutine_handle<> continuation) const noexcept {
    if (!handle_) return;
    handle_.promise().runner = &runner;
    handle_.promise().continuation = continuation;
    runner.set_next(handle_);
  }

  // Once, when nobody runs it any more: its value, or what it threw. One that was dropped is cancelled.
  T take() const {
    if (!handle_) raise(status::invalid, "an empty task");
    auto& its = handle_.promise();
#if defined(__cpp_exceptions)
    if (its.error) std::rethrow_exception(std::move(its.error));
#endif
    if (!its.is_over) raise(status::cancelled, "a task that was dropped");
    return its.result.take();
  }

 private:
  std::coroutine_handle<promise<T>> handle_;
};

template <class T>
frame<T>& frame_of(task<T>& owner) noexcept;

}  // namespace detail

// A coroutine that has not been started: what a function returns that uses co_await or co_return. T is what it returns:
// a value, move-only ones too, an lvalue reference, or nothing.
//
//     pool::task<std::string> fetch(std::string url) {
//       for (auto pause = 10ms;; pause *= 2) {
//         if (auto text = try_once(url)) co_return *text;
//         co_await pool::sleep_for(pause);                  // without a thread
//       }
//     }
//     pool::task<> both() {
//       std::string one = co_await fetch("one");            // runs it here, and throws what it throws
//       auto [two, three] = co_await pool::when_all(fetch("two"), fetch("three"));
//     }
//     group.spawn(both());
//
// - It starts when it is awaited, by another task<>, or spawned; each once. Awaiting or spawning an empty one is
//   status::invalid. It can await what is named in pool.hpp; anything else does not compile.
// - It runs as a task of the group that it was spawned into, goes on anywhere after an await, and runs on one thread at
//   a time; what it did before happens before. So no lock is held over an await, and thread-locals are not counted on.
// - An await throws pool::error, no_memory, if the library has no memory or thread for the timer.
// - One that is suspended when its group is cancelled, or its pool shut down with CANCEL, is destroyed there and then,
//   on a worker, innermost first. So is one whose this_task::fail() comes before an await that suspends it. Nothing may
//   block there: a pool::group in such a frame does not wait, its tasks carry on as after detach(); they may not refer
//   to the frame then. One that runs can ask this_task::cancelled(). Recursion of awaits takes no stack, but its
//   destruction does.
// - What it refers to has to live until it is over, or its group is empty. Parameters by value are its own; a lambda
//   with captures is not: it has to outlive the coroutine.
// - An object is used by one thread at a time. Making one may throw std::bad_alloc.
// - g++ 12 destroys twice what an aggregate or a lambda that is made inside a co_await expression has as its members or
//   captures, unless that is trivial: give such an argument a name first.
template <class T>
class [[nodiscard]] task {
 public:
  using promise_type = detail::promise<T>;

  task() noexcept = default;

  // Whether there is a coroutine to await or to spawn.
  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

 private:
  friend promise_type;
  template <class U>
  friend detail::frame<U>& detail::frame_of(task<U>& owner) noexcept;

  explicit task(promise_type& its) noexcept : frame_(its) {}

  detail::frame<T> frame_;
};

namespace detail {

template <class T>
frame<T>& frame_of(task<T>& owner) noexcept {
  return owner.frame_;
}

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  return task<T>(*this);
}
inline task<void> promise<void>::get_return_object() noexcept { return task<void>(*this); }

// A child, in the task of its parent.
template <class T>
class task_awaiter {
 public:
  explicit task_awaiter(frame<T>&& child) noexcept : child_(std::move(child)) {}

  bool await_ready() const noexcept { return !child_; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) const noexcept {
    child_.begin(*parent.promise().runner, parent);
  }
  T await_resume() const { return child_.take(); }

 private:
  frame<T> child_;
};

template <class T>
task_awaiter<T> promise_base::await_transform(task<T>&& child) noexcept {
  return task_awaiter<T>(std::move(frame_of(child)));
}

// A coroutine of its own in a group: the context of the library's task.
template <class T>
class spawned final : public driver {
 public:
  explicit spawned(frame<T>&& its) noexcept : body(std::move(its)) { body.begin(*this, nullptr); }

  static std::int32_t run(void* ctx) {
    auto* const self = static_cast<spawned*>(ctx);
    return run_guarded([self] {
      if (!self->resume()) return self->answer();
      return outcome_of([self] { return self->body.take(); });
    });
  }
  static void drop(void* ctx) noexcept { static_cast<spawned*>(ctx)->release(); }

  frame<T> body;

 private:
  void end() noexcept override { delete this; }
};

inline pool_task_t c_task(pool_task_fn run, void* ctx, pool_drop_fn drop, const submit_options& options) noexcept {
  pool_task_t c = sized<pool_task_t>();
  c.overflow = static_cast<std::uint32_t>(options.overflow);
  c.overflow_timeout = options.overflow_timeout.value();
  c.fn = run;
  c.ctx = ctx;
  c.drop = drop;
  return c;
}

}  // namespace detail

template <class T>
status group_ref::try_spawn(task<T>&& body, const submit_options& options) const {
  detail::frame<T>& its = detail::frame_of(body);
  if (!its) return status::invalid;
  auto owner = std::make_unique<detail::spawned<T>>(std::move(its));
  // Not ours from here on: pthread_exit() in a task that is run in place comes out of the call; it was accepted then.
  detail::spawned<T>* const ready = owner.release();
  const pool_task_t c = detail::c_task(detail::spawned<T>::run, ready, detail::spawned<T>::drop, options);
  const status result = detail::as_status(pool_group_submit_task(handle_, &c));
  if (result != status::ok) {
    its = std::move(ready->body);
    ready->release();
  }
  return result;
}

}  // namespace v1
}  // namespace pool
