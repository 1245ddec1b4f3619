// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// System: the policy that the library is instantiated with. Everything above src/os is a template over it, so that the
// same protocols run under the model checker with other primitives and smaller constants
// (tests/model/model_system.hpp). Every member is inline or a direct call: the shipped library pays nothing for the
// seam. With POOL_CHAOS, for tests, System is Chaos around what ships (sched/chaos.hpp).
#pragma once

#include <sched.h>

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "base/histogram.hpp"
#include "base/log.hpp"
#include "os/array.hpp"
#include "os/atomic.hpp"
#include "os/barrier.hpp"
#include "os/eventfd.hpp"
#include "os/fork.hpp"
#include "os/futex.hpp"
#include "os/mutex.hpp"
#include "os/thread.hpp"
#include "queue/nodes.hpp"
#include "queue/segments.hpp"
#include "queue/slab.hpp"
#ifdef POOL_CHAOS
#include "sched/chaos.hpp"
#define POOL_SYSTEM RealSystem
#else
#define POOL_SYSTEM System
#endif

namespace pool {

struct POOL_SYSTEM {
  template <class T>
  using Atomic = os::Atomic<T>;
  template <class T, std::size_t N>
  using Array = os::LazyArray<T, N>;
  template <class T, std::uint32_t ChunkSlots, std::uint32_t Chunks>
  using Slab = queue::Slab<T, ChunkSlots, Chunks>;
  using Segments = queue::Segments;
  using Nodes = queue::Nodes;
  using Mutex = std::mutex;
  using AdaptiveMutex = os::AdaptiveMutex;
  using Thread = pthread_t;

  // So many tasks, but one, a group holds before it needs a segment, a page of memory. (With 8 instead of 16 a group
  // has 914 bytes instead of 1,043; but one with ten tasks has 5 KB, and takes two to six times as long.)
  static constexpr std::uint32_t inline_cells = 16;
  static constexpr std::uint32_t group_slots = 1U << 20;
  static constexpr std::uint32_t place_words = 1024;
  static constexpr std::uint32_t job_slots = 1U << 24;
  static constexpr std::uint32_t timer_slots = 1U << 24;
  static constexpr std::uint32_t callback_sets = 64;  // of four pairs of callbacks
  static constexpr std::uint32_t unit_share = 16;     // one in so many of a group's free units goes to a window
  static constexpr std::uint32_t timer_chain = 32;    // free ones that go from thread to thread at once
  static constexpr std::uint32_t timer_inboxes = 8;   // of a pool
  static constexpr std::uint32_t inbox_batch = 64;    // that many are put into their lists at once
  // Timers are due to about 16 us (queue/wheel.hpp).
  static constexpr std::int64_t wheel_tick = 1 << 14;
  static constexpr std::uint32_t wheel_bits = 6;
  static constexpr std::uint32_t wheel_circles = 9;
  static constexpr std::uint32_t ready_word_bits = 64;
  // Bits of the numbers by which the waiters of a group are told apart.
  static constexpr std::uint32_t arrival_bits = 14;
  // The last even generation: a slot that has come to it is retired. (Two bits of `hd` are no generation.)
  static constexpr std::uint32_t last_generation = (1U << 30) - 2;
  // ns that a worker searches before it parks, and that a waiter looks before it sleeps.
  static constexpr std::int64_t search_spin = 10'000;
  static constexpr std::int64_t busy_search_spin = 100'000;
  static constexpr std::int64_t wait_spin = 20'000;
  // How often two threads look at each other's answer before they have a barrier, or sleep (park/bias.hpp): some 3 us.
  static constexpr int answer_looks = 128;
  // How often a submitter lets others run before it stands in the line of a small room, and for how long at most the
  // line of a large one waits until such a part of the room is free.
  static constexpr int block_yields = 16;
  static constexpr std::int64_t line_patience = 1'000'000;
  static constexpr std::uint32_t patient_part = 8;
  // How many tasks are claimed together at most, and by a waiter that does not know how long they are.
  static constexpr std::uint32_t window_cells = 256;
  static constexpr std::uint32_t first_help = 4;
  static constexpr std::uint32_t quick_help = 32;  // and by one whose last ones were quick
  static constexpr std::uint32_t tiny_help = 33;   // and took nearly no time at all
  // So many that are left in a queue are the last ones: half of them are claimed together at most.
  static constexpr std::uint32_t last_ones = 32;
  // How often a search looks at a group again that others are getting on with.
  static constexpr int second_looks = 3;
  // One in so many waits that help is timed.
  static constexpr std::uint32_t timed_help = 16;
  // How many groups more at most a thread makes shared from the start when one of its own was taken from it.
  static constexpr std::uint32_t most_caution = 255;
  // How many in all.
  static constexpr std::uint32_t most_shared = 65'535;
  // How many free slots of groups a thread keeps.
  static constexpr std::uint32_t kept_groups = 16;
  static constexpr std::uint32_t histogram_buckets = base::histogram_buckets;
  // After how many starts a thread keeps credits again of a room that is nearly full.
  static constexpr std::uint32_t exact_starts = 128;
  // How many credits of a room with this capacity a thread takes at once, a power of two; 0: in a small one each is
  // counted at once.
  static constexpr std::uint32_t credit_chunk(std::uint32_t capacity) {
    return capacity < 4096 ? 0 : capacity < 16'384 ? std::bit_floor(capacity / 64) : 256;
  }
  // How often a shutdown looks whether there is a thread left to wait for.
  static constexpr std::int64_t drain_slice = 100'000'000;

