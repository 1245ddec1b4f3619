// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// ModelSystem: the system policy under which the protocols of src/ run in the relacy model checker. Constants are small
// so that every edge comes up: 2 inline cells, segments of 2 cells, bitmap words of 2 bits, 3 bits of generation. There
// is no spinning: a schedule in which somebody spins is one in which others run first.
//
// "Threads" are those of the test; one beyond the users waits until the library starts it as a worker.
#pragma once

#include <relacy/relacy.hpp>

// relacy redefines these for the code under test; ours allocates nothing while a schedule runs.
#undef new
#undef delete
#undef malloc
#undef free
#undef realloc
#undef calloc
#undef assert
#undef memory_order
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "base/bits.hpp"
#include "base/log.hpp"
#include "queue/cell.hpp"

// Cells of a segment, and of a group itself. A power of two; a model may want more.
#ifndef MODEL_CELLS
#define MODEL_CELLS 2
#endif

namespace model {

// Where an operation stands, for the history. (clang 14 has no std::source_location.)
struct Where {
  const char* function;
  const char* file;
  unsigned line;
  static Where current(const char* function = __builtin_FUNCTION(), const char* file = __builtin_FILE(),
                       unsigned line = __builtin_LINE()) {
    return {function, file, line};
  }
};

inline rl::debug_info info(const Where& where) { return {where.function, where.file, where.line}; }

inline rl::memory_order order(std::memory_order given) {
  switch (given) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    default:
      return rl::mo_seq_cst;
  }
}

// Now and then a thread stops for a dozen steps of the others: what goes wrong when a thread is preempted between two
// steps hardly ever comes up when each step is anybody's.
inline void stop_now_and_then() {
  if (rl::rand(32) != 0) return;
  for (int i = 0; i < 12; ++i) rl::yield(1, rl::debug_info("stop", __FILE__, __LINE__));
}

// The interface of std::atomic over relacy's.
template <class T>
class Atomic {
  static constexpr std::memory_order strongest = std::memory_order_seq_cst;

 public:
  Atomic(T value = T()) { value_.store(value, rl::mo_relaxed, rl::debug_info()); }

  T load(std::memory_order mo = strongest, Where at = Where::current()) const {
    stop_now_and_then();
    return value_.load(order(mo), info(at));
  }
  void store(T value, std::memory_order mo = strongest, Where at = Where::current()) {
    value_.store(value, order(mo), info(at));
  }
  T exchange(T value, std::memory_order mo = strongest, Where at = Where::current()) {
    stop_now_and_then();
    return value_.rmw(rl::rmw_type_t<rl::rmw_type_swap>(), value, order(mo), info(at));
  }
  T fetch_add(T value, std::memory_order mo = strongest, Where at = Where::current()) {
    stop_now_and_then();
    return value_.rmw(rl::rmw_type_t<rl::rmw_type_add>(), value, order(mo), info(at));
  }
  T fetch_sub(T value, std::memory_order mo = strongest, Where at = Where::current()) {
    stop_now_and_then();
    return value_.rmw(rl::rmw_type_t<rl::rmw_type_sub>(), value, order(mo), info(at));
  }
  T fetch_or(T value, std::memory_order mo = strongest, Where at = Where::current()) {
    stop_now_and_then();
    return value_.rmw(rl::rmw_type_t<rl::rmw_type_or>(), value, order(mo), info(at));
  }
  T fetch_and(T value, std::memory_order mo = strongest, Where at = Where::current()) {
    stop_now_and_then();
    return value_.rmw(rl::rmw_type_t<rl::rmw_type_and>(), value, order(mo), info(at));
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order mo = strongest, Where at = Where::current()) {
    stop_now_and_then();
    return value_.compare_exchange_strong(expected, value, order(mo), info(at));
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order mo = strongest, Where at = Where::current()) {
    stop_now_and_then();
    return value_.compare_exchange_weak(expected, value, order(mo), info(at));
  }

