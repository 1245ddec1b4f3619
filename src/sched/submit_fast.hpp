// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The way of most submits: a group without a bound of its own, a pool with room, of which this thread has credits. What
// is not so simple goes through Submit (sched/submit.hpp), which this has to agree with.
#pragma once

#include "sched/complete.hpp"
#include "sched/trace.hpp"

namespace pool::sched {

// What follows a ticket that is taken and not published: an empty moment that it ended, and whether it is the first.
template <class Sys>
struct Taken {
  typename group::Completion<Sys>::Seen before{0};
  std::uint32_t looked_for = 0;
  typename group::Group<Sys>::Queue::Ticket ticket;
  bool is_first = false;
  bool wake_helpers = false;

  // Takes it. An empty moment that this submit ends is this submit's to announce: the completer may come too late to
  // see it. Looked at before the ticket: until then nobody else could end it.
  typename group::Group<Sys>::Queue::Reserved operator()(World<Sys>& world, group::Group<Sys>& group,
                                                         std::uint32_t generation) {
    using Queue = typename group::Group<Sys>::Queue;
    using Done = group::Completion<Sys>;
    const auto look = [&](std::uint32_t number) {
      before = group.completion.load();
      looked_for = number;
    };
    const auto reserved = group.queue.reserve(world.segments, generation, ticket, look);
    if (reserved != Queue::Reserved::ok) return reserved;
    if (before.has(Done::waiter) && before.count() == ticket.number && looked_for == ticket.number) {
      announce_empty(world, group, before, [] { return true; });  // our ticket keeps the group alive
    }
    // The ticket before the first one: the 32 bits of tickets are used up once more.
    if (ticket.number == Queue::first_ticket - 1) group.rounds.fetch_add(1, std::memory_order_relaxed);
    is_first = group.queue.is_first(ticket);
    wake_helpers = is_first && group.completion.load().has(Done::helper);
    return reserved;
  }

  // The group, and with it the pool, may be gone as soon as the cell is stored: what follows touches at worst a
  // successor, which sees a needless bit or a needless wake-up.
  void publish(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group, const queue::Work& work) {
    if (is_first && pool.timed_every.load(std::memory_order_relaxed) != 0) group.oldest.store(Sys::now());
    const std::uint32_t index = group.index.load(std::memory_order_relaxed);
    group.queue.publish(world.segments, ticket, work);
    if (!is_first) return announce_further(world, pool);
    if (wake_helpers) group.completion.wake_helpers();
    wake_ancestors(world, group);
    announce(world, pool, index);
  }
};

// What the first task of a queue has to see to besides its cell. Out of line: it comes once for many.
template <class Sys>
struct First {
  std::uint32_t index = 0;
  bool wake_helpers = false;

  // With the ticket, before the cell is stored; `before` was loaded before the ticket was taken.
  [[gnu::noinline]] First(World<Sys>& world, group::Group<Sys>& group, typename group::Completion<Sys>::Seen before,
                          std::uint32_t number)
      : index(group.index.load(std::memory_order_relaxed)) {
    using Done = group::Completion<Sys>;
    if (before.has(Done::waiter) && before.count() == number) {
      announce_empty(world, group, before, [] { return true; });  // our ticket keeps the group alive
    }
    wake_helpers = group.completion.load().has(Done::helper);
  }
  // After it: what this touches may be a successor's, for which it is needless.
  [[gnu::noinline]] void announce(World<Sys>& world, Pool<Sys>& pool, group::Group<Sys>& group) const {
    if (wake_helpers) group.completion.wake_helpers();
    wake_ancestors(world, group);
    sched::announce(world, pool, index);
  }
};

// Whether a submit may go these ways, and what becomes of its ticket: where nothing is unusual, nothing.
struct Usual {
  template <class Pool>
  static bool may(const Pool& pool) {
    return pool.unusual_but_eager() == 0;
  }
  template <class Pool>
  static bool is_eager(const Pool& pool) {
    return pool.is_eager();
  }
  template <class Pool, class Queue>
  [[gnu::always_inline]] static bool put(const Pool& pool, Queue& queue, std::uint32_t generation,
                                         const queue::Work& work, bool is_eager, bool& is_first) {
    return queue.put_alone(segments_of(pool), generation, work, is_eager, is_first);
  }
  static void note(std::uint32_t) {}
  template <class Sys, class Number>
  static void note_here(Local<Sys>&, Number&&) {}
  template <class Group>
  static void note_first(Group&) {}
};
// Where nobody wants to be woken for each task either, and it has a cell of the group's own: this is its ticket, as the
// owner has seen it.
struct Plain : Usual {
  std::uint64_t sub;
  explicit Plain(std::uint64_t seen) : sub(seen) {}
  template <class Pool>
  static bool may(const Pool& pool) {
    return pool.is_usual();
  }
  template <class Pool>
  static bool is_eager(const Pool&) {
    return false;
  }
  template <class Pool, class Queue>
  [[gnu::always_inline]] bool put(const Pool&, Queue& queue, std::uint32_t, const queue::Work& work, bool,
                                  bool& is_first) const {
    is_first = queue.put_inline(sub, work);
    return true;
  }
};
// Where tasks are traced, and nothing else: of an own group it is recorded in the visit that takes its place.
template <class Sys>
struct OnlyTraced : Usual {
  const TracedSubmit<Sys> traced;
  std::uint32_t ticket = 0;
  bool is_recorded = false;

