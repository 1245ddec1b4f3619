// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/nodes.hpp"

#include <new>

#include "base/sanitizer.hpp"
#include "os/pages.hpp"

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
    void* const memory = os::map_pages(chunk_size, chunk_size);
    if (memory == nullptr) return nullptr;
    chunk = static_cast<Chunk*>(memory);
    next = first_page;
  }
  auto* const page = new (&chunk->pages[next++]) PageType;
  page->map.store(PagesType::all, std::memory_order_relaxed);
  return page;
}

void Nodes::Memory::forget(PageType& page) noexcept { os::forget_pages(slots_of(page), page_size); }

}  // namespace pool::queue
