// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// TicketQueue: the tasks of one group that have not started. The protocol, with its proof, is in queue/README.md.
//
// Guarantees: reserve and claim are lock-free; tasks are claimed in the order of their tickets; a reserve with another
// generation than the queue's changes nothing.
// Memory order: what happened before publish happens before the claim of that task. Atomic operations without an order
// are sequentially consistent: `sub` and `hd` are a pair in which each side writes its own word and reads the other.
#pragma once

#include <atomic>

#include "base/bits.hpp"
#include "queue/cell.hpp"

namespace pool::queue {

template <class Sys>
class TicketQueue {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;
  using Segments = typename Sys::Segments;
  using CellType = typename Segments::CellType;

 public:
  static constexpr std::uint32_t segment_cells = Segments::cells_per_segment;
  static constexpr std::uint32_t inline_cells = Sys::inline_cells;
  static constexpr std::uint32_t first_ticket = 0U - inline_cells;
  static_assert((segment_cells & (segment_cells - 1)) == 0 && inline_cells <= segment_cells);

  enum class Reserved { ok, stale, no_memory };
  // held: the queue is suspended; no_unit: its tasks are limited, and the caller has not said that it has a unit.
  enum class Claimed { task, empty, not_ready, foreign, held, no_unit, unwanted };

  // How a claim goes about it.
  struct Terms {
    std::uint32_t unit = 0;                // the generation that the caller has a unit of, 0: none
    bool discards = false;                 // the task will not be started: neither suspension nor limit matter
    bool (*wants)(const Work&) = nullptr;  // what to leave where it is; null: nothing
  };

  // A place in the queue that the holder must publish into.
  struct Ticket {
    std::uint32_t number = 0;
    std::uint32_t segment = 0;
  };

  // Begins a life. Requires: nobody holds a ticket, and all that were taken have been claimed, so that no cell is
  // ready. Late readers of the last life may be about.
  void open(std::uint32_t generation, bool is_limited = false) {
    const std::uint64_t inline_segment = base::pack(segment_number(first_ticket), base::nil);
    tail_segment_.store(inline_segment, std::memory_order_relaxed);
    head_segment_.store(inline_segment, std::memory_order_relaxed);
    // Release: whoever loads this head sees the cells and segments of this life.
    hd_.store(base::pack(generation | (is_limited ? limited : 0), first_ticket), std::memory_order_release);
    // The maker of a group looks at its pool after this; the end of a pool looks here after it has ended, and a heavy
    // barrier.
    Sys::light_store(sub_, base::pack(generation, first_ticket));
  }

  // Takes a ticket. Steps 1 to 5 of "Submit". `look(n)` is called before ticket n is taken, if the queue is empty then.
  template <class Look>
  Reserved reserve(Segments& segments, std::uint32_t generation, Ticket& ticket, Look&& look) {
    for (;;) {
      std::uint64_t sub = sub_.load();
      if ((base::high(sub) & generation_mask) != generation) return Reserved::stale;
      const std::uint32_t number = base::low(sub);
      std::uint32_t segment = base::nil;
      if (!locate(segments, tail_segment_, number, segment)) continue;
      if (is_last(number) && !ensure_next(segments, segment)) return Reserved::no_memory;
      const std::uint32_t head = base::low(hd_.load());
      if (head == number) look(number);
      if (!sub_.compare_exchange_weak(sub, base::pack(base::high(sub), number + 1))) continue;
      // Before the cell is stored: until then nobody can claim this ticket, hence nobody can give the segment back.
      if (is_last(number)) advance(segments, tail_segment_, number, segment);
      ticket = {number, segment};
      return Reserved::ok;
    }
  }

  // The same where it is simple: one try, of a ticket that is neither its segment's last nor the last of all. `look()`
  // is called before the ticket is taken if the queue was empty. False: nothing has happened.
  template <class Look>
  [[gnu::always_inline]] bool try_reserve(std::uint32_t generation, Ticket& ticket, Look&& look) {
    std::uint64_t sub = sub_.load();
    const std::uint32_t number = base::low(sub);
    const std::uint64_t segment = tail_segment_.load();
    if (base::high(sub) != generation || base::high(segment) != segment_number(number) || is_last(number) ||
        number == first_ticket - 1 || !cell_exists(base::low(segment), number)) [[unlikely]] {
      return false;
    }
    if (base::low(hd_.load()) == number) look();
    if (!sub_.compare_exchange_strong(sub, base::pack(generation, number + 1))) [[unlikely]]
      return false;
    ticket = {number, base::low(segment)};
    return true;
  }

