// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Pool and Worker: the type-stable slots of pools and of their threads; World: all slots of a process.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <mutex>

#include "base/log.hpp"
#include "group/group.hpp"
#include "park/bounds.hpp"
#include "park/idle_set.hpp"
#include "park/room.hpp"
#include "queue/ready_set.hpp"
#include "sched/callbacks.hpp"
#include "sched/job.hpp"
#include "sched/local.hpp"
#include "sched/timer.hpp"
#include "sched/timing.hpp"

namespace pool::sched {

template <class Sys>
struct Pool;
template <class Sys>
struct World;
template <class Sys>
struct Trace;

// How a thread of the pool came to its end.
enum class Ending : std::uint32_t {
  none,      // it has not
  left,      // by its own decision: "Retire" or "Shrink" in park/README.md
  by_task,   // a task ended it: it is replaced
  by_hook,   // its start hook ended it: it is not, for that would go on for ever
  given_up,  // by a task or a hook, without a housekeeper to see to it: counted out already
};

template <class Sys>
struct alignas(base::cache_line) Worker {
  park::Parker<Sys> parker;
  // Since when the group in that slot has its time (ticks, read every few tasks); nil: none has.
  typename Sys::template Atomic<std::int64_t> since{0};
  typename Sys::template Atomic<std::uint32_t> visited{base::nil};
  // The worker's own: where it looks next, and how many tasks in a row it took from the group there.
  std::uint32_t cursor = 0;
  std::uint32_t streak = 0;

  // Written before the thread starts and under the pool's growth mutex.
  World<Sys>* world = nullptr;
  Pool<Sys>* pool = nullptr;
  std::uint32_t index = 0;   // of this slot
  std::uint32_t number = 0;  // N of the thread's name
  Worker* next = nullptr;    // of the pool's workers
  Worker* previous = nullptr;
  Worker* next_leaver = nullptr;
  typename Sys::Thread thread{};
  typename Sys::Thread predecessor{};  // ended its thread in a task; joined by this one
  std::int32_t id = 0;                 // what the system calls the thread: its own, for whoever joins it
  bool searches = false;               // starts as a searching one
  bool replaces = false;               // has a predecessor
  Ending ending = Ending::none;
  // A frame for the hooks and the thread-local destructors: it outlives the thread's own stack.
  static constexpr std::size_t frame_size = 512;
  alignas(16) unsigned char last_frame[frame_size];
};

// What a pool's threads do as they start and end; fixed for a life.
struct Hooks {
  using Fn = void (*)(void*);
  Fn start = nullptr;
  Fn stop = nullptr;
  void* user = nullptr;
};

// Notices that are due, first in, first out. (Few: a mutex does.)
template <class Sys>
class DueNotices {
 public:
  using Notice = group::Notice;

  bool any() const { return count_.load() != 0; }
  void push(Notice& notice) {
    const std::lock_guard lock(mutex_);
    notice.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &notice;
    last_ = &notice;
    count_.fetch_add(1);
  }
  Notice* pop() {
    if (!any()) return nullptr;
    return take([](const Notice&) { return true; });
  }
  // The first one of this group.
  Notice* pop_of(const void* group, std::uint32_t life) {
    return take([=](const Notice& notice) { return notice.group == group && notice.life == life; });
  }

 private:
  template <class Wanted>
  Notice* take(Wanted&& wanted) {
    const std::lock_guard lock(mutex_);
    Notice* before = nullptr;
    for (Notice* at = first_; at != nullptr; before = at, at = at->next) {
      if (!wanted(*at)) continue;
      (before != nullptr ? before->next : first_) = at->next;
      if (last_ == at) last_ = before;
      count_.fetch_sub(1);
      return at;
    }
    return nullptr;
  }

  typename Sys::Mutex mutex_;
  typename Sys::template Atomic<std::uint32_t> count_{0};
  Notice* first_ = nullptr;
  Notice* last_ = nullptr;
};

// Small numbers for threads that run tasks (pool_worker_index).
template <class Sys>
class Numbers {
 public:
  // The lowest free one; -1: none.
  std::int32_t take() {
    for (std::uint32_t i = 0; i < Sys::place_words; ++i) {
      std::uint64_t word = words_[i].load();
      while (~word != 0) {
        const int bit = std::countr_one(word);
        if (words_[i].compare_exchange_weak(word, word | std::uint64_t{1} << bit)) {
          return static_cast<std::int32_t>(64 * i) + bit;
        }
      }
    }
    return -1;
  }
  void give(std::int32_t place) {
    const auto at = static_cast<std::uint32_t>(place);
    words_[at / 64].fetch_and(~(std::uint64_t{1} << at % 64));
  }

 private:
  typename Sys::template Atomic<std::uint64_t> words_[Sys::place_words];
};

template <class Sys>
struct alignas(base::cache_line) Pool {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

