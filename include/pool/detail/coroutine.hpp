// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Coroutines: task<T> and group.spawn(). C++20. Included by <pool/pool.hpp>.
//
// The library knows nothing of coroutines: a spawned one is a task whose context is a *driver*. It resumes the
// innermost coroutine; when that sleeps, the task hands itself back (pool_task_suspend), and is called again later, on
// any thread. Every promise knows the driver that it runs under, so that nothing depends on the thread. The driver of
// a spawned one is its own promise: a coroutine takes one allocation, its frame.
//
// A driver resumes in a loop: a coroutine that awaits another one, or is over, says who is next and returns. (The
// symmetric transfer of the standard would do without the return. But g++ makes a tail call of it only if it optimizes,
// and never with a sanitizer: a million awaits would take a million stack frames.)
#pragma once

#include <pool/detail/group.hpp>

#include <atomic>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>

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

  // False: it sleeps, and its task has to return POOL_TASK_AGAIN.
  bool resume() {
    is_asleep_ = false;
    while (next_ && !is_asleep_) next_.resume();
    return !is_asleep_;
  }

  // From the coroutine `self`, which is about to be suspended: it goes on after `timeout`, or when the timer that
  // start(timer) gets is fired. If the status is another one than ok, that of `start` included, it does not sleep.
  template <class Start>
  status sleep(std::coroutine_handle<> self, std::int64_t timeout, Start&& start) {
    pool_timer_t timer{};
    if (pool_task_suspend(timeout, &timer) != POOL_TASK_AGAIN) return status::no_memory;
    const status started = start(timer);
    if (started == status::ok) fall_asleep(self);
    return started;
  }
  // The same without a handle, which costs less.
  status sleep(std::coroutine_handle<> self, std::int64_t timeout) {
    if (pool_task_again_after(timeout) != POOL_TASK_AGAIN) return status::no_memory;
    fall_asleep(self);
    return status::ok;
  }

  void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
  // Memory order: the last one destroys what all have used.
  void release() noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) end();
  }

 protected:
  ~driver() = default;

 private:
  void fall_asleep(std::coroutine_handle<> self) noexcept {
    next_ = self;
    is_asleep_ = true;
  }
  // Nobody uses it any more.
  virtual void end() noexcept = 0;

  std::coroutine_handle<> next_;
  std::atomic<std::uint32_t> holders_{1};  // the library's task is one
  bool is_asleep_ = false;
};

// What task<T> accepts in co_await besides tasks and groups.
struct awaitable {};

template <class T>
class frame;
template <class T>
class task_awaiter;
class group_awaiter;

// What all promises have: each can drive, and the one that nobody awaits does, unless it is a child in a task of its
// own. Others' awaitables are refused: they would resume the coroutine on a thread of theirs, behind the back of the
// library. pool::suspend() waits for whatever calls back.
class promise_base : public driver {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      promise_base& ended = self.promise();
      ended.is_over = true;
      ended.runner->set_next(ended.runner == &ended ? nullptr : ended.continuation());
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

  // It runs under that driver, next of all, and after it `continuation` does.
  void begin(std::coroutine_handle<> self, driver& its_runner, std::coroutine_handle<> continuation) noexcept {
    runner = &its_runner;
    set_next(continuation);
    its_runner.set_next(self);
  }
  // Who awaits it: one that does not drive has no other use for next().
  std::coroutine_handle<> continuation() const noexcept { return next(); }

  bool is_over = false;  // (first, where the driver leaves room)
  driver* runner = nullptr;
  std::exception_ptr error;

 protected:
  ~promise_base() = default;
};

// That which depends on the type: what is returned, and by which handle the frame is known.
template <class T, class Promise>
class promise_of : public promise_base {
 public:
  task<T> get_return_object() noexcept;

  // Once, when nobody runs it any more: its value, or what it threw. One that was dropped is cancelled.
  T take() {
#if defined(__cpp_exceptions)
    if (error) std::rethrow_exception(std::move(error));
#endif
    if (!is_over) raise(status::cancelled, "a task that was dropped");
    return result.take();
  }

  std::coroutine_handle<Promise> handle() noexcept {
    return std::coroutine_handle<Promise>::from_promise(static_cast<Promise&>(*this));
  }

  // The task of one that drives itself: the library has its frame.
  static std::int32_t run(void* ctx) {
    auto* const self = static_cast<Promise*>(ctx);
    return run_guarded([self] { return self->resume() ? outcome_of([self] { return self->take(); }) : POOL_TASK_AGAIN; });
  }
  static void drop(void* ctx) noexcept { static_cast<Promise*>(ctx)->release(); }

 protected:
  ~promise_of() = default;

  [[no_unique_address]] job_result<T> result;

 private:
  void end() noexcept override { handle().destroy(); }
};

template <class T>
class promise final : public promise_of<T, promise<T>> {
 public:
  static_assert(!std::is_rvalue_reference_v<T> && !std::is_const_v<T>, "a value, an lvalue reference, or void");

  template <class U = T>
  requires std::convertible_to<U&&, T>
  void return_value(U&& value) {
    this->result.store([&value]() -> T { return static_cast<U&&>(value); });
  }
};

template <>
class promise<void> final : public promise_of<void, promise<void>> {
 public:
  void return_void() const noexcept {}
};

// Owns the frame of a coroutine.
template <class T>
class frame {
 public:
  frame() noexcept = default;
  explicit frame(promise<T>& its) noexcept : promise_(&its) {}
  frame(frame&& other) noexcept : promise_(other.let_go()) {}
  frame& operator=(frame&& other) noexcept {
    if (this != &other) {
      const frame old(std::move(*this));
      promise_ = other.let_go();
    }
    return *this;
  }
  ~frame() {
    if (promise_ != nullptr) promise_->handle().destroy();
  }

  explicit operator bool() const noexcept { return promise_ != nullptr; }
  promise_base* base() const noexcept { return promise_; }
  // It is the caller's.
  promise<T>* let_go() noexcept { return std::exchange(promise_, nullptr); }

  void begin(driver& runner, std::coroutine_handle<> continuation) const noexcept {
    if (promise_ != nullptr) promise_->begin(promise_->handle(), runner, continuation);
  }

  T take() const {
    if (promise_ == nullptr) raise(status::invalid, "an empty task");
    return promise_->take();
  }

 private:
  promise<T>* promise_ = nullptr;
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
  friend detail::promise_of<T, promise_type>;
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

template <class T, class Promise>
task<T> promise_of<T, Promise>::get_return_object() noexcept {
  return task<T>(static_cast<Promise&>(*this));
}

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
  // Not ours from here on: pthread_exit() in a task that is run in place comes out of the call; it was accepted then.
  detail::promise<T>& own = *its.let_go();
  own.begin(own.handle(), own, nullptr);
  const pool_task_t c = detail::c_task(detail::promise<T>::run, &own, detail::promise<T>::drop, options);
  const status result = detail::as_status(pool_group_submit_task(handle_, &c));
  if (result != status::ok) its = detail::frame<T>(own);
  return result;
}

}  // namespace v1
}  // namespace pool