  Reserved reserve(Segments& segments, std::uint32_t generation, Ticket& ticket) {
    return reserve(segments, generation, ticket, [](std::uint32_t) {});
  }

  // The ways of whoever alone changes this queue; where it is not simple (the last cell of a segment, flags) they do
  // nothing, and the others serve him as well. `segments()` says where these are, should the group's own cells not do.
  // Stores the task; `is_first`: the queue was empty. `is_announced`: he then looks at what others do, as he does after
  // a first one.
  template <class GetSegments>
  [[gnu::always_inline]] bool put_alone(GetSegments&& segments, std::uint32_t generation, const Work& work,
                                        bool is_announced, bool& is_first) {
    const std::uint64_t sub = sub_.load(std::memory_order_relaxed);
    const std::uint32_t number = base::low(sub);
    const std::uint64_t segment = tail_segment_.load(std::memory_order_relaxed);
    if (base::high(sub ^ base::pack(generation, 0)) != 0) return false;
    if (is_inline(number, segment)) [[likely]] {
      publish(cells_[number - first_ticket], work);
    } else if (base::low(segment) != base::nil && base::high(segment) == segment_number(number) && !is_last(number) &&
               number != first_ticket - 1) {
      publish(cell(segments(), base::low(segment), number), work);
    } else {
      return false;
    }
    is_first = base::low(hd_.load(std::memory_order_relaxed)) == number;
    // Release at least: whoever sees this tail sees the cell. Sequentially consistent before a look at what others do:
    // those who are about to go to sleep do something, then look at the tail. (The ticket is none that would carry.)
    if (is_first || is_announced) {
      sub_.store(sub + 1);
    } else {
      sub_.store(sub + 1, std::memory_order_release);
    }
    return true;
  }

  // The same for one of the group's own cells, but the last, which then needs no further look: see_inline() says
  // whether the next one is, and what it has seen lasts for as long as the caller alone changes the queue.
  [[gnu::always_inline]] bool see_inline(std::uint32_t generation, std::uint64_t& sub) const {
    sub = sub_.load(std::memory_order_relaxed);
    return base::high(sub ^ base::pack(generation, 0)) == 0 &&
           is_inline(base::low(sub), tail_segment_.load(std::memory_order_relaxed));
  }
  // True: the queue was empty.
  [[gnu::always_inline]] bool put_inline(std::uint64_t sub, const Work& work) {
    const std::uint32_t number = base::low(sub);
    publish(cells_[number - first_ticket], work);
    if (base::low(hd_.load(std::memory_order_relaxed)) != number) {
      sub_.store(sub + 1, std::memory_order_release);
      return false;
    }
    sub_.store(sub + 1);
    return true;
  }

  // Takes out up to `most`, and gives each to store(i, fn, ctx); returns how many. `first` is the ticket of the first.
  template <class GetSegments, class Store>
  [[gnu::always_inline]] std::uint32_t take_alone(GetSegments&& segments, std::uint32_t generation, std::uint32_t most,
                                                  Store&& store, std::uint32_t& first, bool& more) {
    const std::uint64_t hd = hd_.load(std::memory_order_relaxed);
    const std::uint32_t number = base::low(hd);
    const std::uint64_t segment = head_segment_.load(std::memory_order_relaxed);
    if (base::high(hd) != generation || base::high(segment) != segment_number(number) ||
        !cell_exists(base::low(segment), number)) [[unlikely]] {
      return 0;
    }
    const std::uint32_t waiting = base::low(sub_.load(std::memory_order_relaxed)) - number;
    const std::uint32_t here = segment_cells - 1 - number % segment_cells;
    std::uint32_t count = most < waiting ? most : waiting;
    if (count > here) count = here;
    CellType* const source = &cell(segments(), base::low(segment), number);
    for (std::uint32_t i = 0; i < count; ++i) {
      store(i, source[i].fn.load(std::memory_order_relaxed), source[i].ctx.load(std::memory_order_relaxed));
    }
    clear_inline(base::low(segment), source, count);
    // Release: whoever sees this head sees where the tasks went.
    if (count != 0) hd_.store(base::pack(generation, number + count), std::memory_order_release);
    first = number;
    more = count != waiting;
    return count;
  }