  // FUTEX_WAIT and FUTEX_WAKE on the bits of `mask`, in the way of relacy's own futex: the comparison and the sleep are
  // one step. False: timed out.
  bool futex_wait(T mask, T seen, bool timed, Where at) {
    rl::context& context = rl::ctx();
    context.sched();
    context.atomic_thread_fence_seq_cst();
    T now;
    {
      rl::preemption_disabler no_switch(context);
      now = value_.load(rl::mo_acquire, info(at));
    }
    if ((now & mask) != seen) return true;
    // Few sleeps may end for no reason: if all did, a sleeper whom nobody woke would soon look again by himself, and
    // only what is lost at the very end of a schedule would be found.
    const bool may_wake_by_itself = rl::rand(8) == 0;
    return value_.wait(context, timed, may_wake_by_itself, info(at)) != rl::unpark_reason_timeout;
  }
  void futex_wake(Where at) {
    rl::context& context = rl::ctx();
    context.sched();
    context.atomic_thread_fence_seq_cst();
    value_.wake(context, 100, info(at));
  }

 private:
  mutable rl::atomic<T> value_;
};

class Mutex {
 public:
  void lock() { mutex_.lock(rl::debug_info("lock", __FILE__, __LINE__)); }
  bool try_lock() { return mutex_.try_lock(rl::debug_info("try_lock", __FILE__, __LINE__)); }
  void unlock() { mutex_.unlock(rl::debug_info("unlock", __FILE__, __LINE__)); }

 private:
  rl::mutex mutex_;
};

template <class T, std::size_t N>
class Array {
 public:
  bool allocate() { return true; }
  T& operator[](std::size_t index) const { return data_[index]; }

 private:
  mutable T data_[N];
};

// Free indexes, last in, first out: what the free lists of the library promise, by a mutex. What a stale index can do
// is in the slots, not in the list.
template <std::uint32_t N>
class FreeIndexes {
 public:
  FreeIndexes() { limit(N); }
  // Has so many to give. Requires: none is taken.
  void limit(std::uint32_t count) {
    count_ = count;
    for (std::uint32_t i = 0; i < count; ++i) indexes_[i] = count - 1 - i;
  }
  std::uint32_t take() {
    const std::lock_guard lock(mutex_);
    return count_ == 0 ? pool::base::nil : indexes_[--count_];
  }
  void give(std::uint32_t index) {
    const std::lock_guard lock(mutex_);
    RL_ASSERT(count_ < N);
    for (std::uint32_t i = 0; i < count_; ++i) RL_ASSERT(indexes_[i] != index);
    indexes_[count_++] = index;
  }
  std::uint32_t count() const { return count_; }

 private:
  Mutex mutex_;
  std::uint32_t indexes_[N];
  std::uint32_t count_ = 0;
};

template <class T, std::uint32_t N>
class Slab {
 public:
  T* at(std::uint32_t index) { return index < N ? &slots_[index] : nullptr; }
  T& operator[](std::uint32_t index) { return slots_[index]; }
  std::uint32_t take() { return free_.take(); }
  void give(std::uint32_t index) { free_.give(index); }
  std::uint32_t high_water() const { return end_; }
  std::uint32_t free() const { return free_.count(); }
  // Has so many slots. Requires: none is taken.
  void limit(std::uint32_t count) {
    end_ = count;
    free_.limit(count);
  }

 private:
  T slots_[N];
  std::uint32_t end_ = N;
  FreeIndexes<N> free_;
};

class Segments {
 public:
  static constexpr std::uint32_t cells_per_segment = MODEL_CELLS;
  static constexpr std::uint32_t count = 6;
  using CellType = pool::queue::Cell<Atomic>;

  std::uint32_t take() {
    const std::uint32_t index = free_.take();
    if (index != pool::base::nil) {
      for (CellType& cell : cells_[index]) cell.fn.store(0, std::memory_order_relaxed);
    }
    return index;
  }
  void give_unused(std::uint32_t index) { free_.give(index); }
  void give_used(std::uint32_t index) {
    links_[index].link.store(pool::base::nil);
    free_.give(index);
  }
  static bool trim_some(std::uint32_t) { return false; }
  CellType* cells(std::uint32_t index) { return cells_[index]; }
  Atomic<std::uint32_t>& link(std::uint32_t index) {
    if (stall != nullptr) stall();
    return links_[index].link;
  }
  // Called on every walk over a link: lets a test stop a thread there for longer than random schedules would.
  void (*stall)() = nullptr;

  // Segments that are free, or linked behind a free one (a gift).
  std::uint32_t free_or_given() {
    std::uint32_t linked = 0;
    for (auto& each : links_) linked += each.link.load() != pool::base::nil ? 1 : 0;
    return free_.count() + linked;
  }

 private:
  struct Link {
    Atomic<std::uint32_t> link{pool::base::nil};
  };
  CellType cells_[count][cells_per_segment];
  Link links_[count];
  FreeIndexes<count> free_;
};

