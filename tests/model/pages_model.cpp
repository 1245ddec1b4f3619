// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Pages under the model checker: threads that take slots, hand them to each other and give them back. What "Nodes" in
// src/queue/README.md claims: no slot is taken twice, no page is lost, memory that goes back is nobody's.
#include "model/model_system.hpp"
#include "queue/pages.hpp"

namespace {

using model::ModelSystem;
using PageType = pool::queue::Page<ModelSystem>;

constexpr std::uint32_t most_slots = 3, most_pages = 10;

// What is in the slots has no synchronization of its own.
struct Memory {
  PageType pages[most_pages];
  rl::var<int> content[most_pages][most_slots];
  std::uint32_t slots = 0, made = 0, limit = most_pages;

  std::uint32_t number(const PageType& page) const { return static_cast<std::uint32_t>(&page - pages); }
  PageType* fresh() {
    if (made == limit) return nullptr;
    pages[made].map.store((1U << slots) - 1, std::memory_order_relaxed);
    return &pages[made++];
  }
  void forget(PageType& page) {
    for (auto& slot : content[number(page)]) {
      RL_ASSERT(slot($) == 0);
      slot($) = 0;  // a data race with whoever else has it
    }
  }
};

template <std::uint32_t Slots, std::uint32_t Enough, std::uint32_t Kept, unsigned Threads, unsigned Rounds>
struct Handed : rl::test_suite<Handed<Slots, Enough, Kept, Threads, Rounds>, Threads> {
  using Pages = pool::queue::Pages<ModelSystem, Memory, Slots, Enough, Kept>;
  using Cache = typename Pages::Cache;
  static constexpr unsigned places = 2;

  Memory memory;
  Pages pages{memory};
  model::Atomic<std::uint32_t> handed[places];  // page and slot, plus 1; 0: nothing
  Cache kept;                                   // by the first thread, which ends without a flush

  void before() {
    memory.slots = Slots;
    for (auto& page : memory.content) {
      for (auto& slot : page) slot($) = 0;
    }
  }

  void thread(unsigned index) {
    Cache mine;
    std::uint32_t slot = 0;
    if (index == 0) {  // this one stays
      PageType& page = take(mine, slot);
      fill(page, slot);
    }
    for (unsigned i = 0; i < Rounds; ++i) {
      PageType& page = take(mine, slot);
      fill(page, slot);
      give(mine, handed[(index + i) % places].exchange(memory.number(page) * Slots + slot + 1));
    }
    for (auto& place : handed) give(mine, place.exchange(0));
    if (index == 1) (void)pages.trim_some(2, 0);
    if (index == 0) {
      kept = mine;
    } else {
      pages.flush(mine);
    }
  }

  PageType& take(Cache& mine, std::uint32_t& slot) {
    PageType* const page = pages.take(mine, slot);
    RL_ASSERT(page != nullptr);
    return *page;
  }
  void fill(PageType& page, std::uint32_t slot) {
    rl::var<int>& content = memory.content[memory.number(page)][slot];
    RL_ASSERT(content($) == 0);
    content($) = 1;
  }
  void give(Cache& mine, std::uint32_t what) {
    if (what == 0) return;
    const std::uint32_t page = (what - 1) / Slots, slot = (what - 1) % Slots;
    rl::var<int>& content = memory.content[page][slot];
    RL_ASSERT(content($) == 1);
    content($) = 0;
    pages.give(mine, memory.pages[page], slot);
  }

  // What was ever made and is free can be had, once; but for pages with too few free slots.
  void after() {
    unsigned free = 0, found = 0, must_be_found = 0;
    for (std::uint32_t page = 0; page < memory.made; ++page) {
      unsigned here = 0;
      for (std::uint32_t slot = 0; slot < Slots; ++slot) here += memory.content[page][slot]($) == 0 ? 1 : 0;
      free += here;
      if (here >= Enough) must_be_found += here;
    }
    memory.limit = memory.made;
    pages.flush(kept);
    std::uint32_t slot = 0;
    while (PageType* const page = pages.take(kept, slot)) {
      fill(*page, slot);
      ++found;
    }
    RL_ASSERT(found >= must_be_found && found <= free);
  }
};

}  // namespace

int main(int argc, char** argv) {
  bool ok = model::check<Handed<3, 2, 1, 2, 6>>("pages: two threads", 20'000, argc, argv);
  ok = model::check<Handed<3, 2, 1, 3, 4>>("pages: three threads", 20'000, argc, argv) && ok;
  ok = model::check<Handed<3, 2, 0, 3, 4>>("pages: no empty one is kept", 20'000, argc, argv) && ok;
  ok = model::check<Handed<2, 1, 1, 3, 6>>("pages: one slot is enough", 60'000, argc, argv) && ok;
  return ok ? 0 : 1;
}