  // The same of the oldest one: function, context and ticket. empty: there is none, and `number` is the tail.
  enum class Taken { task, empty, not_simple };
  template <class GetSegments>
  [[gnu::always_inline]] Taken take_one_alone(GetSegments&& segments, std::uint32_t generation, Work& work,
                                              std::uint32_t& number) {
    const std::uint64_t hd = hd_.load(std::memory_order_relaxed);
    number = base::low(hd);
    const std::uint64_t segment = head_segment_.load(std::memory_order_relaxed);
    const std::uint64_t sub = sub_.load(std::memory_order_relaxed);  // tells a life that is over, too
    if (base::high(sub ^ base::pack(generation, 0)) != 0) return Taken::not_simple;
    if (number == base::low(sub)) return Taken::empty;
    CellType* source = nullptr;
    if (is_inline(number, segment)) [[likely]] {
      source = &cells_[number - first_ticket];
    } else if (base::low(segment) != base::nil && base::high(segment) == segment_number(number) && !is_last(number)) {
      source = &cell(segments(), base::low(segment), number);
    } else {
      return Taken::not_simple;
    }
    work.fn = source->fn.load(std::memory_order_relaxed);
    work.ctx = source->ctx.load(std::memory_order_relaxed);
    work.ticket = number;
    source->fn.store(0, std::memory_order_relaxed);
    hd_.store(hd + 1, std::memory_order_release);
    return Taken::task;
  }

  // Says whether the queue was empty when this ticket was taken. Requires: it is not published yet.
  [[gnu::always_inline]] bool is_first(const Ticket& ticket) const { return base::low(hd_.load()) == ticket.number; }

  // Stores the task. The ticket is used up, and the group may be gone as soon as this returns. `order`: sequentially
  // consistent for whoever then looks at the head himself; whoever moves it looks at this cell.
  [[gnu::always_inline]] void publish(Segments& segments, const Ticket& ticket, const Work& work,
                                      std::memory_order order = std::memory_order_release) {
    publish(cell(segments, ticket.segment, ticket.number), work, order);
  }

  // Takes the oldest task out. `mine(generation)` says whether the queue is still the one that the caller means;
  // `more` is set if there are further tasks, ready or not.
  template <class Mine>
  Claimed claim(Segments& segments, Mine&& mine, Work& work, bool& more, Terms terms = {}) {
    for (;;) {
      std::uint64_t hd = hd_.load();
      const std::uint32_t life = base::high(hd) & generation_mask;
      if (!mine(life)) return Claimed::foreign;
      const std::uint32_t number = base::low(hd);
      if (number == base::low(sub_.load())) return Claimed::empty;
      work.life = life;
      if (!terms.discards && (base::high(hd) & ~generation_mask) != 0) {
        if ((base::high(hd) & suspended) != 0) return Claimed::held;
        if (terms.unit != life) return Claimed::no_unit;
      }
      std::uint32_t segment = base::nil;
      if (!locate(segments, head_segment_, number, segment)) continue;
      CellType& source = cell(segments, segment, number);
      work.fn = source.fn.load();
      work.ctx = source.ctx.load(std::memory_order_acquire);  // before the look at `hd` below
      if (work.fn == 0) {
        if (hd_.load() == hd) return Claimed::not_ready;
        continue;
      }
      if (terms.wants != nullptr) {
        // The two halves may be of different lives of the segment: not to be looked into unless this still is the head.
        if (hd_.load() != hd) continue;
        if (!terms.wants(work)) return Claimed::unwanted;
      }
      if (!hd_.compare_exchange_weak(hd, base::pack(base::high(hd), number + 1))) continue;
      clear_inline(segment, &source, 1);
      // The claimer of the last ticket is the only one who may still touch the segment: it gives it back.
      if (is_last(number)) {
        advance(segments, head_segment_, number, segment);
        retire(segments, segment);
      }
      work.ticket = number;
      more = base::low(sub_.load()) != number + 1;
      return Claimed::task;
    }
  }

