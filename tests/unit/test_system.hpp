// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// TestSystem: a system policy with small constants and seams. Sleeping is real; a test can count who has come to sleep,
// and look in when a mutex is taken.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "base/bits.hpp"
#include "os/futex.hpp"
#include "queue/cell.hpp"

namespace pool::test {

// Segments of 4 cells that know who has them. Single-threaded.
class SmallSegments {
 public:
  static constexpr std::uint32_t cells_per_segment = 4;
  using CellType = queue::Cell<std::atomic>;

  std::uint32_t take() noexcept {
    if (out.size() >= limit) return base::nil;
    std::uint32_t index = 0;
    if (free.empty()) {
      index = static_cast<std::uint32_t>(all.size());
      all.push_back(std::make_unique<Segment>());
    } else {
      index = free.back();
      free.pop_back();
    }
    for (CellType& cell : all[index]->cells) cell.fn.store(0);
    out.insert(index);
    return index;
  }
  void give_unused(std::uint32_t index) noexcept {
    doubles += out.erase(index) == 1 ? 0 : 1;
    free.push_back(index);
  }
  void give_used(std::uint32_t index) noexcept {
    link(index).store(base::nil);
    give_unused(index);
  }
  CellType* cells(std::uint32_t index) const { return all[index]->cells; }
  std::atomic<std::uint32_t>& link(std::uint32_t index) const { return all[index]->link; }

  std::size_t limit = SIZE_MAX;
  std::set<std::uint32_t> out;  // taken and not given back
  int doubles = 0;              // given back twice

 private:
  struct Segment {
    CellType cells[cells_per_segment]{};
    std::atomic<std::uint32_t> link{base::nil};
  };
  std::vector<std::unique_ptr<Segment>> all;
  std::vector<std::uint32_t> free;
};

// Calls `locked` (if set) each time after it was taken.
class SeenMutex {
 public:
  void lock() {
    mutex_.lock();
    if (locked) locked();
  }
  void unlock() { mutex_.unlock(); }

  static inline std::function<void()> locked;

 private:
  std::mutex mutex_;
};

struct TestSystem {
  template <class T>
  using Atomic = std::atomic<T>;
  template <class T, std::size_t N>
  class Array {
   public:
    bool allocate() {
      data_ = std::make_unique<T[]>(N);
      return true;
    }
    T& operator[](std::size_t index) const { return data_[index]; }

   private:
    std::unique_ptr<T[]> data_;
  };
  using Segments = SmallSegments;
  using Mutex = SeenMutex;

  static constexpr std::uint32_t arrival_bits = 14;
  static constexpr std::uint32_t inline_cells = 3;
  static constexpr std::uint32_t last_generation = 1'000'000;
  static constexpr std::uint32_t group_slots = 60;
  static constexpr std::uint32_t unit_share = 2;
  static constexpr std::uint32_t ready_word_bits = 4;

  static std::uint32_t era() { return 0; }
  template <class T>
  static void light_store(std::atomic<T>& word, T value) {
    word.store(value);
  }
  template <class T>
  static void owner_store(std::atomic<T>& word, T value) {
    word.store(value);
  }
  static constexpr std::uint32_t credit_chunk(std::uint32_t) { return 0; }
  // Not until a test says so.
  static constexpr std::int64_t line_patience = INT64_MAX;
  static constexpr std::uint32_t patient_part = 8;
  static std::int64_t after(std::int64_t duration) { return duration == INT64_MAX ? INT64_MAX : os::now() + duration; }

  // How many calls have come to sleep, and how many to wake.
  static inline std::atomic<int> sleeps = 0;
  static inline std::atomic<int> wakes = 0;

  static void wait(Atomic<std::uint32_t>& word, std::uint32_t seen) { (void)wait_until(word, seen, INT64_MAX); }
  static bool wait_until(Atomic<std::uint32_t>& word, std::uint32_t seen, std::int64_t deadline) {
    sleeps.fetch_add(1);
    return os::futex_wait(os::futex_word(word), seen, deadline);
  }
  static void wake(Atomic<std::uint32_t>& word, std::int32_t count) {
    wakes.fetch_add(1);
    os::futex_wake(os::futex_word(word), count);
  }
  static bool wait_low_until(Atomic<std::uint64_t>& word, std::uint32_t seen, std::int64_t deadline) {
    sleeps.fetch_add(1);
    return os::futex_wait(os::low_futex_word(word), seen, deadline);
  }
  static void wake_low(Atomic<std::uint64_t>& word, std::int32_t count) {
    wakes.fetch_add(1);
    os::futex_wake(os::low_futex_word(word), count);
  }
};

}  // namespace pool::test
