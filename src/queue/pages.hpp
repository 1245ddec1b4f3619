// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Pages: slots of one size that come and go by the million, mostly taken by one thread and given back by another. The
// protocol is "Nodes" in queue/README.md.
//
// Guarantees: a slot that is given back may be taken again by any thread. take() and give() block for no longer than it
// takes to link a page, or to map memory for a thousand of them; what happened before a give() happens before the
// take() that finds the slot again.
#pragma once

#include <bit>
#include <cstdint>
#include <mutex>

namespace pool::queue {

// What is known of a page, apart from its slots.
template <class Sys>
struct Page {
  typename Sys::template Atomic<std::uint64_t> map{0};  // left 63 | free slots 62..0
  // Under the mutex.
  enum class Place : std::uint32_t { none, partial, empty };
  Place place = Place::none;
  Page* next = nullptr;
  Page* previous = nullptr;
};

// Memory has fresh(), a page that was never used, under the mutex, or null; and forget(page), which gives the memory of
// its slots back to the system.
template <class Sys, class Memory, std::uint32_t Slots, std::uint32_t Enough, std::uint32_t Kept>
class Pages {
  static_assert(Enough >= 1 && Enough < Slots && Slots < 64);

 public:
  using PageType = Page<Sys>;
  static constexpr std::uint64_t left = std::uint64_t{1} << 63;
  static constexpr std::uint64_t all = (std::uint64_t{1} << Slots) - 1;

  // What a thread keeps to itself.
  struct Cache {
    PageType* page = nullptr;   // it takes slots from here
    std::uint64_t open = 0;     // those it may take
    PageType* other = nullptr;  // it has given slots back there
    std::uint64_t closed = 0;   // and not told it
  };

  explicit Pages(Memory& memory) : memory_(memory) {}

  // A slot for the caller alone, its number in `slot`. Null: no memory.
  PageType* take(Cache& mine, std::uint32_t& slot) {
    while (mine.open == 0) {
      if (mine.page != nullptr) {
        mine.open = mine.page->map.exchange(0, std::memory_order_acquire);
        if (mine.open != 0) break;
        std::uint64_t none = 0;
        if (!mine.page->map.compare_exchange_strong(none, left, std::memory_order_acq_rel)) continue;
      }
      mine.page = fetch(mine.open);
      if (mine.page == nullptr) return nullptr;
    }
    slot = static_cast<std::uint32_t>(std::countr_zero(mine.open));
    mine.open &= mine.open - 1;
    return mine.page;
  }

  void give(Cache& mine, PageType& page, std::uint32_t slot) {
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if (&page == mine.page) {
      mine.open |= bit;
      return;
    }
    if (&page != mine.other) {
      if (mine.other != nullptr) tell(*mine.other, mine.closed);
      mine.other = &page;
      mine.closed = 0;
    }
    mine.closed |= bit;
  }

  // The memory of up to `most` empty pages goes back to the system, but for `rest` of them. False: there are no more.
  bool trim_some(std::uint32_t most, std::uint32_t rest) {
    std::unique_lock lock(mutex_);
    for (; most != 0; --most) {
      if (empty_count_ <= rest) return false;
      PageType& page = *pop(empty_);
      --empty_count_;
      forget(lock, page);
    }
    return true;
  }

  // All that the cache has is to be had by others.
  void flush(Cache& mine) {
    if (mine.other != nullptr) tell(*mine.other, mine.closed);
    // Ours until somebody sees that it is left.
    if (mine.page != nullptr) tell_left(*mine.page, mine.open);
    mine = {};
  }

 private:
  using Place = typename PageType::Place;

  static std::uint32_t count(std::uint64_t map) { return static_cast<std::uint32_t>(std::popcount(map & all)); }

  void tell(PageType& page, std::uint64_t slots) {
    const std::uint64_t before = page.map.fetch_or(slots, std::memory_order_acq_rel);
    if ((before & left) == 0) return;
    const std::uint32_t now = count(before | slots);
    if (now == Slots || (count(before) < Enough && now >= Enough)) find_place(page);
  }
  void tell_left(PageType& page, std::uint64_t slots) {
    const std::uint64_t before = page.map.fetch_or(slots | left, std::memory_order_acq_rel);
    if (count(before | slots) >= Enough) find_place(page);
  }

  void find_place(PageType& page) {
    std::unique_lock lock(mutex_);
    const std::uint64_t map = page.map.load(std::memory_order_acquire);
    if ((map & left) == 0 || page.place == Place::empty) return;
    if (count(map) == Slots) {
      if (page.place == Place::partial) unlink(page);
      page.place = Place::empty;
      if (empty_count_ >= Kept) return forget(lock, page);
      ++empty_count_;
      push(empty_, page);
    } else if (count(map) >= Enough && page.place == Place::none) {
      page.place = Place::partial;
      push(partial_, page);
    }
  }

  // It is on no list: nobody comes to it meanwhile.
  void forget(std::unique_lock<typename Sys::Mutex>& lock, PageType& page) {
    lock.unlock();
    memory_.forget(page);
    lock.lock();
    push(cold_, page);
  }

  PageType* fetch(std::uint64_t& open) {
    const std::lock_guard lock(mutex_);
    PageType* page = pop(partial_);
    if (page == nullptr && (page = pop(empty_)) != nullptr) --empty_count_;
    if (page == nullptr) page = pop(cold_);
    if (page == nullptr) page = memory_.fresh();
    if (page == nullptr) return nullptr;
    page->place = Place::none;
    open = page->map.exchange(0, std::memory_order_acquire) & all;
    return page;
  }

  static void push(PageType*& list, PageType& page) {
    page.previous = nullptr;
    page.next = list;
    if (list != nullptr) list->previous = &page;
    list = &page;
  }
  static PageType* pop(PageType*& list) {
    PageType* const page = list;
    if (page == nullptr) return nullptr;
    list = page->next;
    if (list != nullptr) list->previous = nullptr;
    return page;
  }
  void unlink(PageType& page) {
    (page.previous != nullptr ? page.previous->next : partial_) = page.next;
    if (page.next != nullptr) page.next->previous = page.previous;
  }

  Memory& memory_;
  typename Sys::Mutex mutex_;
  PageType* partial_ = nullptr;
  PageType* empty_ = nullptr;
  PageType* cold_ = nullptr;  // empty ones, whose memory has gone back
  std::uint32_t empty_count_ = 0;
};

}  // namespace pool::queue