  // As claim() on its ordinary terms, for up to `most` tasks of one segment in one step. `store(i, fn, ctx)` gets each,
  // in their order, before it is ours, and says whether it is wanted; `count`: how many in the end, `life`: whose,
  // `first`: the ticket of the first; `unit`: the generation that the caller has `most` units of.
  template <class Mine, class Store>
  Claimed claim_many(Segments& segments, Mine&& mine, std::uint32_t most, Store&& store, std::uint32_t& life,
                     std::uint32_t& first, std::uint32_t& count, bool& more, std::uint32_t unit = 0) {
    for (;;) {
      std::uint64_t hd = hd_.load();
      life = base::high(hd) & generation_mask;
      if (!mine(life)) return Claimed::foreign;
      const std::uint32_t number = base::low(hd);
      const std::uint32_t waiting = base::low(sub_.load()) - number;
      if (waiting == 0) return Claimed::empty;
      if ((base::high(hd) & ~generation_mask) != 0) {
        if ((base::high(hd) & suspended) != 0) return Claimed::held;
        if (unit != life) return Claimed::no_unit;
      }
      std::uint32_t segment = base::nil;
      if (!locate(segments, head_segment_, number, segment)) continue;
      const std::uint32_t here = segment_cells - number % segment_cells;
      std::uint32_t end = most < waiting ? most : waiting;
      if (end > here) end = here;
      CellType* const source = &cell(segments, segment, number);
      std::uint32_t ready = 0;
      std::uintptr_t fn = 0;
      for (; ready < end && (fn = source[ready].fn.load()) != 0; ++ready) {
        if (!store(ready, fn, source[ready].ctx.load(std::memory_order_acquire))) break;  // before the look at `hd`
      }
      if (ready == 0) {
        if (hd_.load() == hd) return fn == 0 ? Claimed::not_ready : Claimed::unwanted;
        continue;
      }
      if (!hd_.compare_exchange_weak(hd, base::pack(base::high(hd), number + ready))) continue;
      clear_inline(segment, source, ready);
      // The claimer of the last ticket is the only one who may still touch the segment: it gives it back.
      if (is_last(number + ready - 1)) {
        advance(segments, head_segment_, number + ready - 1, segment);
        retire(segments, segment);
      }
      first = number;
      count = ready;
      more = base::low(sub_.load()) != number + ready;
      return Claimed::task;
    }
  }

  // How many were not claimed, a moment ago.
  std::uint32_t waiting() const {
    const std::uint64_t hd = hd_.load();
    return base::low(sub_.load()) - base::low(hd);
  }

  bool empty() const {
    const std::uint64_t hd = hd_.load();
    return base::low(hd) == base::low(sub_.load());
  }

  // Generation and tail, of one moment.
  std::uint64_t sub() const { return sub_.load() & ~(std::uint64_t{noticed} << 32); }
  std::uint32_t generation() const { return base::high(sub()); }
  std::uint32_t head_generation() const { return base::high(hd_.load()) & generation_mask; }  // outlasts a detach
  std::uint32_t tail() const { return base::low(sub_.load()); }
  std::uint32_t head() const { return base::low(hd_.load()); }
  // Generation, flags and head: differs when something was claimed.
  std::uint64_t front() const { return hd_.load(); }

  // Lets nobody claim from now on, but to discard. False: the generation is over.
  bool suspend(std::uint32_t generation) { return change(generation, suspended, suspended); }
  bool resume(std::uint32_t generation) { return change(generation, suspended, 0); }
  bool is_suspended() const { return (base::high(hd_.load()) & suspended) != 0; }

