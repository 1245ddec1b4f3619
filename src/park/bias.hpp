// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Bias: a lock that costs its owner, one thread, next to nothing (two stores, no read-modify-write), and everybody else
// a heavy barrier, or a look of the owner's. The protocol is "Bias" in park/README.md.
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
    // Whoever revokes sets the request, then has a heavy barrier: either it sees that we are busy, or we see it.
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
  // The same for ways that leave it to others as soon as anybody asks, and do nothing unless there is a barrier:
  // without the looks that enter() and leave() have for the rest. False: somebody asks, and nothing has happened.
  [[gnu::always_inline]] bool try_enter() {
    Sys::owner_store(busy_, std::uint32_t{1});
    if (request_.load() == 0) [[likely]]
      return true;
    leave_tried();
    return false;
  }
  [[gnu::always_inline]] void leave_tried() { busy_.store(0, std::memory_order_release); }

  // Anybody else: ask(), a heavy barrier, await(), and later restore(). Several may be asked before one barrier.
  void ask() {
    mutex_.lock();
    request_.store(++requests_);
  }
  void await() {
    while (busy_.load() != 0) Sys::yield();
  }
  // The same of one. An owner that is about to look by himself saves both the barrier, which interrupts him.
  void revoke() {
    ask();
    for (int i = 0; i < Sys::answer_looks; ++i) {
      // Acquire: pairs with the store in enter_slowly().
      if (answer_.load(std::memory_order_acquire) == requests_) return;
      Sys::pause();
    }
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
    std::uint64_t answered = 0;
    // Whoever revokes will be gone in a moment: to sleep costs more.
    for (int i = 0; i < Sys::answer_looks; ++i) {
      const std::uint64_t request = request_.load();
      if (request != 0) {
        // Which one: a late answer must not be taken for one to the next request, after which we may have come in.
        if (request != answered) answer_.store(request, std::memory_order_release);
        answered = request;
        Sys::pause();
        continue;
      }
      Sys::light_store(busy_, std::uint32_t{1});
      if (request_.load() == 0) return;
      busy_.store(0, std::memory_order_release);
    }
    mutex_.lock();
    has_mutex_.store(true, std::memory_order_relaxed);
  }
  __attribute__((noinline)) void leave_slowly() {
    has_mutex_.store(false, std::memory_order_relaxed);
    mutex_.unlock();
  }

  typename Sys::template Atomic<std::uint32_t> busy_{0};
  typename Sys::template Atomic<std::uint64_t> request_{0};  // its number
  typename Sys::template Atomic<std::uint64_t> answer_{0};   // the owner has seen this one, and is outside
  typename Sys::template Atomic<bool> has_mutex_{false};     // the owner's own; the next one's when it has ended
  typename Sys::Mutex mutex_;
  std::uint64_t requests_ = 0;  // so far; under the mutex
};

}  // namespace pool::park
