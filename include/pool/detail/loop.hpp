// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The turns of a parallel loop, and what it can go over. Included by <pool/pool.hpp>.
#pragma once

#include <pool/detail/closure.hpp>

#include <atomic>
#include <exception>
#include <iterator>
#include <type_traits>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#if defined(__cpp_lib_ranges)
#include <ranges>
#endif

namespace pool {
inline namespace v1 {
namespace detail {

// One loop, on the stack of its caller: pool_group_apply returns when no turn runs any more.
template <class F>
class loop {
 public:
  explicit loop(F& callable) noexcept : callable_(callable) {}

  status run(pool_group_t group, std::uint64_t count, std::uint64_t grain) {
    return as_status(pool_group_apply(group, count, grain, turn, this));
  }

  // After run(): throws what a turn threw, if one did.
  void rethrow() {
#if defined(__cpp_exceptions)
    if (thrown_) std::rethrow_exception(std::move(thrown_));
#endif
  }

 private:
  static std::int32_t turn(void* ctx, std::uint64_t index) {
    auto* const self = static_cast<loop*>(ctx);
    return run_guarded([self, index] { return outcome_of(self->callable_, index); }, [self] { self->keep(); });
  }

  // The first one to come wins; run() returns after it has written.
  void keep() noexcept {
    if (!is_taken_.exchange(true, std::memory_order_relaxed)) thrown_ = std::current_exception();
  }

  F& callable_;
  std::atomic<bool> is_taken_{false};
  std::exception_ptr thrown_;
};

template <class Iterator, class Sentinel>
using enable_if_iterator =
    std::enable_if_t<std::is_same_v<Iterator, Sentinel> &&
                     std::is_convertible_v<typename std::iterator_traits<Iterator>::iterator_category,
                                           std::random_access_iterator_tag>>;

#if defined(__cpp_lib_ranges)
template <class Range>
auto begin_of(Range& range) {
  static_assert(std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>,
                "a parallel loop goes over a random-access range that knows its size");
  return std::ranges::begin(range);
}
template <class Range>
auto end_of(Range& range) {
  return std::ranges::begin(range) + static_cast<std::ranges::range_difference_t<Range>>(std::ranges::size(range));
}
template <class Range>
using enable_if_range = std::enable_if_t<std::ranges::range<Range>>;
#else
template <class Range>
auto begin_of(Range& range) {
  return std::begin(range);
}
template <class Range>
auto end_of(Range& range) {
  return std::end(range);
}
template <class Range>
using enable_if_range = decltype(std::end(std::declval<Range&>()) - std::begin(std::declval<Range&>()));
#endif

}  // namespace detail
}  // namespace v1
}  // namespace pool
