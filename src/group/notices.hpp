// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Notice: somebody wants to be told when a group is empty. Notices: those of one group. The protocol is "Notify" in
// group/README.md.
//
// Guarantees: whoever takes a notice out owns it. Lives in a type-stable slot: a late taker may hold the notices of a
// later life for a moment; it puts back what is not due, and looks again.
#pragma once

#include <cstdint>

#include "base/bits.hpp"

namespace pool::group {

using NoticeFn = void (*)(void* ctx, std::int32_t outcome);

struct Notice {
  NoticeFn fn = nullptr;
  void* ctx = nullptr;
  void* group = nullptr;  // the slot
  std::uint32_t life = 0;
  std::uint32_t number = 0;  // as a waiter's
  Notice* next = nullptr;
};

template <class Sys>
class Notices {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

 public:
  void open(std::uint32_t life) { pending_.store(base::pack(life, 0), std::memory_order_relaxed); }

  // Raises the number of notices that have not run. False: the life is over.
  bool expect(std::uint32_t life) { return add(life, 1); }
  // One has run, or was never put in. True: it was the last one of a group that is over, whose slot is the caller's.
  bool settle(std::uint32_t life) {
    std::uint64_t pending = pending_.load();
    while (base::high(pending) == life) {
      const std::uint32_t next = base::low(pending) - 1;
      const bool frees = (next & count_mask) == 0 && (next & over) != 0;
      if (pending_.compare_exchange_weak(pending, frees ? base::pack(life + 1, 0) : base::pack(life, next)))
        return frees;
    }
    return false;
  }
  bool any_pending(std::uint32_t life) const { return is_pending(pending_.load(), life); }
  static bool is_pending(std::uint64_t pending, std::uint32_t life) {
    return base::high(pending) == life && (base::low(pending) & count_mask) != 0;
  }
  // Changes the word that a destroy sleeps on: there is something new to see.
  void stir(std::uint32_t life) { add(life, 0x10000); }
  // The group is over; asked once a life, by whoever has ended it. True: nothing is pending, and the slot is his to
  // free. Else it is that of whoever settles the last one. (Before there was this bit, the two were told apart by
  // whether the group looked over: the last notice could free the slot while whoever ended the group was about to. A
  // review found it.)
  bool end(std::uint32_t life) {
    std::uint64_t pending = pending_.load();
    while (base::high(pending) == life) {
      const bool frees = !is_pending(pending, life);
      if (pending_.compare_exchange_weak(pending, frees ? base::pack(life + 1, 0) : pending | over)) return frees;
    }
    return false;
  }
  // The word that a destroy sleeps on.
  Atomic<std::uint64_t>& pending() { return pending_; }

  void put(Notice& notice) {
    Notice* top = first_.load();
    do {
      notice.next = top;
    } while (!first_.compare_exchange_weak(top, &notice));
  }
  bool any() const { return first_.load() != nullptr; }
  // Takes all, the one that was put in last first.
  Notice* take_all() { return first_.load() == nullptr ? nullptr : first_.exchange(nullptr); }

 private:
  bool add(std::uint32_t life, std::uint32_t change) {
    std::uint64_t pending = pending_.load();
    while (base::high(pending) == life) {
      if (pending_.compare_exchange_weak(pending, base::pack(life, base::low(pending) + change))) return true;
    }
    return false;
  }

  static constexpr std::uint32_t count_mask = 0x7fff;
  static constexpr std::uint32_t over = 0x8000;

  Atomic<Notice*> first_{nullptr};
  // generation 63..32 | how often stirred 31..16 | over 15 | not run 14..0. (No more can be out than waiters have
  // numbers.)
  Atomic<std::uint64_t> pending_{0};
};

}  // namespace pool::group
