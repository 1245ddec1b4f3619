// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// job<T>: a task with a result. Included by <pool/pool.hpp>.
//
// A job has one allocation: its state, with the closure and room for the result. Two sides hold it: the job<T>, and the
// library, from the submit until it drops the context.
#pragma once

#include <pool/detail/closure.hpp>
#include <pool/detail/time.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace pool {
inline namespace v1 {

template <class T>
class job;

namespace detail {

// Room for a result: a value, a reference, or nothing.
template <class T>
class job_result {
 public:
  template <class F>
  void store(F&& callable) {
    value_.emplace(std::invoke(std::forward<F>(callable)));
  }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <class T>
class job_result<T&> {
 public:
  template <class F>
  void store(F&& callable) {
    value_ = std::addressof(std::invoke(std::forward<F>(callable)));
  }
  T& take() { return *value_; }

 private:
  T* value_ = nullptr;
};

template <>
class job_result<void> {
 public:
  template <class F>
  void store(F&& callable) {
    std::invoke(std::forward<F>(callable));
  }
  void take() {}
};

// Requires: released once by the library, if it was submitted, and once by the job<T>.
template <class T>
class job_state {
 public:
  job_state() = default;
  job_state(const job_state&) = delete;
  job_state& operator=(const job_state&) = delete;
  virtual ~job_state() = default;

  // Memory order: whoever releases last sees all that the other side did.
  void release() noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // Runs the closure and destroys it.
  virtual std::int32_t run() = 0;
  // Destroys the closure of a job that will not run.
  virtual void forget() noexcept = 0;

  static std::int32_t entry(void* ctx, void**) { return static_cast<job_state*>(ctx)->run(); }
  static void drop(void* ctx) noexcept { static_cast<job_state*>(ctx)->release(); }

  // The run's; read when the job is over: that the library says so comes after the run.
  job_result<T> result;
  std::exception_ptr error;

 private:
  std::atomic<std::uint32_t> holders_{2};
};

template <class T, class F>
class job_of final : public job_state<T> {
 public:
  template <class G>
  explicit job_of(G&& callable) : callable_(std::in_place, std::forward<G>(callable)) {}

  std::int32_t run() override {
    struct destroyed {
      std::optional<F>& callable;
      ~destroyed() { callable.reset(); }
    } const guard{callable_};
    return run_guarded(
        [this] {
          this->result.store(std::move(*callable_));
          return std::int32_t{0};
        },
        [this] { this->error = std::current_exception(); });
  }

  void forget() noexcept override { callable_.reset(); }

 private:
  std::optional<F> callable_;
};

// What a job keeps of what a callable returns: values without const, references to lvalues as they are.
template <class F>
using job_value = std::conditional_t<std::is_lvalue_reference_v<std::invoke_result_t<F>>, std::invoke_result_t<F>,
                                     std::remove_cv_t<std::remove_reference_t<std::invoke_result_t<F>>>>;

}  // namespace detail

// A job: made by group.submit_job(), or by make_job() and submitted later. Move-only. Its member functions may be
// called by one thread at a time.
//
// A job<T> that goes away does not block: a job that has not started is cancelled, since nobody can have its result
// any more; one that runs is let go, and its result destroyed when it has finished. What the closure refers to has to
// live until the group's wait, as with every task. The closure is destroyed right after the run; that of a job which
// never ran by cancel(), with the job<T>, or, if its group was cancelled, with the group's tasks at the latest.
template <class T>
class [[nodiscard]] job {
 public:
  job() noexcept = default;
  job(job&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)), handle_(std::exchange(other.handle_, pool_job_t{})) {}
  job& operator=(job&& other) noexcept {
    if (this != &other) {
      let_go();
      state_ = std::exchange(other.state_, nullptr);
      handle_ = std::exchange(other.handle_, pool_job_t{});
    }
    return *this;
  }
  ~job() { let_go(); }

  // Whether there is a result to get, now or later: not for an empty job, nor after get().
  bool valid() const noexcept { return state_ != nullptr; }
  // All-zero until it is submitted.
  pool_job_t handle() const noexcept { return handle_; }

  // status::busy: not finished; ok, failed, cancelled: it is. Never blocks.
  status poll() const noexcept { return detail::as_status(pool_job_status(handle_, nullptr)); }

  // Waits until the job is over, however it ended; if it has not started, the calling thread runs it where it may.
  // Throws pool::error if it cannot wait.
  void wait() const { check_waited(try_wait()); }
  // The same, and how it ended: ok, failed or cancelled.
  status try_wait() const { return detail::as_status(pool_job_wait(handle_)); }

  // false: not over in time.
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> timeout) const {
    const status waited = try_wait_for(timeout);
    if (waited == status::timed_out) return false;
    check_waited(waited);
    return true;
  }
  template <class Rep, class Period>
  status try_wait_for(std::chrono::duration<Rep, Period> timeout) const {
    return detail::as_status(pool_job_wait_for(handle_, detail::nanoseconds_of(timeout)));
  }

  // Waits, and hands the result over, once: the job is empty afterwards. Rethrows what the closure threw, the same
  // object; throws pool::error if it failed otherwise (failed), was discarded (failed) or cancelled (cancelled). If it
  // cannot wait (deadlock) the job stays as it is.
  T get() {
    const status ended = try_wait();
    if (ended == status::ok) {
      const emptied guard{*this};  // only now: should moving the result throw, it is lost
      return state_->result.take();
    }
    if (ended != status::failed && ended != status::cancelled) detail::raise(ended, "job::get");
    std::int32_t code = 0;
    pool_job_status(handle_, &code);
    [[maybe_unused]] std::exception_ptr thrown = std::move(state_->error);
    let_go();
#if defined(__cpp_exceptions)
    if (thrown) std::rethrow_exception(std::move(thrown));
#endif
    detail::raise(ended, "job::get", code);
  }

  // true: it had not started and never will; its closure is destroyed.
  bool cancel() noexcept {
    if (pool_job_cancel(handle_) != POOL_OK) return false;
    state_->forget();
    return true;
  }

 private:
  friend class group_ref;
  template <class F>
  friend auto make_job(F&& callable);

  struct emptied {
    job& owner;
    ~emptied() { owner.let_go(); }
  };

  explicit job(detail::job_state<T>* state) noexcept : state_(state) {}

  static void check_waited(status waited) {
    if (waited != status::failed && waited != status::cancelled) detail::must(waited, "job::wait");
  }

  void let_go() noexcept {
    detail::job_state<T>* const state = std::exchange(state_, nullptr);
    const pool_job_t handle = std::exchange(handle_, pool_job_t{});
    if (state == nullptr) return;
    if (handle.id == 0) {  // never submitted
      delete state;
      return;
    }
    if (pool_job_cancel(handle) == POOL_OK) state->forget();
    if (pool_job_release(handle) == POOL_EFORKED) return;  // the parent's; nothing of it is destroyed here
    state->release();
  }

  detail::job_state<T>* state_ = nullptr;
  pool_job_t handle_{};
};

// A job that is ready to be submitted by group.submit(job), and still is after a refusal. Throws what the callable's
// copy or move throws, and std::bad_alloc.
template <class F>
auto make_job(F&& callable) {
  using D = std::decay_t<F>;
  static_assert(std::is_invocable_v<D>, "a job is called without arguments");
  using T = detail::job_value<D>;
  return job<T>(new detail::job_of<T, D>(std::forward<F>(callable)));
}

}  // namespace v1
}  // namespace pool
