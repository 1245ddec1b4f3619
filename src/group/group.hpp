// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Group: the slot of one group. It is type-stable: made once, reused under a new generation, never unmapped. What a
// late reader may look at is atomic; what a life is made with (Config) is written while nobody holds a handle.
#pragma once

#include <cstring>

#include "base/bits.hpp"
#include "group/completion.hpp"
#include "group/descriptor.hpp"
#include "group/notices.hpp"
#include "group/tally.hpp"
#include "group/units.hpp"
#include "park/line.hpp"
#include "queue/ticket_queue.hpp"

namespace pool::group {

struct Counters {
  std::uint64_t submitted, succeeded, failed, cancelled, discarded, queued, running;
};

inline constexpr std::size_t name_size = 32;

// Slots of some slab that link each other by their indexes.
struct List {
  std::uint32_t first = base::nil;
  std::uint32_t last = base::nil;
};

// What a group is made with.
struct Config {
  bool is_plain = false;  // promised: all that follows is as it is here
  std::uint32_t overflow = 0;
  std::uint32_t capacity = 0;  // 0: none of its own
  std::uint32_t limit = 0;     // 0: none
  std::uint32_t weight = 1;
  std::uint32_t help = 0;
  bool fail_fast = false;
  bool keep_jobs = false;
  bool keeps_units = false;
  std::int64_t overflow_timeout = 0;  // 0: what the pool says
  char name[name_size] = {};
};

template <class Sys>
struct alignas(base::cache_line) Group {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;
  using Queue = queue::TicketQueue<Sys>;

  // Submitters and claimers write here.
  Queue queue;
  // (Here for the size of the slot.) Under the mutex: the jobs that are kept (sched/jobs.hpp), in the order of their
  // tickets; and the timers (sched/timers.hpp) whose time is to come, and how many of these hold a unit.
  List jobs;
  List pending;
  std::uint32_t pending_count = 0;
  std::uint32_t pending_units = 0;
  // Finishers write here.
  alignas(base::cache_line) Completion<Sys> completion;
  [[no_unique_address]] Units<Sys> units;  // (Both leave four bytes to what follows.)
  Atomic<std::uint32_t> rounds{0};         // how often the last ticket, 2^32 - inline_cells - 1, was taken
  [[no_unique_address]] Tally<Sys> tally;
  Atomic<std::uint32_t> tombstones{0};  // not claimed yet; jobs that started before their turn included
  Atomic<std::uint32_t> early{0};       // such jobs that run while their ticket is not claimed
  Atomic<std::uint32_t> delayed{0};     // tasks in timers that have not started
  Atomic<std::uint64_t> succeeded{0};   // as it was last told

  // Mostly read.
  alignas(base::cache_line) Atomic<std::uint32_t> index{base::nil};  // of this slot; always the same
  Atomic<std::uint32_t> pool{base::nil};
  Atomic<std::uint32_t> pool_generation{0};
  std::uint32_t flushes = 0;            // under the mutex: how often what was pending became due at once
  Atomic<std::uint64_t> home{0};        // both: life 63..32 | slot of the pool 31..0
  Atomic<void*> pool_slot{nullptr};     // and its address
  Atomic<std::uint32_t> birth{0};       // orders the groups of one owner
  Atomic<std::uint32_t> left_times{0};  // how often workers have left it to its owner in this life
  Atomic<std::uint64_t> left_at{0};     // how far it had come when a worker last left it to its owner
  Atomic<void*> owner{nullptr};         // whose thread alone changes queue and completion (sched/owned.hpp); null: all
  Atomic<std::uint32_t> cancelled{0};   // the life that is cancelled, or 0
  Atomic<std::uint32_t> suspended{0};   // the life that is suspended, or 0; for who has claimed already
  Atomic<std::uint32_t> batch{1};       // how many tasks a worker claims together: as many as take about 20 us
  Atomic<std::uint32_t> overflow{0};
  Atomic<std::uint32_t> capacity{0};
  Atomic<std::uint32_t> is_special{0};              // these bits:
  static constexpr std::uint32_t is_bounded = 1;    // has a bound of its own
  static constexpr std::uint32_t is_pools_own = 2;  // that of pool_submit
  static constexpr std::uint32_t is_plain = 4;      // made without options
  static constexpr std::uint32_t keeps_units = 8;   // a task that has handed itself back stays in flight
  static constexpr std::uint32_t fails_fast = 16;
  static constexpr std::uint32_t keeps_jobs = 32;
  Atomic<std::uint32_t> weight{1};
  Atomic<std::uint32_t> help{0};  // what the pool says, if the group says nothing
  Atomic<std::int64_t> overflow_timeout{0};
  Atomic<std::int64_t> oldest{0};    // what waits was submitted at this time or later, if tasks are timed (0: unknown)
  Atomic<std::int64_t> used{0};      // time of workers, by weight (sched/search.hpp)
  Atomic<std::uint64_t> places{0};   // if its own queue is bounded: generation 63..32 | taken of that
  Atomic<std::uint32_t> waiters{0};  // threads in a wait that had to arrive