  static constexpr std::uint32_t max_max_workers = park::Bounds::most;
  static constexpr std::size_t name_size = 16;

  // Odd while the pool has a handle. Late touches of a pool that is gone find it even, or another one.
  Atomic<std::uint32_t> generation{0};
  Atomic<std::uint32_t> index{0};
  Atomic<std::uint64_t> home{0};  // the last life 63..32 | index 31..0
  // How many tasks may be claimed together: what is held back must not make up for the queue.
  Atomic<std::uint32_t> batch_limit{1};
  Atomic<std::uint32_t> overflow{0};
  Atomic<std::uint32_t> help{0};
  Atomic<std::uint64_t> bounds_word{0};  // park::Bounds
  // What the short ways of submits and runs have no time for: they look here, and leave it to others. These bits:
  Atomic<std::uint32_t> unusual{0};
  static constexpr std::uint32_t counts_starts = 1;  // there may be bursts, which `starts` is for; fixed for a life
  static constexpr std::uint32_t is_traced = 2;      // and traced
  static constexpr std::uint32_t is_cancelling = 4;  // what has not started is dropped
  static constexpr std::uint32_t wakes_eagerly = 8;  // POOL_WAKE_EAGER; fixed for a life
  static constexpr std::uint32_t is_unstaffed = 16;  // no thread will look: no task may be accepted. Under `growth`
  static constexpr std::uint32_t is_timed = 32;      // tasks are timed
  // Unfinished ones that are no tasks: the counts of the room less these are tasks.
  Atomic<std::uint32_t> tombstones{0};
  // Workers that find nothing end. Set once the pool is closed and drained.
  Atomic<std::uint32_t> stopping{0};
  Atomic<std::int64_t> overflow_timeout{INT64_MAX};
  // One task in so many is timed; 0: none. Changed under `growth`, and `unusual` with it.
  Atomic<std::uint32_t> timed_every{0};

  void time_every(std::uint32_t every) {
    timed_every.store(every);
    every != 0 ? unusual.fetch_or(is_timed) : unusual.fetch_and(~is_timed);
  }
  // Sequentially consistent: a submit takes its place, then looks; the last thread leaves, then looks at the places.
  bool is_staffed() const { return (unusual.load() & is_unstaffed) == 0; }
  void staff() { unusual.fetch_and(~is_unstaffed); }
  void unstaff() { unusual.fetch_or(is_unstaffed); }
  bool is_eager() const { return (unusual.load(std::memory_order_relaxed) & wakes_eagerly) != 0; }
  // What is unusual for a submit; and the same but for those that wake eagerly. (The lowest bit is not.)
  bool is_usual() const { return unusual.load(std::memory_order_relaxed) <= counts_starts; }
  std::uint32_t unusual_but_eager() const {
    return unusual.load(std::memory_order_relaxed) & ~(wakes_eagerly | counts_starts);
  }
  // Whether tasks that have not started are dropped.
  bool cancels(std::memory_order order = std::memory_order_seq_cst) const {
    return (unusual.load(order) & is_cancelling) != 0;
  }

  alignas(base::cache_line) park::Room<Sys> room;
  // Whether threads may keep credits of the room (sched/credits.hpp).
  enum Hoards : std::uint32_t { no_hoards, some_hoards, sweeping };
  Atomic<std::uint32_t> hoards{no_hoards};
  typename Sys::Mutex sweep_mutex;
  alignas(base::cache_line) park::IdleSet<Sys> idle;
  alignas(base::cache_line) queue::ReadySet<Sys> ready;
  // The rotation between groups has come that far, and newcomers join so far ahead of it (sched/search.hpp).
  Atomic<std::int64_t> rotation{1};
  Atomic<std::int64_t> spread{0};
  DueNotices<Sys> notices;
  Numbers<Sys> numbers;
  // That of pool_submit: generation 63..32 | slot 31..0, or 0. Made under `growth`.
  Atomic<std::uint64_t> own_group{0};
  // What the overflow policies did since the pool was made.
  Atomic<std::uint64_t> blocked{0};
  Atomic<std::uint64_t> rejected{0};
  Atomic<std::uint64_t> caller_runs{0};
  Atomic<std::uint64_t> discarded{0};
  // Further statistics: of `finished` and `helped` what threads have told (sched/statistics.hpp).
  Atomic<std::uint64_t> finished{0};
  Atomic<std::uint64_t> helped{0};
  Atomic<std::uint64_t> failed{0};
  Atomic<std::uint64_t> cancelled{0};
  Atomic<std::uint64_t> wakes{0};
  Atomic<std::uint64_t> steals{0};
  Atomic<std::uint32_t> looks{0};  // of searching workers, so far (not beside what busy ones read)
  // When the pool was made, by both clocks: what a tick is.
  std::int64_t made_at = 0;
  std::int64_t made_ticks = 0;
  Histogram<Sys> waits;
  Histogram<Sys> runs;
  Timers<Sys> timers;
  // The trace that runs, under `tracing`, and its number; 0: none. What is recorded names the number.
  typename Sys::Mutex tracing;
  Trace<Sys>* trace = nullptr;
  Atomic<std::uint64_t> trace_number{0};
  bool has_ready = false;  // the ready set has its memory; kept by the slot for good

