// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Nodes: memory of one size for what does not fit into a cell, in pages that go back to the system. What a thread keeps
// of them is its Cache.
//
// Guarantees: as Pages (queue/pages.hpp). The last 16 MiB of free nodes stay in memory until trim_some(); the pages of
// further ones are given back to the system at once. The addresses are never unmapped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "queue/pages.hpp"

namespace pool::queue {

class Nodes {
 public:
  static constexpr std::size_t node_size = 64;

 private:
  static constexpr std::size_t page_size = 4096;
  static constexpr std::uint32_t kept_pages = 4096;
  static constexpr std::uint32_t rest_pages = 64;
  static constexpr std::size_t chunk_size = std::size_t{4} << 20;
  static constexpr std::uint32_t chunk_pages = chunk_size / page_size;

  struct Real {
    template <class T>
    using Atomic = std::atomic<T>;
    using Mutex = std::mutex;
  };
  using PageType = Page<Real>;

  // The memory itself. Aligned to its size: so a node knows its page. Its first pages hold what is known of all.
  struct Chunk {
    PageType pages[chunk_pages];
  };
  static constexpr std::uint32_t first_page = (sizeof(Chunk) + page_size - 1) / page_size;
  struct Memory {
    Chunk* chunk = nullptr;
    std::uint32_t next = chunk_pages;

    PageType* fresh() noexcept;
    void forget(PageType& page) noexcept;
  };
  using PagesType = Pages<Real, Memory, 63, 16, kept_pages>;

 public:
  using Cache = PagesType::Cache;

  Nodes() : pages_(memory_) {}
  Nodes(const Nodes&) = delete;
  Nodes& operator=(const Nodes&) = delete;

  // node_size bytes, aligned to that. Null: no memory.
  void* take(Cache& mine) noexcept;
  void give(Cache& mine, void* node) noexcept;
  // All that the cache has is to be had by others.
  void flush(Cache& mine) noexcept { pages_.flush(mine); }
  // Nobody seems to need them: the memory of up to `most` free pages goes back to the system, but 256 KiB are left.
  // False: there are no more.
  bool trim_some(std::uint32_t most) noexcept { return pages_.trim_some(most, rest_pages); }

 private:
  static Chunk* chunk_of(const void* address) {
    return reinterpret_cast<Chunk*>(reinterpret_cast<std::uintptr_t>(address) & ~(chunk_size - 1));
  }
  // Where the slots of a page lie.
  static unsigned char* slots_of(PageType& page);

  Memory memory_;
  PagesType pages_;
};

}  // namespace pool::queue
