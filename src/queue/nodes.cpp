// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/nodes.hpp"

#include <sys/mman.h>

#include <new>

#include "base/sanitizer.hpp"

namespace pool::queue {

void* Nodes::take(Cache& mine) noexcept {
  std::uint32_t slot = 0;
  PageType* const page = pages_.take(mine, slot);
  if (page == nullptr) return nullptr;
  void* const node = slots_of(*page) + slot * node_size;
  base::unpoison(node, node_size);
  return node;
}

void Nodes::give(Cache& mine, void* node) noexcept {
  base::poison(node, node_size);
  const std::size_t at = reinterpret_cast<std::uintptr_t>(node) % chunk_size;
  pages_.give(mine, chunk_of(node)->pages[at / page_size], static_cast<std::uint32_t>(at % page_size / node_size));
}

unsigned char* Nodes::slots_of(PageType& page) {
  Chunk* const chunk = chunk_of(&page);
  return reinterpret_cast<unsigned char*>(chunk) + static_cast<std::size_t>(&page - chunk->pages) * page_size;
}

Nodes::PageType* Nodes::Memory::fresh() noexcept {
  if (next == chunk_pages) {
    // Twice as much as is needed has an aligned half in it; the rest goes back.
    void* const memory = mmap(nullptr, 2 * chunk_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    auto* const begin = static_cast<unsigned char*>(memory);
    auto* const aligned = reinterpret_cast<unsigned char*>(chunk_of(begin + chunk_size - 1));
    const auto before = static_cast<std::size_t>(aligned - begin);
    if (before != 0) munmap(begin, before);
    munmap(aligned + chunk_size, chunk_size - before);
    chunk = reinterpret_cast<Chunk*>(aligned);
    next = first_page;
  }
  auto* const page = new (&chunk->pages[next++]) PageType;
  page->map.store(PagesType::all, std::memory_order_relaxed);
  return page;
}

void Nodes::Memory::forget(PageType& page) noexcept {
  // If it fails the page is merely kept.
  (void)madvise(slots_of(page), page_size, MADV_DONTNEED);
}

}  // namespace pool::queue
