// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// group_ref, group and entered. Included by <pool/pool.hpp>.
#pragma once

#include <pool/detail/closure.hpp>
#include <pool/detail/job.hpp>
#include <pool/detail/loop.hpp>
#include <pool/detail/options.hpp>

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace pool {
inline namespace v1 {

class entered;
class thread_pool_ref;

#if defined(POOL_COROUTINES)
template <class T = void>
class task;
namespace detail {
class group_awaiter;
}
#endif

// The first failure of a group: code 0 if no task has failed.
struct failure {
  std::int32_t code = 0;
  std::string text{};
};

// A group of somebody: its handle, with everything that can be done with one. A value; copying it copies no group. May
// be used from any thread, and after the group's end, which gives status::bad_handle. Each operation comes in two
// forms: `op` throws pool::error, `try_op` returns a status. Neither is noexcept where tasks may be run meanwhile,
// since pthread_exit() in one of them has to pass.
class group_ref {
 public:
  constexpr group_ref() noexcept = default;
  constexpr group_ref(pool_group_t handle) noexcept : handle_(handle) {}  // NOLINT: implicit, it is one

  constexpr pool_group_t handle() const noexcept { return handle_; }
  constexpr operator pool_group_t() const noexcept { return handle_; }  // NOLINT: implicit, it is one
  // Whether there is a handle; its group may have ended.
  constexpr explicit operator bool() const noexcept { return handle_.id != 0; }
  friend constexpr bool operator==(group_ref a, group_ref b) noexcept { return a.handle_.id == b.handle_.id; }
  friend constexpr bool operator!=(group_ref a, group_ref b) noexcept { return a.handle_.id != b.handle_.id; }

  // Submits a callable without arguments that returns void or pool::outcome. It is copied, or moved from an rvalue, and
  // destroyed exactly once: after its run, its cancellation or its discard, or, when it is refused, before the call
  // returns. To keep a refused one, submit an lvalue, or a prepared_task. What the callable throws is a failure of the
  // group. What copying it throws, and std::bad_alloc, come out of either form.
  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, prepared_task>>>
  void submit(F&& callable, const submit_options& options = {}) const {
    prepared_task ready(std::forward<F>(callable));
    submit(ready, options);
  }
  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, prepared_task>>>
  status try_submit(F&& callable, const submit_options& options = {}) const {
    prepared_task ready(std::forward<F>(callable));
    return try_submit(ready, options);
  }
  // Submits a task, which is empty afterwards; a refused one is as it was.
  void submit(prepared_task& ready, const submit_options& options = {}) const {
    detail::must(try_submit(ready, options), "group::submit");
  }
  void submit(prepared_task&& ready, const submit_options& options = {}) const { submit(ready, options); }
  status try_submit(prepared_task&& ready, const submit_options& options = {}) const {
    return try_submit(ready, options);
  }
  status try_submit(prepared_task& ready, const submit_options& options = {}) const {
    // Empty from here on: pthread_exit() in a task that is run in place comes out of the call, and then it was
    // accepted.
    const pool_task_fn run = std::exchange(ready.run_, nullptr);
    pool_status_t result = POOL_OK;
    if (ready.copy_size_ == 0 && ready.drop_ == nullptr && options.are_default()) {
      result = pool_group_submit(handle_, run, ready.context());
    } else {
      pool_task_t c = detail::sized<pool_task_t>();
      c.overflow = static_cast<std::uint32_t>(options.overflow);
      c.overflow_timeout = options.overflow_timeout.value();
      c.fn = run;
      c.ctx = ready.context();
      c.drop = ready.drop_;
      c.copy_size = ready.copy_size_;
      result = pool_group_submit_task(handle_, &c);
    }
    if (result != POOL_OK) ready.run_ = run;
    return detail::as_status(result);
  }

  // Submits a callable without arguments as a job: what it returns or throws comes out of job::get().
  template <class F>
  auto submit_job(F&& callable) const {
    auto ready = make_job(std::forward<F>(callable));
    submit(ready);
    return ready;
  }
  // Submits a job of make_job(). A refused one is as it was; one that was submitted before gives status::invalid.
  template <class T>
  void submit(job<T>& ready) const {
    detail::must(try_submit(ready), "group::submit");
  }
  template <class T>
  status try_submit(job<T>& ready) const {
    if (ready.state_ == nullptr || ready.handle_.id != 0) return status::invalid;
    // pthread_exit() in a job that is run in place comes out of the call, when the library has let go of the state;
    // fork() there makes a child in which nobody lets go. In both `ready` is submitted, and its handle none.
    ready.handle_.id = UINT64_MAX;
    pool_job_t handle{};
    using state = detail::job_state<T>;
    const pool_status_t result =
        pool_group_submit_job(handle_, state::entry, ready.state_, state::drop, nullptr, &handle);
    if (result != POOL_EFORKED) ready.handle_ = handle;
    return detail::as_status(result);
  }

#if defined(POOL_COROUTINES)
  // Submits a coroutine of task<void> or task<outcome>: it is one task of the group, from its start to its end, however
  // often it is suspended meanwhile. What leaves it is a failure of the group. The coroutine is `body`'s no more; a
  // refused one still is, and so ends with a temporary. Allocates nothing here: the frame is all there is.
  template <class T>
  void spawn(task<T>&& body, const submit_options& options = {}) const {
    detail::must(try_spawn(std::move(body), options), "group::spawn");
  }
  template <class T>
  status try_spawn(task<T>&& body, const submit_options& options = {}) const;
#endif

  // Calls callable(i) once for each i below `count` in tasks of the group, `grain` turns at a time (0: the library
  // chooses), and returns when all are over; the calling thread helps. The callable returns void or pool::outcome, is
  // not copied, and is called by several threads at once. Rethrows the first exception of a turn, the same object, when
  // all are over; throws pool::error for a failed outcome.
  template <class F>
  void apply(std::uint64_t count, F&& callable, std::uint64_t grain = 0) const {
    detail::loop<std::remove_reference_t<F>> turns(callable);
    const status result = turns.run(handle_, count, grain);
    turns.rethrow();
    check_outcome(result, "group::apply");
  }
  // The same; an exception of a turn is status::failed.
  template <class F>
  status try_apply(std::uint64_t count, F&& callable, std::uint64_t grain = 0) const {
    return detail::loop<std::remove_reference_t<F>>(callable).run(handle_, count, grain);
  }

  // apply() over the elements from `first` to `last`, random-access iterators.
  template <class Iterator, class Sentinel, class F, class = detail::enable_if_iterator<Iterator, Sentinel>>
  void for_each(Iterator first, Sentinel last, F&& callable, std::uint64_t grain = 0) const {
    using Distance = typename std::iterator_traits<Iterator>::difference_type;
    const auto turn = [&](std::uint64_t i) { return std::invoke(callable, first[static_cast<Distance>(i)]); };
    apply(first < last ? static_cast<std::uint64_t>(last - first) : 0, turn, grain);
  }
  // apply() over the elements of a random-access range.
  template <class Range, class F, class = detail::enable_if_range<Range>>
  void for_each(Range&& range, F&& callable, std::uint64_t grain = 0) const {
    auto first = detail::begin_of(range);
    using Distance = decltype(detail::end_of(range) - first);
    const auto turn = [&](std::uint64_t i) { return std::invoke(callable, first[static_cast<Distance>(i)]); };
    apply(static_cast<std::uint64_t>(detail::end_of(range) - first), turn, grain);
  }

  // Waits until the group is empty, and runs its tasks meanwhile. Throws pool::error: failed, with the text and code of
  // the first failure; cancelled; deadlock, closed or bad_handle.
  void wait() const { check_outcome(try_wait(), "group::wait"); }
  status try_wait() const { return detail::as_status(pool_group_wait(handle_)); }

  // false: not empty in time. Otherwise as wait().
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> timeout) const {
    const status waited = try_wait_for(timeout);
    if (waited == status::timed_out) return false;
    check_outcome(waited, "group::wait_for");
    return true;
  }
  template <class Rep, class Period>
  status try_wait_for(std::chrono::duration<Rep, Period> timeout) const {
    return detail::as_status(pool_group_wait_for(handle_, detail::nanoseconds_of(timeout)));
  }

  // status::busy: not empty; else as try_wait(). Never blocks.
  status poll() const noexcept { return detail::as_status(pool_group_poll(handle_)); }

  // Calls the callable once on a worker, when the group is next empty: with how it ended, status::ok, failed or
  // cancelled, if it takes that. What it throws ends the program.
  template <class F>
  void notify(F&& callable) const {
    detail::must(try_notify(std::forward<F>(callable)), "group::notify");
  }
  template <class F>
  status try_notify(F&& callable) const {
    using D = std::decay_t<F>;
    static_assert(std::is_invocable_v<D, status> || std::is_invocable_v<D>,
                  "a notification is called with a pool::status, or without arguments");
    auto owned = std::make_unique<D>(std::forward<F>(callable));
    const auto call = [](void* ctx, pool_status_t outcome) noexcept {
      const std::unique_ptr<D> mine(static_cast<D*>(ctx));
      if constexpr (std::is_invocable_v<D, status>) {
        std::invoke(std::move(*mine), detail::as_status(outcome));
      } else {
        std::invoke(std::move(*mine));
      }
    };
    const pool_status_t result = pool_group_notify(handle_, call, owned.get());
    if (result == POOL_OK) static_cast<void>(owned.release());
    return detail::as_status(result);
  }

  // Adds 1 to an eventfd, of which a duplicate is kept, when the group becomes empty; at once if it is. -1: no longer.
  void set_eventfd(std::int32_t fd) const { detail::must(try_set_eventfd(fd), "group::set_eventfd"); }
  status try_set_eventfd(std::int32_t fd) const noexcept { return detail::as_status(pool_group_set_eventfd(handle_, fd)); }

  void cancel() const { detail::must(try_cancel(), "group::cancel"); }
  status try_cancel() const noexcept { return detail::as_status(pool_group_cancel(handle_)); }
  void suspend() const { detail::must(try_suspend(), "group::suspend"); }
  status try_suspend() const noexcept { return detail::as_status(pool_group_suspend(handle_)); }
  void resume() const { detail::must(try_resume(), "group::resume"); }
  status try_resume() const noexcept { return detail::as_status(pool_group_resume(handle_)); }
  // Throws pool::error, busy, unless the group is empty and nobody waits.
  void reset() const { detail::must(try_reset(), "group::reset"); }
  status try_reset() const noexcept { return detail::as_status(pool_group_reset(handle_)); }

  // Counts work that is done elsewhere as a task of this group, until the guard leaves.
  inline entered enter() const;

  std::string name() const {
    char text[64] = "";
    detail::must(detail::as_status(pool_group_name(handle_, text, sizeof text)), "group::name");
    return text;
  }
  pool_group_stats_t stats() const {
    pool_group_stats_t values{};
    detail::must(detail::as_status(pool_group_stats(handle_, &values, sizeof values)), "group::stats");
    return values;
  }
  failure first_failure() const {
    failure result;
    char text[POOL_FAILURE_TEXT_MAX] = "";
    detail::must(detail::as_status(pool_group_failure(handle_, &result.code, text, sizeof text)),
                 "group::first_failure");
    result.text = text;
    return result;
  }

 protected:
  pool_group_t handle_{};  // NOLINT: group ends it

 private:
#if defined(POOL_COROUTINES)
  friend class detail::group_awaiter;
#endif

  void check_outcome(status value, const char* call) const {
    if (value == status::ok) return;
    std::int32_t code = 0;
    char text[POOL_FAILURE_TEXT_MAX] = "";
    if (value == status::failed) pool_group_failure(handle_, &code, text, sizeof text);
    detail::raise(value, text[0] != '\0' ? text : call, code);
  }
};

// A group that ends with its object: the destructor waits for the unfinished tasks, so that what they refer to may be
// declared before the group. It does not throw, however they ended; but pthread_exit() in a task that it runs has to
// pass, so that it is not noexcept. In a task of the group itself, where it would wait for its own end, it detaches.
class group : public group_ref {
 public:
  // No group.
  constexpr group() noexcept = default;
  // Takes over a handle.
  explicit constexpr group(pool_group_t handle) noexcept : group_ref(handle) {}
  // Throws pool::error.
  explicit inline group(const thread_pool_ref& pool, const group_options& options = {});

  group(group&& other) noexcept : group_ref(other.release()) {}
  group& operator=(group&& other) {
    if (this != &other) {
      end();
      handle_ = other.release();
    }
    return *this;
  }
  ~group() noexcept(false) { end(); }

  // Waits and ends the group, as the destructor does; ok, however its tasks ended.
  status destroy() {
    const status ended = detail::as_status(pool_group_destroy(handle_));
    if (ended != status::deadlock) handle_ = {};
    return ended;
  }
  // Lets the tasks carry on without a handle.
  void detach() noexcept { pool_group_detach(release()); }
  // Gives the handle away: the caller ends the group.
  pool_group_t release() noexcept { return std::exchange(handle_, pool_group_t{}); }

 private:
  void end() {
    if (handle_.id == 0) return;
    if (destroy() == status::deadlock) detach();
  }
};

// Being inside a group: counted as one of its running tasks until leave(), or until the end of the scope: as failed
// when that is left by an exception, else as succeeded. Move-only, to hand it to the thread or callback that finishes
// the work.
class entered {
 public:
  entered() noexcept = default;
  entered(entered&& other) noexcept : group_(std::exchange(other.group_, group_ref())) {}
  entered& operator=(entered&& other) noexcept {
    if (this != &other) {
      leave_scope();
      group_ = std::exchange(other.group_, group_ref());
      exceptions_ = std::uncaught_exceptions();
    }
    return *this;
  }
  ~entered() { leave_scope(); }

  explicit operator bool() const noexcept { return static_cast<bool>(group_); }

  // Ends it now. Once; does nothing after that.
  void leave(outcome result = outcome::success) noexcept {
    const group_ref left = std::exchange(group_, group_ref());
    if (left) pool_group_leave(left, static_cast<std::int32_t>(result));
  }

 private:
  friend class group_ref;
  explicit entered(group_ref group) noexcept : group_(group) {}

  void leave_scope() noexcept {
    leave(std::uncaught_exceptions() > exceptions_ ? outcome{exception_code} : outcome::success);
  }

  group_ref group_;
  int exceptions_ = std::uncaught_exceptions();  // of the thread that holds it now
};

inline entered group_ref::enter() const {
  detail::must(detail::as_status(pool_group_enter(handle_)), "group::enter");
  return entered(*this);
}

}  // namespace v1
}  // namespace pool