  // Ends the generation if nothing was submitted after `tail`. Afterwards no ticket can be taken.
  bool close(std::uint32_t generation, std::uint32_t tail) {
    std::uint64_t expected = base::pack(generation, tail);
    if (sub_.compare_exchange_strong(expected, base::pack(generation + 1, tail))) return true;
    if (expected != base::pack(generation | noticed, tail)) return false;
    return sub_.compare_exchange_strong(expected, base::pack((generation + 1) | noticed, tail));
  }

  // Marks the life as one with notices or a descriptor: its end has more to look after. False: the generation is over.
  bool note(std::uint32_t generation) {
    std::uint64_t sub = sub_.load();
    while ((base::high(sub) & generation_mask) == generation) {
      if ((base::high(sub) & noticed) != 0) return true;
      if (sub_.compare_exchange_weak(sub, sub | std::uint64_t{noticed} << 32)) return true;
    }
    return false;
  }
  bool is_noted() const { return (base::high(sub_.load()) & noticed) != 0; }

  // Ends the generation whatever is in the queue; `tail` is final then.
  bool close_any(std::uint32_t generation, std::uint32_t& tail) {
    std::uint64_t sub = sub_.load();
    while ((base::high(sub) & generation_mask) == generation) {
      tail = base::low(sub);
      const std::uint32_t flags = base::high(sub) & ~generation_mask;
      if (sub_.compare_exchange_weak(sub, base::pack((generation + 1) | flags, tail))) return true;
    }
    return false;
  }

  // Ends the generation if nothing was ever submitted after `tail`, and nobody has asked for notices.
  [[gnu::always_inline]] bool close_plain(std::uint32_t generation, std::uint32_t tail) {
    std::uint64_t expected = base::pack(generation, tail);
    return sub_.compare_exchange_strong(expected, base::pack(generation + 1, tail));
  }
  // The same for whoever alone changes this queue.
  [[gnu::always_inline]] bool close_alone(std::uint32_t generation, std::uint32_t tail) {
    if (sub_.load(std::memory_order_relaxed) != base::pack(generation, tail)) return false;
    sub_.store(base::pack(generation + 1, tail), std::memory_order_release);
    return true;
  }
  // Generation, flags and tail.
  std::uint64_t raw_sub() const { return sub_.load(); }
  // Whether there is a segment to be given back. Requires: closed, and every ticket claimed.
  bool has_segments() const { return base::low(head_segment_.load()) != base::nil || inline_link_.load() != base::nil; }

  // Gives all segments back. Requires: closed, and every ticket claimed.
  void release(Segments& segments) {
    std::uint32_t segment = base::low(head_segment_.load());
    while (segment != base::nil) {
      // By exchange: a late submitter may link one until this moment (later ones stay for the next owner).
      const std::uint32_t next = segments.link(segment).exchange(base::nil);
      segments.give_unused(segment);
      segment = next;
    }
    if (inline_link_.load() == base::nil) return;
    segment = inline_link_.exchange(base::nil);
    if (segment != base::nil) segments.give_unused(segment);
  }

 private:
  // The upper half of `hd`: 31 suspended | 30 limited | 29..0 generation.
  static constexpr std::uint32_t suspended = 1U << 31;
  static constexpr std::uint32_t limited = 1U << 30;
  // That of `sub`: 31 noticed | 30 0 | 29..0 generation.
  static constexpr std::uint32_t noticed = 1U << 31;
  static constexpr std::uint32_t generation_mask = limited - 1;
  static_assert(Sys::last_generation <= generation_mask);

  bool change(std::uint32_t generation, std::uint32_t mask, std::uint32_t value) {
    std::uint64_t hd = hd_.load();
    while ((base::high(hd) & generation_mask) == generation) {
      if (hd_.compare_exchange_weak(hd, base::pack((base::high(hd) & ~mask) | value, base::low(hd)))) return true;
    }
    return false;
  }

  static constexpr std::uint32_t number_mask = UINT32_MAX / segment_cells;

  static constexpr std::uint32_t segment_number(std::uint32_t ticket) { return ticket / segment_cells; }
  static constexpr bool is_last(std::uint32_t ticket) { return ticket % segment_cells == segment_cells - 1; }
  // Says whether segment number a comes before b, numbers being cyclic.
  static constexpr bool before(std::uint32_t a, std::uint32_t b) {
    return a != b && ((b - a) & number_mask) <= number_mask / 2;
  }