  // The tree of groups (sched/family.hpp): nothing in a life that begins or has ended.
  Atomic<std::uint32_t> parent{base::nil};
  Atomic<std::uint32_t> parent_life{0};
  Atomic<std::uint32_t> first_child{base::nil};
  std::uint32_t next_sibling = base::nil;
  std::uint32_t previous_sibling = base::nil;

  Notices<Sys> notices;
  park::Line<Sys> line;

  Descriptor<Sys> descriptor;
  // Of the descriptor and of all lists.
  typename Sys::AdaptiveMutex mutex;
  List due;                            // timers whose time has come
  Atomic<std::uint32_t> due_count{0};  // so many
  Atomic<std::uint32_t> due_units{0};  // of which so many hold a unit

  Atomic<std::uint64_t> name[name_size / 8];

  // Begins a life. Requires: the slot is the caller's alone (late readers apart). Relaxed: the last store publishes
  // all.
  [[gnu::always_inline]] void open(void* its_pool, std::uint32_t pool_index, std::uint32_t pool_life, void* its_owner,
                                   std::uint32_t pools_help, const Config& config, std::uint32_t generation) {
    completion.open(Queue::first_ticket);
    tally.open(generation);
    rounds.store(0, std::memory_order_relaxed);
    tombstones.store(0, std::memory_order_relaxed);
    early.store(0, std::memory_order_relaxed);
    succeeded.store(0, std::memory_order_relaxed);
    bool is_as_before = config.is_plain;
    if (const std::uint64_t its_home = base::pack(pool_life, pool_index);
        home.load(std::memory_order_relaxed) != its_home) {
      is_as_before = false;
      pool.store(pool_index, std::memory_order_relaxed);
      pool_generation.store(pool_life, std::memory_order_relaxed);
      home.store(its_home, std::memory_order_relaxed);
      pool_slot.store(its_pool, std::memory_order_relaxed);
    }
    owner.store(its_owner, std::memory_order_relaxed);
    used.store(0, std::memory_order_relaxed);
    oldest.store(0, std::memory_order_relaxed);
    batch.store(1, std::memory_order_relaxed);
    notices.open(generation);
    // Most lives are as plain as the one before.
    if (!is_as_before || (is_special.load(std::memory_order_relaxed) & is_plain) == 0) configure(config, pools_help);
    if (config.limit != 0) units.open(generation);
    if (config.capacity != 0) {
      places.store(base::pack(generation, 0), std::memory_order_relaxed);
      line.open(generation);
    }
    queue.open(generation, config.limit != 0);  // last: this publishes the rest
  }

 private:
  void configure(const Config& config, std::uint32_t pools_help) {
    units.limit(config.limit);
    overflow.store(config.overflow, std::memory_order_relaxed);
    capacity.store(config.capacity, std::memory_order_relaxed);
    is_special.store((config.is_plain ? is_plain : 0) | (config.capacity != 0 ? is_bounded : 0) |
                         (config.keeps_units ? keeps_units : 0) | (config.fail_fast ? fails_fast : 0) |
                         (config.keep_jobs ? keeps_jobs : 0),
                     std::memory_order_relaxed);
    weight.store(config.weight, std::memory_order_relaxed);
    help.store(config.help != 0 ? config.help : pools_help, std::memory_order_relaxed);
    overflow_timeout.store(config.overflow_timeout, std::memory_order_relaxed);
    for (std::size_t i = 0; i < name_size / 8; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, config.name + 8 * i, sizeof word);
      name[i].store(word, std::memory_order_relaxed);
    }
  }

 public:
  // Says whether some of its tasks have left the queue and are not counted as finished.
  // A job that runs before its turn is told by `early` until its ticket is claimed: looked at first.
  bool has_begun() const { return early.load() != 0 || completion.load().count() != queue.head(); }

