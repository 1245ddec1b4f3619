// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// when_all() and on(): a coroutine that waits for others, which run in tasks of their own. Included by <pool/pool.hpp>.
//
// The children, and what they share, live in the frame of their parent. Each holds the parent's driver until its task
// is over, so that this frame, and all that it refers to further out, is there for as long as a child runs, even if the
// parent is dropped.
#pragma once

#include <pool/detail/coroutine.hpp>
#include <pool/detail/thread_pool.hpp>

#include <array>
#include <tuple>
#include <variant>
#include <vector>

namespace pool {
inline namespace v1 {
namespace detail {

class gathering;

// One child: the context of its task. Its frame is its parent's, who takes the result out of it.
class child final : public driver {
 public:
  template <class T>
  void init(gathering& all, const frame<T>& body) noexcept {
    all_ = &all;
    promise_ = body.base();
    body.begin(*this, nullptr);
  }

  // `home`: the parent's group if it is another one, which is held open meanwhile; else none.
  status submit(group_ref group, group_ref home, const submit_options& options);

  // In place of its own task: runs it in its parent's.
  void begin_in_line(driver& parent, std::coroutine_handle<> continuation) const noexcept {
    if (promise_ == nullptr) return parent.set_next(continuation);
    promise_->begin(next(), parent, continuation);
  }

 private:
  static std::int32_t run(void* ctx) {
    auto* const self = static_cast<child*>(ctx);
    return self->resume() ? 0 : POOL_TASK_AGAIN;
  }
  static void drop(void* ctx) noexcept { static_cast<child*>(ctx)->release(); }

  inline void end() noexcept override;

  gathering* all_ = nullptr;
  promise_base* promise_ = nullptr;
  group_ref home_;
};

// All children of one parent.
class gathering {
 public:
  gathering(driver& parent, std::size_t count)
      : parent_(parent), count_(count), children_(std::make_unique<child[]>(count)) {}

  template <class T>
  void add(const frame<T>& body) noexcept {
    children_[added_++].init(*this, body);
  }

  child* begin() const noexcept { return children_.get(); }
  child* end() const noexcept { return children_.get() + count_; }
  driver& parent() const noexcept { return parent_; }

  void expect_one() noexcept { left_.fetch_add(1, std::memory_order_relaxed); }
  // Memory order: whoever is last sees what the others did. True: the last one.
  bool arrive() noexcept { return left_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  pool_timer_t timer{};  // the parent's, written before it arrives itself

 private:
  driver& parent_;
  std::atomic<std::size_t> left_{1};  // children that have a task, and the parent
  std::size_t added_ = 0;
  std::size_t count_;
  std::unique_ptr<child[]> children_;
};

inline status child::submit(group_ref group, group_ref home, const submit_options& options) {
  home_ = home;
  if (home) {
    const status entered = as_status(pool_group_enter(home));
    if (entered != status::ok) return entered;
  }
  driver& parent = all_->parent();
  parent.hold();
  all_->expect_one();
  const pool_task_t c = c_task(run, this, drop, options);
  const status result = as_status(pool_group_submit_task(group, &c));
  if (result == status::ok) return result;
  all_->arrive();
  parent.release();
  if (home) pool_group_leave(home, 0);
  return result;
}

// This object, and the others, may be gone as soon as the parent goes on; its driver is not before the release, and its
// group not before it is left.
inline void child::end() noexcept {
  driver& parent = all_->parent();
  const group_ref home = home_;
  if (all_->arrive()) pool_timer_fire(all_->timer);
  parent.release();
  if (home) pool_group_leave(home, 0);
}

// The driver of the coroutine that asks.
class own_driver : public awaitable {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    driver_ = self.promise().runner;
    return false;
  }
  driver& await_resume() const noexcept { return *driver_; }

 private:
  driver* driver_ = nullptr;
};

// Makes sure that the coroutine can wait: the library keeps the timer for as long as the task lives. False: it cannot.
class can_wait : public awaitable {
 public:
  bool await_ready() noexcept {
    pool_timer_t timer{};
    static_cast<void>(pool_task_suspend(0, &timer));
    can_ = timer.id != 0;
    return true;
  }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  bool await_resume() const noexcept { return can_; }

 private:
  bool can_ = false;
};

class in_line : public awaitable {
 public:
  explicit in_line(const child& one) noexcept : child_(one) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    child_.begin_in_line(*self.promise().runner, self);
  }
  void await_resume() const noexcept {}

 private:
  const child& child_;
};

// Until all that have a task are over. After can_wait.
class all_over : public awaitable {
 public:
  explicit all_over(gathering& all) noexcept : all_(all) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    const auto start = [this](pool_timer_t timer) {
      all_.timer = timer;
      return all_.arrive() ? status::busy : status::ok;  // busy: nobody is out, so go on
    };
    return self.promise().runner->sleep(self, forever.count(), start) == status::ok;
  }
  void await_resume() const noexcept {}

 private:
  gathering& all_;
};

// Runs all of them in tasks of the current group. One that is refused (the queue is full, the group is cancelled) is
// run in the parent's task, after those before it were submitted: so there is no error, and no depth.
inline task<void> run_all(gathering& all) {
  const group_ref group = this_task::group();
  submit_options options;
  options.overflow = overflow_policy::reject;
  const bool waits = co_await can_wait();
  for (child& one : all) {
    if (!waits || one.submit(group, group_ref(), options) != status::ok) co_await in_line(one);
  }
  co_await all_over(all);
}

// Runs one in a task of that group.
inline task<void> run_on(gathering& one, group_ref group, submit_options options) {
  const bool waits = co_await can_wait();
  must(waits ? one.begin()->submit(group, this_task::group(), options) : status::no_memory, "on");
  co_await all_over(one);
}

// What a task<T> is in a result of when_all.
template <class T>
struct gathered {
  using in_tuple = T;
  using in_vector = T;
};
template <class T>
struct gathered<T&> {
  using in_tuple = T&;
  using in_vector = std::reference_wrapper<T>;
};
template <>
struct gathered<void> {
  using in_tuple = std::monostate;
};

template <class T>
typename gathered<T>::in_tuple take_for_tuple(task<T>& from) {
  if constexpr (std::is_void_v<T>) {
    frame_of(from).take();
    return {};
  } else {
    return frame_of(from).take();
  }
}

}  // namespace detail

