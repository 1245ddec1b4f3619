// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// thread_pool_ref, thread_pool and the default pool. Included by <pool/pool.hpp>.
#pragma once

#include <pool/detail/group.hpp>

#include <memory>
#include <utility>

namespace pool {
inline namespace v1 {

// A pool of somebody, as group_ref is a group of somebody.
class thread_pool_ref {
 public:
  constexpr thread_pool_ref() noexcept = default;
  constexpr thread_pool_ref(pool_t handle) noexcept : handle_(handle) {}  // NOLINT: implicit, it is one

  constexpr pool_t handle() const noexcept { return handle_; }
  constexpr operator pool_t() const noexcept { return handle_; }  // NOLINT: implicit, it is one
  constexpr explicit operator bool() const noexcept { return handle_.id != 0; }
  friend constexpr bool operator==(thread_pool_ref a, thread_pool_ref b) noexcept {
    return a.handle_.id == b.handle_.id;
  }
  friend constexpr bool operator!=(thread_pool_ref a, thread_pool_ref b) noexcept {
    return a.handle_.id != b.handle_.id;
  }

  // Submits to a group that the pool owns and nobody waits for: a trivially copyable callable of a pointer's size at
  // most (a function, a lambda with one reference). Others go to a group.
  template <class F>
  void submit(F&& callable) const {
    detail::must(try_submit(std::forward<F>(callable)), "thread_pool::submit");
  }
  template <class F>
  status try_submit(F&& callable) const {
    using D = std::decay_t<F>;
    static_assert(detail::passage_of<D>() == detail::passage::pointer,
                  "only a trivially copyable callable of a pointer's size: submit others to a pool::group");
    const D copy(std::forward<F>(callable));
    void* ctx = nullptr;
    std::memcpy(&ctx, &copy, sizeof copy);
    return detail::as_status(pool_submit(handle_, detail::closure<D>::run, ctx));
  }

  void resize(std::uint32_t min_workers, std::uint32_t max_workers) const {
    detail::must(try_resize(min_workers, max_workers), "thread_pool::resize");
  }
  status try_resize(std::uint32_t min_workers, std::uint32_t max_workers) const noexcept {
    return detail::as_status(pool_resize(handle_, min_workers, max_workers));
  }

  // Closes the pool to all but its own tasks and waits until everything is finished; false: not in time, call again.
  template <class Rep, class Period>
  bool shutdown(shutdown_mode mode, std::chrono::duration<Rep, Period> timeout) const {
    const status ended = try_shutdown(mode, timeout);
    if (ended == status::timed_out) return false;
    detail::must(ended, "thread_pool::shutdown");
    return true;
  }
  template <class Rep, class Period>
  status try_shutdown(shutdown_mode mode, std::chrono::duration<Rep, Period> timeout) const {
    return detail::as_status(
        pool_shutdown(handle_, static_cast<std::int32_t>(mode), detail::nanoseconds_of(timeout)));
  }

  pool_stats_t stats() const {
    pool_stats_t values{};
    detail::must(detail::as_status(pool_stats(handle_, &values, sizeof values)), "thread_pool::stats");
    return values;
  }

 protected:
  pool_t handle_{};  // NOLINT: thread_pool ends it
};

// A pool that ends with its object: the destructor runs what is queued and joins the threads; its groups end with it.
// From one of the pool's own tasks it can only close the pool, which then lives until the process ends.
class thread_pool : public thread_pool_ref {
 public:
  // Throws pool::error.
  explicit thread_pool(const thread_pool_options& options = {}) {
    if (detail::has_hooks(options)) hooks_ = std::make_unique<detail::pool_hooks>(options);
    const pool_options_t c = detail::c_options(options, hooks_.get());
    detail::must(detail::as_status(pool_create(&c, &handle_)), "thread_pool");
  }
  // Takes over a handle.
  explicit thread_pool(pool_t handle) noexcept : thread_pool_ref(handle) {}

  thread_pool(thread_pool&& other) noexcept
      : thread_pool_ref(std::exchange(other.handle_, pool_t{})), hooks_(std::move(other.hooks_)) {}
  thread_pool& operator=(thread_pool&& other) noexcept {
    if (this != &other) {
      end();
      handle_ = std::exchange(other.handle_, pool_t{});
      hooks_ = std::move(other.hooks_);
    }
    return *this;
  }
  ~thread_pool() { end(); }

  // Runs what is queued, joins the threads and ends the pool, as the destructor does. deadlock: from its own task;
  // the pool is as it was.
  status destroy() noexcept {
    const status ended = detail::as_status(pool_destroy(handle_));
    if (ended == status::ok) hooks_.reset();
    if (ended != status::deadlock) {
      handle_ = {};
      static_cast<void>(hooks_.release());  // somebody else's end of the pool, or the parent's: threads may use them
    }
    return ended;
  }

 private:
  void end() noexcept {
    if (handle_.id == 0 || destroy() != status::deadlock) return;
    pool_shutdown(handle_, POOL_SHUTDOWN_DRAIN, 0);
    handle_ = {};
    static_cast<void>(hooks_.release());
  }

  std::unique_ptr<detail::pool_hooks> hooks_;
};

// The pool of the process; made by the first call. Throws pool::error.
inline thread_pool_ref default_pool() {
  pool_t handle{};
  detail::must(detail::as_status(pool_default(&handle)), "default_pool");
  return handle;
}

// Says how the default pool will be made. Throws pool::error: busy, if it is made already; invalid. Hooks live until
// the process ends.
inline void configure_default_pool(const thread_pool_options& options) {
  std::unique_ptr<detail::kept_hooks> kept;
  if (detail::has_hooks(options)) kept = std::make_unique<detail::kept_hooks>(options);
  const pool_options_t c = detail::c_options(options, kept ? &kept->hooks : nullptr);
  detail::must(detail::as_status(pool_default_configure(&c)), "configure_default_pool");
  if (kept) kept.release()->keep();
}

inline group::group(const thread_pool_ref& pool, const group_options& options) {
  const pool_group_options_t c = options.c_options();
  detail::must(detail::as_status(pool_group_create(pool, &c, &handle_)), "group");
}

// From inside a task, also one that runs on a waiting thread.
namespace this_task {

// Whether the task's group was cancelled, or its pool's shutdown cancels; false outside a task.
inline bool cancelled() noexcept { return pool_task_cancelled() != 0; }

// A small number of this thread's own among those that run tasks of the pool; -1 outside a task.
inline int index() noexcept { return pool_worker_index(); }

// The task's group, or its pool; an empty one outside a task.
inline group_ref group() noexcept {
  pool_group_t handle{};
  return pool_current_group(&handle) == POOL_OK ? group_ref(handle) : group_ref();
}
inline thread_pool_ref pool() noexcept {
  pool_t handle{};
  return pool_current_pool(&handle) == POOL_OK ? thread_pool_ref(handle) : thread_pool_ref();
}

// Makes the task a failure, whatever it returns; the text is cut to POOL_FAILURE_TEXT_MAX. invalid: outside a task, or
// the code is 0 or the library's.
inline status fail(std::int32_t code, const char* text = nullptr) noexcept {
  return detail::as_status(pool_task_set_failure(code, text));
}
inline status fail(std::int32_t code, const std::string& text) noexcept { return fail(code, text.c_str()); }

}  // namespace this_task
}  // namespace v1
}  // namespace pool
