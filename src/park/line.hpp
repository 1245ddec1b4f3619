// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Line: the submitters that wait for a place at the bound of one group. The protocol is in park/README.md.
//
// Guarantees: first come first served; while anybody stands in line, or has been granted a place and not taken it,
// busy() is true, and nobody else may take one. Lives in a type-stable slot: who is late from the last life is told so.
#pragma once

#include <cstdint>
#include <mutex>

namespace pool::park {

template <class Sys>
class Line {
 public:
  enum class Stood { granted, timed_out, dismissed };

  // Begins a life. Nobody may be in line: the last life's end dismissed them.
  void open(std::uint32_t life) {
    const std::lock_guard lock(mutex_);
    life_ = life;
    granted_ = 0;
    count_.store(0);
  }

  bool busy() const { return count_.load() != 0; }
  std::uint32_t length() const { return count_.load(); }

  // Stands in line until `deadline`. `free()` says how many places there are; `shut()` whether to stand in line makes
  // no sense (any more); both are called under the mutex. Granted: the caller takes its place and calls done().
  template <class Free, class Shut>
  Stood stand(std::uint32_t life, std::int64_t deadline, Free&& free, Shut&& shut) {
    Standing self;
    {
      const std::lock_guard lock(mutex_);
      // Before the looks: a claim that frees a place, and whoever shuts the line, look at the count afterwards.
      count_.fetch_add(1);
      if (life_ != life || shut()) {
        count_.fetch_sub(1);
        return Stood::dismissed;
      }
      self.previous = last_;
      (last_ != nullptr ? last_->next : first_) = &self;
      last_ = &self;
      grant(free);
    }
    while (self.outcome.load() == in_line) {
      if (Sys::wait_until(self.outcome, in_line, deadline)) continue;
      const std::lock_guard lock(mutex_);
      if (self.outcome.load() != in_line) break;
      unlink(self);
      count_.fetch_sub(1);
      return Stood::timed_out;
    }
    // Whoever spoke to us did it under the mutex: after this it touches our stack no more.
    const std::lock_guard lock(mutex_);
    return static_cast<Stood>(self.outcome.load());
  }

  // A place has become free. Called by whoever claims, if busy().
  template <class Free>
  void serve(Free&& free) {
    const std::lock_guard lock(mutex_);
    grant(free);
  }

  // The place that was granted is taken, or given up.
  template <class Free>
  void done(std::uint32_t life, Free&& free) {
    const std::lock_guard lock(mutex_);
    if (life_ != life) return;
    --granted_;
    count_.fetch_sub(1);
    grant(free);
  }

  // Sends everybody of this life in line away.
  void dismiss_all(std::uint32_t life) {
    if (!busy()) return;
    const std::lock_guard lock(mutex_);
    if (life_ != life) return;
    while (first_ != nullptr) {
      speak(*first_, Stood::dismissed);
      count_.fetch_sub(1);
    }
  }

 private:
  // A submitter in line, on its own stack. Everything but `outcome` is under the mutex.
  struct Standing {
    typename Sys::template Atomic<std::uint32_t> outcome{in_line};
    Standing* next = nullptr;
    Standing* previous = nullptr;
  };
  static constexpr std::uint32_t in_line = UINT32_MAX;

  template <class Free>
  void grant(Free&& free) {
    while (first_ != nullptr && free() > granted_) {
      ++granted_;
      speak(*first_, Stood::granted);
    }
  }

  void speak(Standing& standing, Stood outcome) {
    unlink(standing);
    standing.outcome.store(static_cast<std::uint32_t>(outcome));
    Sys::wake(standing.outcome, 1);
  }

  void unlink(Standing& standing) {
    (standing.previous != nullptr ? standing.previous->next : first_) = standing.next;
    (standing.next != nullptr ? standing.next->previous : last_) = standing.previous;
  }

  typename Sys::Mutex mutex_;
  typename Sys::template Atomic<std::uint32_t> count_{0};  // in line, or granted
  std::uint32_t life_ = 0;
  std::uint32_t granted_ = 0;
  Standing* first_ = nullptr;
  Standing* last_ = nullptr;
};

}  // namespace pool::park
