// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// pool::status, the error category behind it, and pool::error. Included by <pool/pool.hpp>.
#pragma once

#include <pool/pool.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <type_traits>

namespace pool {
inline namespace v1 {

// A pool_status_t with names. A std::error_code can be made from it, and compared with std::errc.
enum class status : std::int32_t {
  ok = POOL_OK,
  invalid = POOL_EINVAL,
  bad_handle = POOL_EBADHANDLE,
  no_memory = POOL_ENOMEM,
  no_thread = POOL_ETHREAD,
  full = POOL_EFULL,
  timed_out = POOL_ETIMEDOUT,
  closed = POOL_ECLOSED,
  cancelled = POOL_ECANCELED,
  deadlock = POOL_EDEADLK,
  forked = POOL_EFORKED,
  busy = POOL_EBUSY,
  failed = POOL_EFAILED,
  internal = POOL_EINTERNAL
};

inline const char* name(status value) noexcept { return pool_status_name(static_cast<pool_status_t>(value)); }

// What a task failed with when an exception left it: the first code that is not the library's own.
inline constexpr std::int32_t exception_code = INT32_MIN + 256;

namespace detail {

class category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "pool"; }
  std::string message(int value) const override { return pool_status_str(value); }
  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<status>(value)) {
      case status::invalid:
      case status::bad_handle:
        return std::errc::invalid_argument;
      case status::no_memory:
        return std::errc::not_enough_memory;
      case status::no_thread:
        return std::errc::resource_unavailable_try_again;
      case status::full:
        return std::errc::no_buffer_space;
      case status::timed_out:
        return std::errc::timed_out;
      case status::cancelled:
        return std::errc::operation_canceled;
      case status::deadlock:
        return std::errc::resource_deadlock_would_occur;
      case status::busy:
        return std::errc::device_or_resource_busy;
      default:
        return std::error_condition(value, *this);
    }
  }
};

}  // namespace detail

inline const std::error_category& category() noexcept {
  static const detail::category_type instance;
  return instance;
}

inline std::error_code make_error_code(status value) noexcept {
  return std::error_code(static_cast<int>(value), category());
}

// What is thrown for every status but ok. what() begins with the call, or with the text of the task's failure.
class error : public std::system_error {
 public:
  error(status value, const std::string& what, std::int32_t failure_code = 0)
      : std::system_error(make_error_code(value), what), failure_code_(failure_code) {}

  // The same as code(), with its names.
  status value() const noexcept { return static_cast<status>(code().value()); }

  // For status::failed: what the task returned, or exception_code; 0 if it never ran.
  std::int32_t failure_code() const noexcept { return failure_code_; }

 private:
  std::int32_t failure_code_;
};

namespace detail {

// Without exceptions (-fno-exceptions) the program ends: use the functions that return a status.
[[noreturn]] inline void raise(status value, const char* what, std::int32_t failure_code = 0) {
#if defined(__cpp_exceptions)
  throw error(value, what, failure_code);
#else
  std::fprintf(stderr, "pool: %s: %s\n", what, ::pool::v1::name(value));
  static_cast<void>(failure_code);
  std::abort();
#endif
}

inline status as_status(pool_status_t value) noexcept { return static_cast<status>(value); }

inline void must(status value, const char* what) {
  if (value != status::ok) raise(value, what);
}

// What C functions write through a pointer.
template <class Values>
Values sized() noexcept {
  Values values{};
  values.struct_size = sizeof(Values);
  return values;
}

}  // namespace detail
}  // namespace v1
}  // namespace pool

template <>
struct std::is_error_code_enum<pool::status> : std::true_type {};
