// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Chaos: a system policy around another one, for tests (cmake -DPOOL_CHAOS=ON): at each step that other threads can
// see (atomic operations, mutexes, futexes, the start and the end of threads) it now and then lets others go first.
// Interleavings that come up once in a week of the shipped library come up in seconds. It also does what a system may
// do and x86-64 and Linux hardly ever do: weak compare-and-swaps fail, and futex waits return, for no reason.
//
// When and how long is pseudo-random: each thread draws from a generator of its own, seeded from POOL_CHAOS_SEED and
// the number of the thread in the order in which they first came here. The same seed gives each thread the same
// numbers; which thread meets what also depends on the kernel. Without the variable the seed is the process's number.
// With POOL_CHAOS_PRINT it goes to stderr.
#pragma once

#include <atomic>
#include <cstdint>

#include "queue/cell.hpp"

namespace pool::sched {

// Where a thread stands in its numbers. `step` is called millions of times a second: mostly it counts down.
class ChaosThread {
 public:
  // Before or after something that others can see.
  static void step() {
    if (left_-- == 0) [[unlikely]]
      stumble();
  }
  // True once in `times`.
  static bool chance(std::uint32_t times) { return number() % times == 0; }

 private:
  // xorshift64*: its upper half.
  static std::uint32_t number() {
    if (state_ == 0) [[unlikely]]
      begin();
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::uint32_t>((state_ * 0x2545f4914f6cdd1dU) >> 32);
  }
  static void begin();
  static void stumble();

  __attribute__((tls_model("initial-exec"))) static thread_local constinit std::uint32_t left_;  // steps
  __attribute__((tls_model("initial-exec"))) static thread_local constinit std::uint64_t state_;
};

// The interface of std::atomic that the library uses. What the base says of an operation that is not here (is it lock
// free, where does it lie) stays true: there is nothing but the value.
template <class T>
class ChaosAtomic : public os::Atomic<T> {
  using Base = os::Atomic<T>;
  static constexpr std::memory_order strongest = std::memory_order_seq_cst;

  // What a failed compare-and-swap may ask for.
  static constexpr std::memory_order without_release(std::memory_order order) {
    return order == std::memory_order_acq_rel   ? std::memory_order_acquire
           : order == std::memory_order_release ? std::memory_order_relaxed
                                                : order;
  }

  // Others may go before the operation, and between it and what this thread does next.
  class Around {
   public:
    Around() { ChaosThread::step(); }
    ~Around() { ChaosThread::step(); }
    Around(const Around&) = delete;
    Around& operator=(const Around&) = delete;
  };

 public:
  constexpr ChaosAtomic() noexcept = default;
  constexpr ChaosAtomic(T value) noexcept : Base(value) {}
  T operator=(T value) noexcept {
    store(value);
    return value;
  }
  operator T() const noexcept { return load(); }

  T load(std::memory_order order = strongest) const noexcept {
    const Around around;
    return Base::load(order);
  }
  void store(T value, std::memory_order order = strongest) noexcept {
    const Around around;
    Base::store(value, order);
  }
  T exchange(T value, std::memory_order order = strongest) noexcept {
    const Around around;
    return Base::exchange(value, order);
  }
  T fetch_add(T value, std::memory_order order = strongest) noexcept {
    const Around around;
    return Base::fetch_add(value, order);
  }
  T fetch_sub(T value, std::memory_order order = strongest) noexcept {
    const Around around;
    return Base::fetch_sub(value, order);
  }
  T fetch_or(T value, std::memory_order order = strongest) noexcept {
    const Around around;
    return Base::fetch_or(value, order);
  }
  T fetch_and(T value, std::memory_order order = strongest) noexcept {
    const Around around;
    return Base::fetch_and(value, order);
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order order = strongest) noexcept {
    return compare_exchange_strong(expected, value, order, without_release(order));
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order order, std::memory_order failure) noexcept {
    const Around around;
    return Base::compare_exchange_strong(expected, value, order, failure);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order order = strongest) noexcept {
    return compare_exchange_weak(expected, value, order, without_release(order));
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order order, std::memory_order failure) noexcept {
    const Around around;
    if (ChaosThread::chance(16)) {
      expected = Base::load(failure);
      return false;
    }
    return Base::compare_exchange_strong(expected, value, order, failure);
  }
};

template <class Lock>
class ChaosMutex {
 public:
  void lock() {
    ChaosThread::step();
    lock_.lock();
    ChaosThread::step();
  }
  bool try_lock() {
    ChaosThread::step();
    const bool has_lock = lock_.try_lock();
    ChaosThread::step();
    return has_lock;
  }
  void unlock() {
    ChaosThread::step();
    lock_.unlock();
    ChaosThread::step();
  }

