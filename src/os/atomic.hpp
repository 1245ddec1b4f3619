// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Atomic: std::atomic, but for how g++ compiles a load.
//
// To g++ std::atomic::load is an operation on an address, and those of all words that a loop looks at are computed
// before it and kept, on the stack when the registers are used up: in the loop that runs tasks there were six of them,
// each loaded again for each task. A volatile read has an operand instead: so many bytes behind what the group's
// register points to. On x86-64 it is the same single instruction, if the word is aligned and no larger than a
// register; what must not be moved across it is said to the compiler as std::atomic does. (clang knows by itself, and
// ThreadSanitizer has to see what is atomic. Stores are no better that way.)
#pragma once

#include <atomic>

#include "base/sanitizer.hpp"

namespace pool::os {

#if defined(__x86_64__) && defined(__LP64__) && defined(__GNUC__) && !defined(__clang__) && !defined(POOL_TSAN)
template <class T>
class Atomic : public std::atomic<T> {
  using Base = std::atomic<T>;
  static_assert(sizeof(T) <= sizeof(void*) && sizeof(Base) == sizeof(T) && alignof(Base) == sizeof(T));

 public:
  using Base::Base;
  using Base::operator=;

  [[gnu::always_inline]] T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    const auto& word = *reinterpret_cast<const volatile T*>(this);
    if (order == std::memory_order_relaxed) return word;
    std::atomic_signal_fence(order);
    const T value = word;
    std::atomic_signal_fence(order);
    return value;
  }
};
#else
template <class T>
using Atomic = std::atomic<T>;
#endif

}  // namespace pool::os