// The nodes of tasks are no part of these models; pages_model.cpp has their pages.
struct Nodes {
  static constexpr std::size_t node_size = 64;
  struct Cache {};
  static void* take(Cache&) { return std::malloc(node_size); }
  static void give(Cache&, void* node) { std::free(node); }
  static void flush(Cache&) {}
  static bool trim_some(std::uint32_t) { return false; }
};

inline constexpr std::uint32_t max_threads = 6;

// Where a thread of the test waits until the library starts it. Made anew for each schedule by the test.
struct Threads {
  struct Start {
    Atomic<std::uint32_t> state{0};  // 0 to be had, 1 started, 2 dismissed, 3 ended
    void* (*entry)(void*) = nullptr;
    void* argument = nullptr;
  };
  Start start[max_threads];
  Mutex mutex;
  std::uint32_t first = 0;  // the first thread that is not a user
  std::uint32_t end = 0;
  void* frames[max_threads] = {};
  void* locals[max_threads] = {};
  const void* worker_pools[max_threads] = {};
  std::int64_t clock = 0;  // the latest deadline that has passed, if it was later than after() gives
  struct Memory {
    alignas(16) unsigned char bytes[1024];
    std::size_t used = 0;
    void* take(std::size_t size) {
      size = (size + 15) / 16 * 16;
      if (used + size > sizeof bytes) return nullptr;
      used += size;
      return bytes + used - size;
    }
  } memory;
  // Descriptors: how often each was written to, and whether it is open.
  static constexpr std::int32_t descriptors = 4;
  Atomic<std::uint32_t> written[descriptors];
  Atomic<bool> closed[descriptors];
};
inline Threads* threads = nullptr;

struct ModelSystem {
  template <class T>
  using Atomic = model::Atomic<T>;
  template <class T, std::size_t N>
  using Array = model::Array<T, N>;
  template <class T, std::uint32_t ChunkSlots, std::uint32_t Chunks>
  using Slab = model::Slab<T, ChunkSlots == 16 ? max_threads : 2>;  // 16: those of Locals
  using Segments = model::Segments;
  using Nodes = model::Nodes;
  using Mutex = model::Mutex;
  using AdaptiveMutex = Mutex;
  using Thread = std::uint32_t;

  static constexpr std::uint32_t inline_cells = MODEL_CELLS;
  static constexpr std::uint32_t group_slots = 4;
  static constexpr std::uint32_t job_slots = 1024;
  static constexpr std::uint32_t timer_slots = 1024;
  static constexpr std::uint32_t histogram_buckets = 1;
  static constexpr std::uint32_t exact_starts = 1;
  static constexpr std::uint32_t callback_sets = 1;
  static constexpr std::uint32_t unit_share = 1;
  static constexpr std::uint32_t timer_chain = 0;
  static constexpr std::uint32_t timer_inboxes = 1;
  static constexpr std::uint32_t inbox_batch = 2;
  static constexpr std::int64_t wheel_tick = 1;
  static constexpr std::uint32_t wheel_bits = 2;
  static constexpr std::uint32_t wheel_circles = 32;
  static constexpr std::uint32_t place_words = 1;
  static constexpr std::uint32_t ready_word_bits = 2;
  static constexpr std::uint32_t arrival_bits = 3;
  static constexpr std::uint32_t last_generation = 6;
  static constexpr std::int64_t search_spin = 0;
  static constexpr std::int64_t wait_spin = 0;

  static void wait(Atomic<std::uint32_t>& word, std::uint32_t seen, Where at = Where::current()) {
    word.futex_wait(UINT32_MAX, seen, false, at);
  }
  // A deadline may pass at any time; one that is far never does.
  static constexpr std::int64_t far = std::int64_t{1} << 40;
  static bool wait_until(Atomic<std::uint32_t>& word, std::uint32_t seen, std::int64_t deadline,
                         Where at = Where::current()) {
    if (word.futex_wait(UINT32_MAX, seen, deadline < far, at)) return true;
    if (deadline > 1 && deadline > threads->clock) threads->clock = deadline;
    return false;
  }
  static void wake(Atomic<std::uint32_t>& word, std::int32_t, Where at = Where::current()) { word.futex_wake(at); }
  static bool wait_low_until(Atomic<std::uint64_t>& word, std::uint32_t seen, std::int64_t deadline,
                             Where at = Where::current()) {
    return word.futex_wait(UINT32_MAX, seen, deadline != INT64_MAX, at);
  }
  static void wake_low(Atomic<std::uint64_t>& word, std::int32_t, Where at = Where::current()) { word.futex_wake(at); }

