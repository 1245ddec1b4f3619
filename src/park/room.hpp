// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Room: the bound on queued tasks of one pool, the line of submitters that wait for a place, and the count of
// unfinished tasks that shutdown waits for. The protocol is in park/README.md.
//
// Guarantees: never more than `capacity` tasks hold a place; places go to the line first come first served. A place, or
// a task that is not finished, keeps its pool alive.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace pool::park {

template <class Sys>
class Room {
 public:
  enum class Taken { ok, full, closed, timed_out };

  static constexpr std::uint32_t max_capacity = 1'000'000'000;

  struct Counts {
    std::uint32_t queued, unfinished;
  };

  // Whose task a submitter in line has.
  struct Owner {
    const void* group = nullptr;
    std::uint32_t life = 0;
    bool operator==(const Owner&) const = default;
  };

  // Begins a life. Requires: nobody is in line.
  void open(std::uint32_t capacity) {
    capacity_.store(capacity, std::memory_order_relaxed);
    chunk_.store(Sys::credit_chunk(capacity), std::memory_order_relaxed);
    patient_.store(0);
    word_.store(0);
  }

  // --- stores of credits that threads keep ("Local credits") ---

  // How many a thread takes at once; 0: the room is too small for stores.
  std::uint32_t chunk() const { return chunk_.load(std::memory_order_relaxed); }
  // Says whether a thread may begin to keep some: nobody waits for them.
  bool may_keep() const { return (word_.load() & (closed | line)) == 0; }
  // The same, and far from full: nobody is about to wait for them.
  bool is_roomy() const {
    const std::uint64_t word = word_.load();
    return (word & (closed | line)) == 0 && queued(word) <= most_roomy();
  }
  // Takes so many places and tokens for a store, unless the room is nearly full. False: it is.
  bool refill(std::uint32_t places, std::uint32_t tokens) {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    do {
      if ((word & (closed | line)) != 0 || queued(word) + places > most_roomy()) return false;
    } while (!word_.compare_exchange_weak(word, word + places * one_queued + tokens * one_unfinished));
    return true;
  }
  // Gives places and tokens back. The pool may be gone as soon as this returns.
  void give(std::uint32_t places, std::uint32_t tokens) {
    const std::uint64_t old = word_.fetch_sub(places * one_queued + tokens * one_unfinished);
    if (places != 0 && (old & line) != 0 && !can_wait(queued(old) - places)) serve();
    if (tokens != 0 && (old & drain) != 0 && unfinished(old) == tokens) wake_drain();
  }

