// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The options of pools, groups and submits. Every field's meaning, range and default is in pool.h, under the same name.
// Included by <pool/pool.hpp>.
#pragma once

#include <pool/detail/status.hpp>
#include <pool/detail/time.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>

namespace pool {
inline namespace v1 {

enum class overflow_policy : std::uint32_t {
  inherit = POOL_OVERFLOW_DEFAULT,
  block = POOL_OVERFLOW_BLOCK,
  reject = POOL_OVERFLOW_REJECT,
  caller_runs = POOL_OVERFLOW_CALLER_RUNS,
  discard_oldest = POOL_OVERFLOW_DISCARD_OLDEST,
  discard_newest = POOL_OVERFLOW_DISCARD_NEWEST
};

enum class help_policy : std::uint32_t {
  inherit = POOL_HELP_DEFAULT,
  never = POOL_HELP_NEVER,
  untimed = POOL_HELP_UNTIMED,
  always = POOL_HELP_ALWAYS
};

enum class waking : std::uint32_t {
  standard = POOL_WAKE_DEFAULT,
  thrifty = POOL_WAKE_THRIFTY,
  eager = POOL_WAKE_EAGER
};

enum class severity : std::uint32_t {
  standard = POOL_LOG_DEFAULT,
  info = POOL_LOG_INFO,
  warning = POOL_LOG_WARNING,
  error = POOL_LOG_ERROR,
  off = POOL_LOG_OFF
};

enum class shutdown_mode : std::int32_t { drain = POOL_SHUTDOWN_DRAIN, cancel = POOL_SHUTDOWN_CANCEL };

inline constexpr std::uint32_t unbounded = POOL_UNBOUNDED;

// As pool_options_t. The hooks run on the workers; they and the log may be called by several threads at once. What they
// throw ends the program.
struct thread_pool_options {
  std::uint32_t min_workers = 0;
  std::uint32_t max_workers = 0;
  std::uint32_t burst_workers = 0;
  bool prestart = false;
  std::uint32_t queue_capacity = 0;
  overflow_policy overflow = overflow_policy::inherit;
  waking wake_policy = waking::standard;
  help_policy help = help_policy::inherit;
  severity log_level = severity::standard;
  time_option overflow_timeout{};
  time_option idle_timeout{};
  time_option burst_delay{};
  std::uint64_t stack_size = 0;
  std::uint64_t timing = 0;
  std::string name{};
  std::function<void()> on_thread_start{};
  std::function<void()> on_thread_stop{};
  std::function<void(severity, const char*)> log{};
};

// Which group a new one is a child of: none unless one is given.
class parent_group {
 public:
  constexpr parent_group() noexcept = default;
  template <class G, class = std::enable_if_t<std::is_convertible_v<const G&, pool_group_t>>>
  constexpr parent_group(const G& group) noexcept  // NOLINT: implicit, so that a group can be assigned
      : kind_(POOL_PARENT_GROUP), handle_(group) {}
  // That of the task which makes the group, if any.
  static constexpr parent_group current() noexcept {
    parent_group result;
    result.kind_ = POOL_PARENT_CURRENT;
    return result;
  }

  constexpr std::uint32_t kind() const noexcept { return kind_; }
  constexpr pool_group_t handle() const noexcept { return handle_; }

 private:
  std::uint32_t kind_ = POOL_PARENT_NONE;
  pool_group_t handle_{};
};

// As pool_group_options_t.
struct group_options {
  overflow_policy overflow = overflow_policy::inherit;
  std::uint32_t queue_capacity = 0;
  std::uint32_t max_concurrency = 0;
  std::uint32_t weight = 0;
  help_policy help = help_policy::inherit;
  bool fail_fast = false;
  bool keep_jobs = false;
  bool limit_counts_suspended = false;
  parent_group parent{};
  time_option overflow_timeout{};
  std::string name{};

  pool_group_options_t c_options() const noexcept {
    pool_group_options_t c = detail::sized<pool_group_options_t>();
    c.overflow = static_cast<std::uint32_t>(overflow);
    c.queue_capacity = queue_capacity;
    c.max_concurrency = max_concurrency;
    c.weight = weight;
    c.help = static_cast<std::uint32_t>(help);
    c.fail_fast = fail_fast ? 1 : 0;
    c.keep_jobs = keep_jobs ? 1 : 0;
    c.limit_counts_suspended = limit_counts_suspended ? 1 : 0;
    c.parent_kind = parent.kind();
    c.parent = parent.handle();
    c.overflow_timeout = overflow_timeout.value();
    if (!name.empty()) c.name = name.c_str();
    return c;
  }
};

// What one submit says about bounds, in place of its group.
struct submit_options {
  overflow_policy overflow = overflow_policy::inherit;
  time_option overflow_timeout{};

  bool are_default() const noexcept { return overflow == overflow_policy::inherit && overflow_timeout.value() == 0; }
};

namespace detail {

// The callables of a pool's options, at an address that stays. The pool's threads call them.
struct pool_hooks {
  std::function<void()> start;
  std::function<void()> stop;
  std::function<void(severity, const char*)> log;

  explicit pool_hooks(const thread_pool_options& from)
      : start(from.on_thread_start), stop(from.on_thread_stop), log(from.log) {}

  static void on_start(void* hooks) noexcept { static_cast<pool_hooks*>(hooks)->start(); }
  static void on_stop(void* hooks) noexcept { static_cast<pool_hooks*>(hooks)->stop(); }
  static void on_log(void* hooks, std::int32_t level, const char* message) noexcept {
    static_cast<pool_hooks*>(hooks)->log(static_cast<severity>(level), message);
  }
};

// Those of the default pool, which has no end: kept where a search for leaks finds them.
struct kept_hooks {
  explicit kept_hooks(const thread_pool_options& from) : hooks(from) {}

  // From here on it lives until the process ends.
  void keep() noexcept {
    static std::atomic<kept_hooks*> all{nullptr};
    next = all.load(std::memory_order_relaxed);
    while (!all.compare_exchange_weak(next, this, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }

  pool_hooks hooks;
  kept_hooks* next = nullptr;
};

inline bool has_hooks(const thread_pool_options& from) noexcept {
  return from.on_thread_start || from.on_thread_stop || from.log;
}

// `from` and `hooks` (may be null) have to live while the result is used.
inline pool_options_t c_options(const thread_pool_options& from, pool_hooks* hooks) noexcept {
  pool_options_t c = sized<pool_options_t>();
  c.min_workers = from.min_workers;
  c.max_workers = from.max_workers;
  c.burst_workers = from.burst_workers;
  c.prestart = from.prestart ? 1 : 0;
  c.queue_capacity = from.queue_capacity;
  c.overflow = static_cast<std::uint32_t>(from.overflow);
  c.wake_policy = static_cast<std::uint32_t>(from.wake_policy);
  c.help = static_cast<std::uint32_t>(from.help);
  c.log_level = static_cast<std::uint32_t>(from.log_level);
  c.overflow_timeout = from.overflow_timeout.value();
  c.idle_timeout = from.idle_timeout.value();
  c.burst_delay = from.burst_delay.value();
  c.stack_size = from.stack_size;
  c.timing = from.timing;
  if (!from.name.empty()) c.name = from.name.c_str();
  if (hooks == nullptr) return c;
  if (hooks->start) c.on_thread_start = pool_hooks::on_start;
  if (hooks->stop) c.on_thread_stop = pool_hooks::on_stop;
  c.hook_user = hooks;
  if (hooks->log) {
    c.log = pool_hooks::on_log;
    c.log_user = hooks;
  }
  return c;
}

}  // namespace detail
}  // namespace v1
}  // namespace pool