  // Says whether a worker or a helper could start a task now, if the first one is ready.
  bool has_startable() const {
    if (queue.is_suspended()) return false;
    return ((!queue.empty() || due_count.load() != 0) && units.any_free()) || due_units.load() != 0;
  }

  // Places in its own queue, for a group with a capacity: taken before the ticket, given back when the task starts, is
  // dropped or was refused. Tombstones have none. False: none is free, or the life is over.
  bool take_place(std::uint32_t life) {
    std::uint64_t word = places.load();
    while (base::high(word) == life && base::low(word) < capacity.load(std::memory_order_relaxed)) {
      if (places.compare_exchange_weak(word, word + 1)) return true;
    }
    return false;
  }
  void give_place(std::uint32_t life) {
    std::uint64_t word = places.load();
    while (base::high(word) == life && !places.compare_exchange_weak(word, word - 1)) {
    }
    // After the change: whoever stands in line looks at it after he has raised the line's count.
    if (line.busy()) line.serve([this] { return free_places(); });
  }
  std::uint32_t free_places() const {
    const std::uint32_t most = capacity.load(std::memory_order_relaxed);
    const std::uint32_t taken = base::low(places.load());
    return taken < most ? most - taken : 0;
  }

  // Says whether it was made with this (a bit of is_special).
  bool is(std::uint32_t special) const { return (is_special.load(std::memory_order_relaxed) & special) != 0; }

  bool is_cancelled(std::uint32_t life) const { return cancelled.load() == life; }

  // Makes it the one of pool_submit, for this life. Requires: nobody else knows it yet.
  void make_pools_own() { is_special.store(is_pools_own, std::memory_order_relaxed); }

  // Of those that have left the queue some have not started, and some are over and not counted yet
  // (sched/run_batch.hpp).
  struct InBatches {
    std::uint32_t waiting, over;
  };
  Counters counters() {
    return counters([] { return InBatches{0, 0}; });
  }
  // Exact while the group is empty, and never falling apart from the gauges, which are right for some moment of the
  // call, or say a little too much of what runs.
  template <class Look>
  Counters counters(Look&& look) {
    // In this order each difference is at least 0: count <= head <= tail at any moment, and all grow. Failures are
    // loaded after the count that includes them, so that what is left of it is never too much. What was told is loaded
    // before all others: told later, by another caller, it could be more than this call's tail.
    std::uint64_t told = succeeded.load();
    const std::uint32_t not_tasks = tombstones.load();
    const std::uint32_t count = completion.load().count();
    const std::uint64_t failed = tally.failed();
    const std::uint64_t dropped = tally.cancelled();
    const std::uint64_t discarded = tally.discarded_in_queue();
    // Between the two: what is claimed or counted meanwhile still counts as running.
    InBatches batches = look();
    const std::uint32_t head = queue.head();
    const std::uint32_t tail = queue.tail();
    const std::uint64_t newcomers = tally.discarded_newcomers();
    const std::uint64_t all = (std::uint64_t{rounds.load()} << 32) + (tail - Queue::first_ticket);
    const std::uint64_t unfinished = tail - count;
    const std::uint64_t finished = all > unfinished ? all - unfinished : 0;
    const std::uint64_t others = failed + dropped + discarded;
    const std::uint64_t least = finished > others ? finished - others : 0;
    const std::uint64_t succeeded_now = told < least ? least : told;
    while (told < least && !succeeded.compare_exchange_weak(told, least)) {
    }
    const std::int64_t passed = static_cast<std::int32_t>(head - count);
    // Who was not the first to claim some has them in his window for a moment. (The model checker found this one.)
    if (batches.waiting > passed) batches.waiting = static_cast<std::uint32_t>(passed);
    // A timer has a finish that is to come, and no ticket.
    const std::uint32_t timers = delayed.load();
    const std::int64_t running =
        passed + static_cast<std::int32_t>(early.load()) - timers - batches.waiting - batches.over;
    return {.submitted = all + newcomers,
            .succeeded = succeeded_now,
            .failed = failed,
            .cancelled = dropped,
            .discarded = discarded + newcomers,
            .queued = std::uint64_t{tail - head} - (tail - head < not_tasks ? tail - head : not_tasks) + timers +
                      batches.waiting,
            .running = running > 0 ? static_cast<std::uint64_t>(running) : 0};
  }
};

}  // namespace pool::group