  [[gnu::always_inline]] CellType& cell(Segments& segments, std::uint32_t segment, std::uint32_t ticket) {
    if (segment == base::nil) return cells_[ticket - first_ticket];
    return segments.cells(segment)[ticket % segment_cells];
  }

  Atomic<std::uint32_t>& link(Segments& segments, std::uint32_t segment) {
    return segment == base::nil ? inline_link_ : segments.link(segment);
  }

  // Finds the segment of a ticket, walking from the one that `word` names. False: the word moved on, look again.
  bool locate(Segments& segments, Atomic<std::uint64_t>& word, std::uint32_t ticket, std::uint32_t& segment) {
    const std::uint64_t start = word.load();
    const std::uint32_t wanted = segment_number(ticket);
    segment = base::low(start);
    if (base::high(start) == wanted) return cell_exists(segment, ticket);
    for (std::uint32_t at = base::high(start); at != wanted; at = (at + 1) & number_mask) {
      if (!before(at, wanted)) return false;
      segment = link(segments, segment).load();
      // Unchanged: what we walked from had not been given back when we read its link.
      if (word.load() != start || segment == base::nil) return false;
    }
    return true;
  }

  [[gnu::always_inline]] static void publish(CellType& target, const Work& work,
                                             std::memory_order order = std::memory_order_release) {
    target.ctx.store(work.ctx, std::memory_order_relaxed);
    // Release at least: pairs with the load in claim(), for ctx and for all that the submitter did before.
    target.fn.store(work.fn, order);
  }

  // What was claimed is not over, so that nobody else comes to these cells in this life; the next finds them empty.
  [[gnu::always_inline]] static void clear_inline(std::uint32_t segment, CellType* cells, std::uint32_t count) {
    if (segment != base::nil) return;
    // Release: whoever sees this, and takes the cell for one that is not ready, sees the head that has passed it.
    for (std::uint32_t i = 0; i < count; ++i) cells[i].fn.store(0, std::memory_order_release);
  }

  // Says whether a ticket has one of the group's own cells, and not the last of them, given the segment that its word
  // names.
  [[gnu::always_inline]] static bool is_inline(std::uint32_t number, std::uint64_t segment) {
    return number - first_ticket < inline_cells - 1 && base::low(segment) == base::nil;
  }
  // A late reader can meet the inline segment together with a ticket of another life.
  static constexpr bool cell_exists(std::uint32_t segment, std::uint32_t ticket) {
    return segment != base::nil || ticket - first_ticket < inline_cells;
  }

  bool ensure_next(Segments& segments, std::uint32_t segment) {
    Atomic<std::uint32_t>& next = link(segments, segment);
    if (next.load() != base::nil) return true;
    const std::uint32_t fresh = segments.take();
    if (fresh == base::nil) return next.load() != base::nil;
    std::uint32_t expected = base::nil;
    if (!next.compare_exchange_strong(expected, fresh)) segments.give_unused(fresh);
    return true;
  }

  // Moves `word` to the segment after the one of `ticket`, never back. Requires: the ticket is its segment's last, and
  // the caller's.
  void advance(Segments& segments, Atomic<std::uint64_t>& word, std::uint32_t ticket, std::uint32_t segment) {
    const std::uint32_t number = (segment_number(ticket) + 1) & number_mask;
    const std::uint64_t target = base::pack(number, link(segments, segment).load());
    std::uint64_t at = word.load();
    while (before(base::high(at), number) && !word.compare_exchange_weak(at, target)) {
    }
  }

  void retire(Segments& segments, std::uint32_t segment) {
    if (segment == base::nil) {
      inline_link_.store(base::nil);
    } else {
      segments.give_used(segment);
    }
  }

  Atomic<std::uint64_t> sub_{0};
  Atomic<std::uint64_t> hd_{0};
  Atomic<std::uint64_t> tail_segment_{0};
  Atomic<std::uint64_t> head_segment_{0};
  Atomic<std::uint32_t> inline_link_{base::nil};
  CellType cells_[inline_cells];
};

}  // namespace pool::queue