// Runs the children at the same time, each as a task of the current group, and gives their values, in order, when all
// are over: void as std::monostate. Rethrows what the first of them, in order, has thrown, the same object; the values
// of the others are lost then. What a child throws is not a failure of the group unless it leaves the parent, too.
// Children take places in the queue; one that is refused runs in the parent's own task. One that is dropped, since its
// group is cancelled or at a bound, is pool::error, cancelled.
//
// The parent gives its place of max_concurrency up meanwhile. With limit_counts_suspended it does not: a limit that is
// all used by parents never comes to their children.
//
// A child may refer to what is in its parent's frame: if both are dropped, that is there until the last child is.
template <class... Ts>
task<std::tuple<typename detail::gathered<Ts>::in_tuple...>> when_all(task<Ts>... children) {
  detail::gathering all(co_await detail::own_driver(), sizeof...(Ts));
  (all.add(detail::frame_of(children)), ...);
  co_await detail::run_all(all);
  co_return std::tuple<typename detail::gathered<Ts>::in_tuple...>{detail::take_for_tuple(children)...};
}

// The same for any number of one kind. References come as std::reference_wrapper.
template <class T>
task<std::vector<typename detail::gathered<T>::in_vector>> when_all(std::vector<task<T>> children) {
  detail::gathering all(co_await detail::own_driver(), children.size());
  for (task<T>& one : children) all.add(detail::frame_of(one));
  co_await detail::run_all(all);
  std::vector<typename detail::gathered<T>::in_vector> values;
  values.reserve(children.size());
  for (task<T>& one : children) values.push_back(detail::frame_of(one).take());
  co_return values;
}
inline task<void> when_all(std::vector<task<void>> children) {
  detail::gathering all(co_await detail::own_driver(), children.size());
  for (task<void>& one : children) all.add(detail::frame_of(one));
  co_await detail::run_all(all);
  for (task<void>& one : children) detail::frame_of(one).take();
}

// Runs `body` as a task of another group, of any pool, and gives its value, or throws what it throws. The awaiting
// coroutine stays a task of its own group, which is not empty before the body is over, also if it is cancelled: a
// cancel does not reach a body in another group. Throws pool::error if that group refuses it, as submit() does (and may
// block like that one, at the bound of another pool), or drops it (cancelled); and cancelled, no_memory or closed of
// its own.
//
// There is no group.schedule(), after which the rest of a coroutine would run in another group: it is one task of one
// group, which counts, cancels and waits for it.
template <class T>
task<T> on(group_ref group, task<T> body, submit_options options = {}) {
  detail::gathering one(co_await detail::own_driver(), 1);
  one.add(detail::frame_of(body));
  co_await detail::run_on(one, group, options);
  co_return detail::frame_of(body).take();
}

}  // namespace v1
}  // namespace pool
