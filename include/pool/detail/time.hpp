// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Times: from std::chrono to the nanoseconds of the C interface, and the times in options. Included by <pool/pool.hpp>.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

namespace pool {
inline namespace v1 {

// As a time-out: without an end.
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

namespace detail {

// Saturates: from 9.2e18 ns (291 years) on it is for ever. What is shorter than a nanosecond, and not 0, is one, so
// that it does not poll. A NaN polls.
template <class Rep, class Period>
constexpr std::int64_t nanoseconds_of(std::chrono::duration<Rep, Period> time) {
  constexpr double limit = 9.2e18;
  const double estimate = std::chrono::duration<double, std::nano>(time).count();
  if (!(estimate > 0 || estimate < 0)) return 0;
  if (estimate >= limit) return std::numeric_limits<std::int64_t>::max();
  if (estimate <= -limit) return std::numeric_limits<std::int64_t>::min();
  // Exact where whole numbers are multiplied or divided; anything else has been rounded already, or might overflow.
  using Factor = std::ratio_divide<Period, std::nano>;
  std::int64_t result = 0;
  if constexpr (std::chrono::treat_as_floating_point<Rep>::value || (Factor::num != 1 && Factor::den != 1)) {
    result = static_cast<std::int64_t>(estimate);
  } else {
    result = std::chrono::duration_cast<std::chrono::duration<std::int64_t, std::nano>>(time).count();
  }
  return result == 0 ? (estimate > 0 ? 1 : -1) : result;
}

}  // namespace detail

// A time in the options: the library's default unless one is given; 0 and below are none at all; `forever` has no end.
class time_option {
 public:
  constexpr time_option() noexcept = default;
  template <class Rep, class Period>
  constexpr time_option(std::chrono::duration<Rep, Period> time)  // NOLINT: implicit, so that `= 5s` works
      : nanoseconds_(detail::nanoseconds_of(time) > 0 ? detail::nanoseconds_of(time) : -1) {}

  // As the C options have it: 0 is the default, a negative one none.
  constexpr std::int64_t value() const noexcept { return nanoseconds_; }

 private:
  std::int64_t nanoseconds_ = 0;
};

}  // namespace v1
}  // namespace pool
