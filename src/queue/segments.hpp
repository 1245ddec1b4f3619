// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Segments: the store of cells that all ticket queues take their linked segments from. A segment is one page of 256
// cells; its link (the index of the next segment) lies apart, so that the page of a free segment can go back to the
// system while a late reader still finds memory there (zeros).
//
// Guarantees: segments are addressed by index and never unmapped. take() returns one whose cells are all empty and
// whose link may be set already (queue/README.md, "A late link is a gift"). The last 16 MiB of free segments stay in
// memory until trim_some(); the pages of further ones are given back to the system at once.
#pragma once

#include <atomic>
#include <mutex>

#include "base/bits.hpp"
#include "os/atomic.hpp"
#include "queue/cell.hpp"
#include "queue/free_list.hpp"

namespace pool::queue {

class Segments {
 public:
  static constexpr std::uint32_t cells_per_segment = 256;
  using CellType = Cell<os::Atomic>;

  // An empty segment for the caller alone, or nil: no memory.
  std::uint32_t take() noexcept;

  // Gives back a segment whose cells were never used; its link stays as it is.
  void give_unused(std::uint32_t index) noexcept { give(index); }
  // Gives back a segment whose link is in use elsewhere, or the caller's to end.
  void give_used(std::uint32_t index) noexcept {
    link(index).store(base::nil, std::memory_order_seq_cst);
    give(index);
  }

  // Nobody seems to need them: up to `most` pages of free ones go back to the system, but 256 KiB are left. False:
  // there are no more.
  bool trim_some(std::uint32_t most) noexcept;

  CellType* cells(std::uint32_t index) const { return chunk(index)->cells[index % chunk_segments]; }
  os::Atomic<std::uint32_t>& link(std::uint32_t index) const { return chunk(index)->links[index % chunk_segments]; }

 private:
  // Mapped, not touched: a chunk costs what is used of it.
  static constexpr std::uint32_t chunk_segments = 1024;
  static constexpr std::uint32_t chunks = 1U << 12;
  static constexpr std::uint32_t kept_segments = 4096;
  static constexpr std::uint32_t rest_segments = 64;

  struct alignas(4096) Chunk {
    CellType cells[chunk_segments][cells_per_segment];
    os::Atomic<std::uint32_t> links[chunk_segments];
  };

  // Acquire: pairs with the release in take(). Every index that is read anywhere was returned by take() before.
  Chunk* chunk(std::uint32_t index) const { return chunks_[index / chunk_segments].load(std::memory_order_acquire); }
  void give(std::uint32_t index) noexcept;
  void forget(std::uint32_t index) noexcept;
  bool add_chunk(std::uint32_t number) noexcept;

  os::Atomic<Chunk*> chunks_[chunks] = {};
  os::Atomic<std::uint32_t> warm_count_ = 0;  // for a moment too high
  std::uint32_t fresh_ = 0;
  std::mutex growth_;
  FreeList warm_;  // in memory
  FreeList cold_;  // their pages have gone back
};

}  // namespace pool::queue