  [[gnu::always_inline]] OnlyTraced(Pool<Sys>& pool, const group::Group<Sys>& group, std::uint32_t life)
      : traced(pool, group, life) {}
  static bool may(const Pool<Sys>& pool) { return pool.unusual_but_eager() == Pool<Sys>::is_traced; }
  void note(std::uint32_t number) { ticket = number; }
  // Under the bias.
  template <class Number>
  [[gnu::always_inline]] void note_here(Local<Sys>& local, Number&& number) {
    ticket = number();
    is_recorded = traced.accepted_here(local, ticket);
  }
  // (Of a copy: its own is to stay in registers.)
  void accept_slowly() const { TracedSubmit<Sys>(traced).accepted_at_once(ticket); }
};

// Where tasks are timed, and nothing else: since when there has been one in the queue. (It does not matter whether this
// one is timed.)
template <class Sys>
struct OnlyTimed : Usual {
  static bool may(const Pool<Sys>& pool) { return pool.unusual_but_eager() == Pool<Sys>::is_timed; }
  // Before others can claim it.
  static void note_first(group::Group<Sys>& group) { group.oldest.store(Sys::now(), std::memory_order_relaxed); }
};

// Puts a task into a group that the caller owns, and ends with one of these: `ends.done()`; `ends.first(pool, index)`,
// which is to see to announce_own(); `ends.no()`, it is not his or not that simple, and nothing has happened. (So that
// the most common end is reached without a look at which one it is.)
template <class Sys, class Way, class Ends>
[[gnu::always_inline]] inline auto put_own(Local<Sys>& local, group::Group<Sys>& group, std::uint32_t generation,
                                           const queue::Work& work, Way&& way, const Ends& ends) {
  const auto pool_of = [](const group::Group<Sys>& its) -> Pool<Sys>& {
    return *static_cast<Pool<Sys>*>(its.pool_slot.load(std::memory_order_relaxed));
  };
  if (!local.bias.try_enter()) [[unlikely]]
    return ends.no();
  // Nobody can have cancelled the group, or wait for it: that would have made it shared.
  if (is_owned_by(group, &local)) [[likely]] {
    const Pool<Sys>& pool = pool_of(group);
    if (way.may(pool)) [[likely]] {
      const bool is_eager = way.is_eager(pool);
      bool is_first = false;
      const auto put = [&]() __attribute__((always_inline)) {
        return way.put(pool, group.queue, generation, work, is_eager, is_first);
      };
      if (Credits<Sys>::take_if(local, group.home.load(std::memory_order_relaxed), put)) [[likely]] {
        way.note_here(local, [&group] { return group.queue.tail() - 1; });
        if (is_first) way.note_first(group);
        if (is_eager || is_first) {
          Pool<Sys>& its_pool = pool_of(group);  // (loaded again, rather than kept)
          const std::uint32_t index = group.index.load(std::memory_order_relaxed);
          local.bias.leave_tried();
          return ends.first(its_pool, index);
        }
        local.bias.leave_tried();
        return ends.done();
      }
    }
  }
  local.bias.leave_tried();
  return ends.no();
}

// The shortest way of all: into one of the group's own cells.
template <class Sys, class Ends>
[[gnu::always_inline]] inline auto put_at_once(Local<Sys>& local, group::Group<Sys>& group, std::uint32_t generation,
                                               const queue::Work& work, const Ends& ends) {
  std::uint64_t sub = 0;
  if (!group.queue.see_inline(generation, sub)) return ends.no();
  return put_own(local, group, generation, work, Plain(sub), ends);
}

// (What it touches may be a successor's, for which it is needless.)
template <class Sys>
[[gnu::noinline]] void announce_anew(Pool<Sys>& pool, std::uint32_t index) {
  pool.ready.set(index);
  wake_one(*pool.world, pool);
}
template <class Sys>
[[gnu::always_inline]] inline void announce_own(Pool<Sys>& pool, std::uint32_t index) {
  if (!pool.ready.has(index)) [[unlikely]]
    return announce_anew(pool, index);
  // (What wake_one() looks at first, without the way there.)
  const auto state = pool.idle.state();
  if (pool.is_eager() || (state.searching() == 0 && pool.has_reserve(state))) wake_one(*pool.world, pool);
}

// Says whether it was put.
template <class Sys>
struct Putting {
  static bool done() { return true; }
  static bool first(Pool<Sys>& pool, std::uint32_t index) {
    announce_own(pool, index);
    return true;
  }
  static bool no() { return false; }
};

// False: not that simple, and nothing has happened.
template <class Sys, class Way>
[[gnu::always_inline]] inline bool submit_own(group::Group<Sys>& group, std::uint32_t generation,
                                              const queue::Work& work, Way&& way) {
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  return is_owned_by(group, local) && put_own(*local, group, generation, work, way, Putting<Sys>());
}

// False: not that simple, and nothing has happened.
template <class Sys, class Way>
[[gnu::always_inline]] inline bool submit_fast(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation,
                                               const queue::Work& work, Way&& way) {
  using Queue = typename group::Group<Sys>::Queue;
  using Seen = typename group::Completion<Sys>::Seen;
  auto* const local = static_cast<Local<Sys>*>(Sys::local());
  // The generation first: a slot that never had one has no pool.
  if (local == nullptr || group.queue.generation() != generation || group.is(group::Group<Sys>::is_bounded))
      [[unlikely]] {
    return false;
  }
  Pool<Sys>& pool = *static_cast<Pool<Sys>*>(group.pool_slot.load(std::memory_order_relaxed));
  // The slot may come to another pool between the two: what is taken of the one must not go back to the other.
  const std::uint64_t home = group.home.load(std::memory_order_relaxed);
  if (group.is_cancelled(generation) || !way.may(pool) || pool.home.load(std::memory_order_relaxed) != home)
      [[unlikely]] {
    return false;
  }
  if (is_anothers(group) || !Credits<Sys>::take_own(*local, home)) [[unlikely]]
    return false;
  // An empty moment that this submit ends is this submit's to announce, see Taken.
  Seen before{0};
  typename Queue::Ticket ticket;
  if (!group.queue.try_reserve(
          generation, ticket, [&]() __attribute__((always_inline)) { before = group.completion.load(); }))
      [[unlikely]] {
    Credits<Sys>::give_back(pool);
    return false;
  }
  way.note(ticket.number);
  if (group.queue.is_first(ticket)) {
    way.note_first(group);
    const First<Sys> first(world, group, before, ticket.number);
    group.queue.publish(world.segments, ticket, work);
    first.announce(world, pool, group);
    return true;
  }
  if (before.has(group::Completion<Sys>::waiter)) [[unlikely]] {
    // It was empty when we looked, and somebody else's task came first, or has been claimed since.
    (void)First<Sys>(world, group, before, ticket.number);
  }
  group.queue.publish(world.segments, ticket, work);
  if (pool.is_eager()) [[unlikely]]
    wake_one(world, pool);
  return true;
}

// In either of these ways.
template <class Sys>
[[gnu::always_inline]] inline bool submit_simply(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation,
                                                 const queue::Work& work) {
  return submit_own(group, generation, work, Usual{}) || submit_fast(world, group, generation, work, Usual{});
}

// The same while a trace runs. Requires: the life is, or was, the caller's group.
template <class Sys>
[[gnu::noinline]] bool submit_traced(group::Group<Sys>& group, std::uint32_t generation, const queue::Work& work) {
  if (group.queue.generation() != generation) return false;
  // (Of another life's pool, if that one ends now: then there will be no ticket.)
  auto& pool = *static_cast<Pool<Sys>*>(group.pool_slot.load(std::memory_order_relaxed));
  if (!is_traced(pool)) return false;
  OnlyTraced<Sys> way(pool, group, generation);
  if (!submit_own(group, generation, work, way) && !submit_fast(*pool.world, group, generation, work, way)) {
    return false;
  }
  if (!way.is_recorded) way.accept_slowly();
  return true;
}

// The same while tasks are timed.
template <class Sys>
[[gnu::noinline]] bool submit_timed(World<Sys>& world, group::Group<Sys>& group, std::uint32_t generation,
                                    const queue::Work& work) {
  return submit_own(group, generation, work, OnlyTimed<Sys>{}) ||
         submit_fast(world, group, generation, work, OnlyTimed<Sys>{});
}

}  // namespace pool::sched