  static std::int64_t now() { return threads->clock; }
  static constexpr std::int64_t drain_slice = 0;
  // For any time but the slice of a drain: that one never passes.
  static std::int64_t after(std::int64_t duration) { return duration == drain_slice ? INT64_MAX : 1; }
  static const void*& worker_pool() { return threads->worker_pools[rl::thread_index()]; }
  static void yield() { rl::yield(1, rl::debug_info("yield", __FILE__, __LINE__)); }
  static void pause() {}
  // A few blocks, never given back within a schedule.
  static void* allocate(std::size_t size) { return threads->memory.take(size); }
  static void deallocate(void*) {}
  static void signal(std::int32_t fd) {
    RL_ASSERT(!threads->closed[fd].load());
    threads->written[fd].fetch_add(1);
    threads->written[fd].futex_wake(Where::current());
  }
  static void close(std::int32_t fd) { RL_ASSERT(!threads->closed[fd].exchange(true)); }
  static void linger() {}
  static void linger_long() {}
  static void linger_short() {}
  static constexpr std::int64_t busy_search_spin = 0;
  static std::int64_t ticks() { return 0; }
  static std::int64_t quantum() { return 1; }

  // Takes a thread that is not at work: one that has been joined may be started again.
  static bool start_thread(Thread& thread, void* (*entry)(void*), void* argument, std::uint64_t) {
    const std::lock_guard lock(threads->mutex);
    for (thread = threads->first; thread < threads->end; ++thread) {
      Threads::Start& start = threads->start[thread];
      if (start.state.load() != 0) continue;
      start.entry = entry;
      start.argument = argument;
      start.state.store(1);
      start.state.futex_wake(Where::current());
      return true;
    }
    return false;
  }
  static std::int32_t settle_thread(const char*, std::uint32_t) { return 0; }
  static std::int32_t settle_keeper(const char*) { return 0; }
  static void join(Thread thread, const std::int32_t&) {
    Threads::Start& start = threads->start[thread];
    while (start.state.load() != 3) start.state.futex_wait(UINT32_MAX, 1, false, Where::current());
    start.state.store(0);
    start.state.futex_wake(Where::current());
  }
  // What a thread of the test that is not a user does.
  static void be_worker(unsigned thread) {
    Threads::Start& start = threads->start[thread];
    for (;;) {
      const std::uint32_t state = start.state.load();
      if (state == 2) return;
      if (state != 1) {
        start.state.futex_wait(UINT32_MAX, state, false, Where::current());
        continue;
      }
      threads->frames[thread] = nullptr;
      start.entry(start.argument);
      start.state.store(3);
      start.state.futex_wake(Where::current());
    }
  }
  // At the end, when all are joined.
  static void dismiss_all() {
    for (std::uint32_t i = threads->first; i < threads->end; ++i) {
      threads->start[i].state.store(2);
      threads->start[i].state.futex_wake(Where::current());
    }
  }

  static void*& local() { return threads->locals[rl::thread_index()]; }
  static std::uint32_t thread_id() { return rl::thread_index() + 1; }
  static bool is_thread(std::uint32_t) { return true; }
  static void thread_name(char (&)[16]) {}
  static constexpr bool can_trace = false;
  static constexpr std::uint32_t credit_chunk(std::uint32_t capacity) { return capacity / 4; }
  template <class T>
  static void light_store(Atomic<T>& word, T value, Where at = Where::current()) {
    word.store(value, std::memory_order_seq_cst, at);
  }
  template <class T>
  static void owner_store(Atomic<T>& word, T value, Where at = Where::current()) {
    word.store(value, std::memory_order_seq_cst, at);
  }
  static constexpr bool has_barrier() { return true; }
  static void heavy_barrier() {}
  static constexpr int answer_looks = 1;
  static constexpr int block_yields = 0;
  static constexpr std::int64_t line_patience = 1;
  static constexpr std::uint32_t patient_part = 2;
  static void fence_after_write() { rl::ctx().atomic_thread_fence_seq_cst(); }
  static constexpr std::uint32_t window_cells = 2;
  static constexpr std::uint32_t first_help = 2;
  static constexpr std::uint32_t quick_help = 2;
  static constexpr std::uint32_t tiny_help = 3;
  static constexpr std::uint32_t last_ones = 0;  // the few tasks of a test are to come into a window
  static constexpr std::uint32_t kept_groups = 0;
  static constexpr std::uint32_t most_caution = 0;  // each group is its maker's own
  static constexpr std::uint32_t most_shared = 0;
  static constexpr int second_looks = 1;
  static constexpr std::uint32_t timed_help = 1U << 31;

