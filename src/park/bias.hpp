// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Bias: a lock that costs its owner, one thread, next to nothing (two stores, no read-modify-write), and everybody else
// a heavy barrier. The protocol is "Bias" in park/README.md.
//
// Guarantees: what is done between enter() and leave(), and between revoke() and restore(), excludes each other, and
// happens in one order. Requires: the owner neither blocks nor runs the user's code in between.
#pragma once

#include <atomic>
#include <cstdint>

namespace pool::park {

template <class Sys>
class Bias {
 public:
  // The owner.
  [[gnu::always_inline]] void enter() {
    // Whoever revokes raises the request, then has a heavy barrier: either it sees that we are busy, or we see it.
    Sys::light_store(busy_, std::uint32_t{1});
    if (request_.load() != 0) [[unlikely]]
      enter_slowly();
  }
  [[gnu::always_inline]] void leave() {
    if (has_mutex_.load(std::memory_order_relaxed)) [[unlikely]]
      return leave_slowly();
    // Release: pairs with the load in await().
    busy_.store(0, std::memory_order_release);
  }

  // Anybody else: ask(), a heavy barrier, await(), and later restore(). Several may be asked before one barrier.
  void ask() {
    mutex_.lock();
    request_.store(1);
  }
  void await() {
    while (busy_.load() != 0) Sys::yield();
  }
  void revoke() {
    ask();
    Sys::heavy_barrier();
    await();
  }
  void restore() {
    // Release: pairs with the load in enter().
    request_.store(0, std::memory_order_release);
    mutex_.unlock();
  }

 private:
  __attribute__((noinline)) void enter_slowly() {
    busy_.store(0, std::memory_order_release);
    mutex_.lock();
    has_mutex_.store(true, std::memory_order_relaxed);
  }
  __attribute__((noinline)) void leave_slowly() {
    has_mutex_.store(false, std::memory_order_relaxed);
    mutex_.unlock();
  }

  typename Sys::template Atomic<std::uint32_t> busy_{0};
  typename Sys::template Atomic<std::uint32_t> request_{0};
  typename Sys::template Atomic<bool> has_mutex_{false};  // the owner's own; the next one's when it has ended
  typename Sys::Mutex mutex_;
};

}  // namespace pool::park