  // Takes a place, if there is one and nobody is in line. A task of this pool is `inside`: it may submit to a closed
  // pool.
  Taken try_take(bool inside) {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
      if ((word & closed) != 0 && !inside) return Taken::closed;
      if ((word & line) != 0 || queued(word) >= capacity()) return Taken::full;
      if (word_.compare_exchange_weak(word, word + one_queued + one_unfinished)) return Taken::ok;
    }
  }

  // As try_take, standing in line until `deadline`.
  // `shut()`: whether it makes no sense any more; asked once it is in line, as far as dismiss() sees.
  // `joined()` is called when it has come to stand in line.
  template <class Shut, class Joined>
  Taken take(std::int64_t deadline, Owner owner, Shut&& shut, Joined&& joined) {
    const Taken taken = try_take(false);
    return taken == Taken::full ? stand_in_line(deadline, owner, shut, joined) : taken;
  }
  Taken take(std::int64_t deadline) {
    return take(
        deadline, {}, [] { return false; }, [] {});
  }

  // Counts `count` unfinished ones that take no place in the queue. False: closed to the caller.
  bool try_enter(bool inside, std::uint32_t count) {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    do {
      if ((word & closed) != 0 && !inside) return false;
    } while (!word_.compare_exchange_weak(word, word + count * one_unfinished));
    return true;
  }

  // The same for a caller that knows of another one which is unfinished.
  void enter_unqueued() { word_.fetch_add(one_unfinished); }

  // Sends away those in line who have a task of this group, as if the pool had been closed to them.
  void dismiss(Owner owner) {
    if ((word_.load() & line) == 0) return;
    const std::lock_guard lock(mutex_);
    for (Blocked* at = first_; at != nullptr;) {
      Blocked* const next = at->next;
      if (at->owner == owner) dismiss(*at, Taken::closed);
      at = next;
    }
    serve_now();
  }

  // Refuses everybody but tasks from now on, those in line included.
  void close() {
    word_.fetch_or(closed);
    const std::lock_guard lock(mutex_);
    while (first_ != nullptr) dismiss(*first_, Taken::closed);
    word_.fetch_and(~line);
  }

  // Waits until nothing is unfinished, or `alive()` says that this life is over. Requires: closed.
  template <class Alive>
  bool wait_drained(std::int64_t deadline, Alive&& alive) {
    for (;;) {
      const std::uint32_t seen = drains_.load();
      if (unfinished(word_.fetch_or(drain)) == 0) return true;
      // Asked after the look: if we still live, what we saw unfinished was ours, and its end changes `drains_`.
      if (!alive()) return true;
      if (!Sys::wait_until(drains_, seen, deadline)) return unfinished(word_.load()) == 0;
    }
  }

  // How many stand in line.
  std::uint32_t length() const { return length_.load(); }
  bool has_line() const { return (word_.load() & line) != 0; }
  bool is_closed() const { return (word_.load() & closed) != 0; }
  Counts counts() const {
    const std::uint64_t word = word_.load();  // whoever unstaffs the pool looks here, after that
    return {queued(word), unfinished(word)};
  }

 private:
  // 63 drain | 62 line | 61 closed | 60..30 unfinished | 29..0 queued
  static constexpr std::uint64_t one_queued = 1;
  static constexpr std::uint64_t one_unfinished = std::uint64_t{1} << 30;
  static constexpr std::uint64_t closed = std::uint64_t{1} << 61;
  static constexpr std::uint64_t line = std::uint64_t{1} << 62;
  static constexpr std::uint64_t drain = std::uint64_t{1} << 63;

  // A submitter in line, on its own stack. Everything but `outcome` is under the mutex.
  struct Blocked {
    typename Sys::template Atomic<std::uint32_t> outcome{in_line};
    Blocked* next = nullptr;
    Blocked* previous = nullptr;
    Owner owner;
  };
  static constexpr std::uint32_t in_line = UINT32_MAX;
  // Counts one of them, for statistics.
  struct Standing {
    typename Sys::template Atomic<std::uint32_t>& length;
    explicit Standing(typename Sys::template Atomic<std::uint32_t>& its) : length(its) { length.fetch_add(1); }
    ~Standing() { length.fetch_sub(1); }
    Standing(const Standing&) = delete;
    Standing& operator=(const Standing&) = delete;
  };

  static constexpr std::uint32_t queued(std::uint64_t word) { return static_cast<std::uint32_t>(word & 0x3fffffff); }
  static constexpr std::uint32_t unfinished(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 30 & 0x7fffffff);
  }

  std::uint32_t capacity() const { return capacity_.load(std::memory_order_relaxed); }
  // So many are queued: whether the line waits until there are fewer.
  bool can_wait(std::uint32_t queued) const {
    return patient_.load() != 0 && queued > capacity() - capacity() / Sys::patient_part;
  }
  std::uint32_t most_roomy() const { return capacity() - capacity() / 8; }

  template <class Shut, class Joined>
  Taken stand_in_line(std::int64_t deadline, Owner owner, Shut&& shut, Joined&& joined) {
    Blocked self;
    self.owner = owner;
    std::int64_t until = deadline;
    const Standing standing(length_);
    {
      const std::lock_guard lock(mutex_);
      const std::uint64_t word = word_.fetch_or(line) | line;
      if ((word & closed) != 0 || shut()) return leave_line(Taken::closed);
      if (first_ == nullptr && take_in_line(word)) return leave_line(Taken::ok);
      self.previous = last_;
      (last_ != nullptr ? last_->next : first_) = &self;
      last_ = &self;
      if (first_ == &self && chunk() != 0) {
        patient_.store(1);
        until = std::min(deadline, Sys::after(Sys::line_patience));
      }
    }
    joined();
    while (self.outcome.load() == in_line) {
      if (Sys::wait_until(self.outcome, in_line, until)) continue;
      const std::lock_guard lock(mutex_);
      if (self.outcome.load() != in_line) break;
      if (until != deadline) {  // it was our patience that is over
        until = deadline;
        serve_now();
        continue;
      }
      unlink(self);
      serve_now();
      return Taken::timed_out;
    }
    // Whoever dismissed us wakes us under the mutex: after this it touches our stack no more.
    const std::lock_guard lock(mutex_);
    return static_cast<Taken>(self.outcome.load());
  }

  // Under the mutex: nobody else in line, then nobody needs to look for it.
  Taken leave_line(Taken outcome) {
    if (first_ == nullptr) word_.fetch_and(~line);
    return outcome;
  }

  // Under the mutex: takes a place for the first in line. Not once the pool is closed: it may be seen empty by then.
  bool take_in_line(std::uint64_t word) {
    while (queued(word) < capacity() && (word & closed) == 0) {
      if (word_.compare_exchange_weak(word, word + one_queued + one_unfinished)) return true;
    }
    return false;
  }

  void serve() {
    const std::lock_guard lock(mutex_);
    serve_now();
  }
  // Under the mutex.
  void serve_now() {
    patient_.store(0);
    while (first_ != nullptr && take_in_line(word_.load())) dismiss(*first_, Taken::ok);
    if (first_ == nullptr) word_.fetch_and(~line);
  }

  void dismiss(Blocked& blocked, Taken outcome) {
    unlink(blocked);
    blocked.outcome.store(static_cast<std::uint32_t>(outcome));
    Sys::wake(blocked.outcome, 1);
  }

  void unlink(Blocked& blocked) {
    (blocked.previous != nullptr ? blocked.previous->next : first_) = blocked.next;
    (blocked.next != nullptr ? blocked.next->previous : last_) = blocked.previous;
  }

  void wake_drain() {
    drains_.fetch_add(1);
    Sys::wake(drains_, INT32_MAX);
  }

  typename Sys::template Atomic<std::uint64_t> word_{0};
  typename Sys::template Atomic<std::uint32_t> capacity_{0};  // a late submitter may look while a life begins
  typename Sys::template Atomic<std::uint32_t> chunk_{0};
  typename Sys::template Atomic<std::uint32_t> drains_{0};
  typename Sys::template Atomic<std::uint32_t> length_{0};
  typename Sys::template Atomic<std::uint32_t> patient_{0};  // the line waits for room for many; under the mutex
  typename Sys::Mutex mutex_;
  Blocked* first_ = nullptr;
  Blocked* last_ = nullptr;
};

}  // namespace pool::park