 private:
  Lock lock_;
};

template <class Real>
struct Chaos : Real {
  template <class T>
  using Atomic = ChaosAtomic<T>;
  // Made of the real atomics, looked at as ours, which have nothing beyond them.
  class Segments : public Real::Segments {
    using Base = typename Real::Segments;
    static_assert(sizeof(ChaosAtomic<std::uint32_t>) == sizeof(os::Atomic<std::uint32_t>));

   public:
    using CellType = queue::Cell<ChaosAtomic>;
    static_assert(sizeof(CellType) == sizeof(typename Base::CellType));

    CellType* cells(std::uint32_t index) const { return reinterpret_cast<CellType*>(Base::cells(index)); }
    ChaosAtomic<std::uint32_t>& link(std::uint32_t index) const {
      return static_cast<ChaosAtomic<std::uint32_t>&>(Base::link(index));
    }
  };
  using Mutex = ChaosMutex<typename Real::Mutex>;
  using AdaptiveMutex = ChaosMutex<typename Real::AdaptiveMutex>;
  using Thread = typename Real::Thread;

  static void wait(Atomic<std::uint32_t>& word, std::uint32_t seen) { (void)wait_until(word, seen, INT64_MAX); }
  static bool wait_until(Atomic<std::uint32_t>& word, std::uint32_t seen, std::int64_t deadline) {
    return sleep([&] { return Real::wait_until(word, seen, deadline); });
  }
  static void wake(Atomic<std::uint32_t>& word, std::int32_t count) {
    ChaosThread::step();
    Real::wake(word, count);
    ChaosThread::step();
  }
  static bool wait_low_until(Atomic<std::uint64_t>& word, std::uint32_t seen, std::int64_t deadline) {
    return sleep([&] { return Real::wait_low_until(word, seen, deadline); });
  }
  static void wake_low(Atomic<std::uint64_t>& word, std::int32_t count) {
    ChaosThread::step();
    Real::wake_low(word, count);
    ChaosThread::step();
  }

  static bool start_thread(Thread& thread, void* (*entry)(void*), void* argument, std::uint64_t stack_size) {
    ChaosThread::step();
    const bool started = Real::start_thread(thread, entry, argument, stack_size);
    ChaosThread::step();
    return started;
  }
  static std::int32_t settle_thread(const char* name, std::uint32_t number) {
    ChaosThread::step();
    return Real::settle_thread(name, number);
  }
  static std::int32_t settle_keeper(const char* name) {
    ChaosThread::step();
    return Real::settle_keeper(name);
  }
  static void join(Thread thread, const std::int32_t& id) {
    ChaosThread::step();
    Real::join(thread, id);
  }

  template <class T>
  static void light_store(Atomic<T>& word, T value) {
    ChaosThread::step();
    Real::light_store(static_cast<os::Atomic<T>&>(word), value);
    ChaosThread::step();
  }
  template <class T>
  static void owner_store(Atomic<T>& word, T value) {
    ChaosThread::step();
    Real::owner_store(static_cast<os::Atomic<T>&>(word), value);
    ChaosThread::step();
  }
  static void heavy_barrier() {
    ChaosThread::step();
    Real::heavy_barrier();
    ChaosThread::step();
  }
  static void signal(std::int32_t fd) {
    ChaosThread::step();
    Real::signal(fd);
  }

 private:
  // A sleep that ends for no reason, once in eight, does not begin.
  template <class Sleep>
  static bool sleep(Sleep&& real) {
    ChaosThread::step();
    const bool in_time = ChaosThread::chance(8) || real();
    ChaosThread::step();
    return in_time;
  }
};

}  // namespace pool::sched