  static void wait(Atomic<std::uint32_t>& word, std::uint32_t seen) {
    os::futex_wait(os::futex_word(word), seen, INT64_MAX);
  }
  static bool wait_until(Atomic<std::uint32_t>& word, std::uint32_t seen, std::int64_t deadline) {
    return os::futex_wait(os::futex_word(word), seen, deadline);
  }
  static void wake(Atomic<std::uint32_t>& word, std::int32_t count) { os::futex_wake(os::futex_word(word), count); }
  // The same on the lower half of a word.
  static bool wait_low_until(Atomic<std::uint64_t>& word, std::uint32_t seen, std::int64_t deadline) {
    return os::futex_wait(os::low_futex_word(word), seen, deadline);
  }
  static void wake_low(Atomic<std::uint64_t>& word, std::int32_t count) {
    os::futex_wake(os::low_futex_word(word), count);
  }

  static std::int64_t now() { return os::now(); }
  // Sums saturate.
  static std::int64_t after(std::int64_t duration) {
    const std::int64_t at = now();
    return duration > INT64_MAX - at ? INT64_MAX : at + duration;
  }
  static void yield() { sched_yield(); }
  // Whether tasks can be traced. (The model checker knows no time.)
  static constexpr bool can_trace = true;
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb" ::: "memory");
#endif
  }

  // A clock that is cheap to read, and how much of it a group gets of a worker in one go: about 20 us.
#if defined(__x86_64__)
  static std::int64_t ticks() { return static_cast<std::int64_t>(__builtin_ia32_rdtsc()); }
  static std::int64_t quantum() { return 50'000; }
#elif defined(__aarch64__)
  static std::int64_t ticks() {
    std::int64_t now;
    asm volatile("mrs %0, cntvct_el0" : "=r"(now));
    return now;
  }
  static std::int64_t quantum() {
    std::int64_t hertz;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(hertz));
    return hertz / 50'000 + 1;
  }
#else
  static std::int64_t ticks() { return now(); }
  static std::int64_t quantum() { return 20'000; }
#endif

  // About 300 ns, between two looks of a worker that searches.
  static void linger() {
    yield();
    linger_for(quantum() / 64);
  }
  // About 1.7 us, for a submitter to get ahead.
  static void linger_short() { linger_for(quantum() / 12); }
  // About 5 us, between two that see others get on.
  static void linger_long() {
    yield();
    linger_for(quantum() / 4);
  }
  static void linger_for(std::int64_t duration) {
    const std::int64_t start = ticks();
    do {
      for (int i = 0; i < 4; ++i) pause();
    } while (ticks() - start < duration);
  }

  static bool start_thread(Thread& thread, void* (*entry)(void*), void* argument, std::uint64_t stack_size) {
    return os::start_thread(thread, entry, argument, stack_size);
  }
  static std::int32_t settle_thread(const char* name, std::uint32_t number) { return os::settle_thread(name, number); }
  static std::int32_t settle_keeper(const char* name) { return os::settle_keeper(name); }
  static void join(Thread thread, const std::int32_t& id) { os::join_thread(thread, id); }

  // The innermost task that runs on this thread. Initial-exec: one load, and no destructor to outlive the library.
  static void*& top_frame() { return top_frame_; }

  // What this thread keeps between its calls (sched/local.hpp).
  static void*& local() { return local_; }
  static std::uint32_t thread_id() { return os::thread_id(); }
  static void thread_name(char (&name)[16]) { os::thread_name(name); }
  static bool is_thread(std::uint32_t id) { return os::is_thread(id); }

  // A store that is seen by whoever has a heavy_barrier() and then looks, or our looks that follow it see what he
  // stored before the barrier.
  template <class T>
  [[gnu::always_inline]] static void light_store(std::atomic<T>& word, T value) {
    if (has_barrier()) [[likely]] {
      owner_store(word, value);
    } else {
      word.store(value);
    }
  }
  // The same where has_barrier(), and only there.
  template <class T>
  [[gnu::always_inline]] static void owner_store(std::atomic<T>& word, T value) {
    word.store(value, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  static bool has_barrier() { return os::has_barrier.load(std::memory_order_relaxed); }
  // After a read-modify-write, before a look at what others store: on x86-64 that was a full fence.
  static void fence_after_write() {
#if !defined(__x86_64__)
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
  }
  static void heavy_barrier() {
    if (has_barrier()) os::heavy_barrier();
  }

  // The pool that this thread works for; still set when its thread-local destructors run.
  static const void*& worker_pool() { return worker_pool_; }

  // Memory that a call may need; null: there is none. Never asked for by a worker.
  static constexpr std::size_t page_size = 4096;  // of the smallest ones
  static void* allocate(std::size_t size) { return std::malloc(size); }
  static void deallocate(void* memory) { std::free(memory); }

  // Telling by a descriptor, and letting go of it.
  static void signal(std::int32_t fd) { os::signal_eventfd(fd); }
  static void close(std::int32_t fd) { os::close_descriptor(fd); }

  // Tells a child of fork() from its parent, see os/fork.hpp.
  static std::uint32_t era() { return os::era(); }

  // A warning about a pool, to where its options say.
  static void report(const base::LogConfig& log, const char* message) {
    base::report(log, base::LogLevel::warning, message);
  }
  static bool wants_info(const base::LogConfig& log) { return base::is_wanted(log, base::LogLevel::info); }
  static void inform(const base::LogConfig& log, const char* message) {
    base::report(log, base::LogLevel::info, message);
  }

 private:
  __attribute__((tls_model("initial-exec"))) static inline thread_local constinit void* top_frame_ = nullptr;
  __attribute__((tls_model("initial-exec"))) static inline thread_local constinit const void* worker_pool_ = nullptr;
  __attribute__((tls_model("initial-exec"))) static inline thread_local constinit void* local_ = nullptr;
};

#ifdef POOL_CHAOS
struct System : sched::Chaos<RealSystem> {};
#endif
#undef POOL_SYSTEM

}  // namespace pool