  // Whether there is anything that a worker should look at.
  bool has_work() const { return ready.any() || notices.any(); }

  typename Sys::Mutex growth;   // threads, leavers, peak, created, left, the housekeeper, name
  typename Sys::Mutex joining;  // held while the pool's threads are joined for good; none of them takes it

  // --- staff: see "Workers" in park/README.md ---
  Worker<Sys>* threads = nullptr;
  Worker<Sys>* leavers = nullptr;
  std::uint32_t peak = 0;
  std::uint32_t created = 0;
  std::uint32_t left = 0;
  // Fixed for a life, read by the pool's threads and under `growth`.
  std::int64_t idle_timeout = 0;
  std::int64_t burst_delay = 0;
  std::uint64_t stack_size = 0;
  bool prestart = false;
  Hooks hooks;
  base::LogConfig log;  // fixed for a life
  // When it was last told that a queue is full; INT64_MAX: nobody wants to know.
  Atomic<std::int64_t> full_told{0};
  // Threads that write to the log and hold nothing else that keeps the pool alive.
  Atomic<std::uint32_t> reporters{0};
  // The housekeeper: there is one; what it sleeps on; whether it is to end.
  bool has_keeper = false;
  typename Sys::Thread keeper{};
  std::int32_t keeper_id = 0;
  World<Sys>* world = nullptr;
  Atomic<std::uint32_t> keeper_calls{0};
  Atomic<std::uint32_t> keeper_stop{0};
  // It looks whether tasks are being started, since everybody is busy and tasks wait.
  Atomic<std::uint32_t> armed{0};
  // Tasks that were started, by anybody; counted only if there may be bursts.
  Atomic<std::uint64_t> starts{0};
  // Workers inside blocking sections, and so many more that the housekeeper lets run since others get nowhere.
  Atomic<std::uint32_t> sections{0};
  Atomic<std::uint32_t> granted{0};

  // Sequentially consistent: a searching worker that found a task lowers searching, then looks at the bounds; a resize
  // changes the bounds, then looks at searching. (The model checker found this: relaxed, both relied on the other.)
  park::Bounds bounds() const { return {bounds_word.load()}; }
  // So many workers may run at once: one more for each that blocks. Sequentially consistent, as the bounds.
  std::uint32_t running_bound() const {
    const park::Bounds now = bounds();
    if (now.burst() == 0) return now.max();
    return std::min(now.total(), now.steady() + sections.load() + granted.load());
  }
  // Whether there is anybody, or place for anybody, beside those that run.
  [[gnu::always_inline]] bool has_reserve(typename park::IdleSet<Sys>::State state) const {
    const std::uint32_t total = bounds().total();
    return (state.idle() != 0 || state.threads() < total) && state.running() < total;
  }
  void withdraw_grant() {
    std::uint32_t now = granted.load();
    while (now != 0 && !granted.compare_exchange_weak(now, now - 1)) {
    }
  }
  void count_start() { starts.fetch_add(1, std::memory_order_relaxed); }
  void note_start() {
    if ((unusual.load(std::memory_order_relaxed) & counts_starts) != 0) count_start();
  }

  char name[name_size] = {};
};

// Where the cells of its groups are that do not fit into the groups.
template <class Sys>
auto segments_of(const Pool<Sys>& pool) {
  return [&pool]() -> typename Sys::Segments& { return pool.world->segments; };
}

template <class Sys>
struct World {
  typename Sys::template Slab<Pool<Sys>, 4, 256> pools;
  typename Sys::template Slab<group::Group<Sys>, 256, Sys::group_slots / 256> groups;
  typename Sys::template Slab<Worker<Sys>, 64, 1024> workers;
  typename Sys::template Slab<Job<Sys>, 1024, Sys::job_slots / 1024> jobs;
  typename Timers<Sys>::Slots timers;
  typename Sys::template Slab<Local<Sys>, 16, 1024> locals;
  typename Sys::template Atomic<std::uint32_t> local_cursor{0};
  typename Sys::template Atomic<std::uint64_t> traces{0};  // so far
  typename Sys::Segments segments;
  typename Sys::Nodes nodes;
  Callbacks<Sys> callbacks;
  // Nobody has had work for a while: a little of the free memory goes back to the system. False: there is no more.
  bool trim_some() {
    constexpr std::uint32_t pages = 16;
    return nodes.trim_some(pages) || segments.trim_some(pages);
  }
  typename Sys::Mutex family;  // the links between parents and children
};

}  // namespace pool::sched