  static void*& top_frame() { return threads->frames[rl::thread_index()]; }
  static std::uint32_t era() { return 0; }
  static void report(const pool::base::LogConfig&, const char*) {}
  static bool wants_info(const pool::base::LogConfig&) { return false; }
  static void inform(const pool::base::LogConfig&, const char*) {}
};

// What the command line of a model asks for:
//
//   MODEL [--test NAME] [--schedules N] [--from STATE]
//
// One of its tests alone; so many schedules, in place of its own number times POOL_TEST_SCALE; from this one on, in
// place of POOL_MODEL_FROM, or the first. Schedules are numbered: the same number is the same schedule, so that a run
// without a choice is the same each time, and another start is another deep run.
class Asked {
 public:
  Asked() = default;
  // Whoever asks for a test that there is not would take silence for success.
  ~Asked() {
    if (test_.empty() || was_found_) return;
    std::fprintf(stderr, "there is no test of this name: %s\n", test_.c_str());
    std::_Exit(2);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  void read(int argc, char** argv) {
    if (const char* text = std::getenv("POOL_MODEL_FROM")) from_ = std::strtoull(text, nullptr, 10);
    for (int i = 1; i < argc; i += 2) {
      const std::string option = argv[i];
      const char* const value = i + 1 < argc ? argv[i + 1] : "";
      if (option == "--test" && *value != 0) {
        test_ = value;
      } else if (option == "--schedules" && *value != 0) {
        schedules_ = std::strtoull(value, nullptr, 10);
      } else if (option == "--from" && *value != 0) {
        from_ = std::strtoull(value, nullptr, 10);
      } else {
        std::fprintf(stderr, "usage: %s [--test NAME] [--schedules N] [--from STATE]\n", argv[0]);
        std::_Exit(2);
      }
    }
    if (from_ == 0) from_ = 1;
  }

  bool wants(const char* name) {
    if (!test_.empty() && test_ != name) return false;
    was_found_ = true;
    return true;
  }
  std::uint64_t from() const { return from_; }
  std::uint64_t schedules(unsigned usual) const {
    if (schedules_ != 0) return schedules_;
    const char* const text = std::getenv("POOL_TEST_SCALE");
    const double scale = text != nullptr ? std::strtod(text, nullptr) : 1;
    const double wanted = usual * (scale > 0 ? scale : 1);
    return wanted < 1 ? 1 : static_cast<std::uint64_t>(wanted);
  }

 private:
  std::string test_;
  std::uint64_t schedules_ = 0;
  std::uint64_t from_ = 0;
  bool was_found_ = false;
};
inline Asked asked;

// Runs a test over random schedules. On a failure relacy prints the history, and we the command that does it again.
// (Its bounded search is no use here: the weak compare-and-swaps and stale loads alone make more schedules than can be
// gone through.)
template <class Test>
bool check(const char* name, unsigned schedules, int argc, char** argv) {
  asked.read(argc, argv);
  if (!asked.wants(name)) return true;
  const std::uint64_t count = asked.schedules(schedules);
  rl::test_params params;
  params.search_type = rl::sched_random;
  params.iteration_count = asked.from() + count - 1;  // the last one's number
  params.initial_state = std::to_string(asked.from());
  params.execution_depth_limit = 20'000;
  std::ostream null(nullptr);
  params.progress_stream = &null;
  const bool ok = rl::simulate<Test>(params);
  const auto last = static_cast<unsigned long long>(params.stop_iteration);
  if (ok) {
    std::printf("%-28s ok, %llu schedules from %llu\n", name, static_cast<unsigned long long>(count),
                static_cast<unsigned long long>(asked.from()));
  } else {
    std::printf("%-28s FAILED, at schedule %llu\n", name, last);
    std::printf("again: %s --test '%s' --schedules 1 --from %llu\n", argv[0], name, last);
  }
  std::fflush(stdout);
  return ok;
}

}  // namespace model
