// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// FirstFailure: the first failed task of a group, and how many failed.
//
// Guarantees: record() never blocks and never allocates. read() returns a failure whose recording happened before; a
// recording that is still under way reads as none. Everything is recorded before its task is counted as finished, so an
// empty group's failure is whole.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

namespace pool::group {

inline constexpr std::size_t failure_text_size = 128;

template <class Sys>
class FirstFailure {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

 public:
  // Begins a life. Requires: no task of the group is unfinished.
  void open() {
    state_.store(none, std::memory_order_relaxed);
    count_.store(0, std::memory_order_relaxed);
  }

  void record(std::int32_t code, const char* text) {
    count_.fetch_add(1, std::memory_order_relaxed);
    std::uint32_t expected = none;
    if (!state_.compare_exchange_strong(expected, writing, std::memory_order_relaxed)) return;
    code_.store(static_cast<std::uint32_t>(code), std::memory_order_relaxed);
    for (std::size_t i = 0; i < words; ++i) {
      std::uint64_t word = 0;
      if (text != nullptr) std::memcpy(&word, text + i * sizeof word, sizeof word);
      text_[i].store(word, std::memory_order_relaxed);
    }
    // Release: pairs with the acquire in read(), for code and text.
    state_.store(written, std::memory_order_release);
  }

  // The next failure is the first again; the count goes on. Requires: no task of the group is unfinished.
  void forget() {
    std::uint32_t expected = written;
    state_.compare_exchange_strong(expected, none);
  }

  // False: no task has failed. Writes failure_text_size bytes to text. The slot may begin another life meanwhile, so
  // the caller checks the generation afterwards; the text is made of atomic words, and all is
  // loaded with acquire so that the check comes after it, for the same reason.
  bool read(std::int32_t& code, char* text) const {
    if (state_.load(std::memory_order_acquire) != written) return false;
    code = static_cast<std::int32_t>(code_.load(std::memory_order_acquire));
    for (std::size_t i = 0; i < words; ++i) {
      const std::uint64_t word = text_[i].load(std::memory_order_acquire);
      std::memcpy(text + i * sizeof word, &word, sizeof word);
    }
    return true;
  }

  std::uint64_t count() const { return count_.load(std::memory_order_acquire); }

 private:
  enum : std::uint32_t { none, writing, written };
  static constexpr std::size_t words = failure_text_size / sizeof(std::uint64_t);

  Atomic<std::uint64_t> count_{0};
  Atomic<std::uint32_t> state_{none};
  Atomic<std::uint32_t> code_{0};
  Atomic<std::uint64_t> text_[words];
};

}  // namespace pool::group
