// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/segments.hpp"

#include <new>

#include "os/pages.hpp"

namespace pool::queue {

std::uint32_t Segments::take() noexcept {
  std::uint32_t index = base::nil;
  const bool is_warm = warm_.pop(index);
  if (is_warm) warm_count_.fetch_sub(1, std::memory_order_relaxed);
  if (is_warm || cold_.pop(index)) {
    // The cells still hold the functions of their last tasks; late readers may be looking at them.
    CellType* cell = cells(index);
    for (std::uint32_t i = 0; i < cells_per_segment; ++i) cell[i].fn.store(0, std::memory_order_relaxed);
    return index;
  }
  const std::lock_guard lock(growth_);
  if (fresh_ == chunks * chunk_segments) return base::nil;
  if (fresh_ % chunk_segments == 0 && !add_chunk(fresh_ / chunk_segments)) return base::nil;
  return fresh_++;
}

void Segments::give(std::uint32_t index) noexcept {
  if (warm_count_.fetch_add(1, std::memory_order_relaxed) < kept_segments) {
    warm_.push(index);
  } else {
    warm_count_.fetch_sub(1, std::memory_order_relaxed);
    forget(index);
  }
}

void Segments::forget(std::uint32_t index) noexcept {
  // The mapping stays, so this cannot go wrong for a late reader.
  os::forget_pages(cells(index), sizeof(CellType) * cells_per_segment);
  cold_.push(index);
}

bool Segments::trim_some(std::uint32_t most) noexcept {
  std::uint32_t index = base::nil;
  for (; most != 0; --most) {
    if (warm_count_.load(std::memory_order_relaxed) <= rest_segments || !warm_.pop(index)) return false;
    warm_count_.fetch_sub(1, std::memory_order_relaxed);
    forget(index);
  }
  return true;
}

bool Segments::add_chunk(std::uint32_t number) noexcept {
  if (chunks_[number].load(std::memory_order_relaxed) != nullptr) return true;
  void* const memory = os::map_pages(sizeof(Chunk), alignof(Chunk));
  if (memory == nullptr) return false;
  try {
    warm_.grow(chunk_segments);
    cold_.grow(chunk_segments);
  } catch (const std::bad_alloc&) {
    os::unmap_pages(memory, sizeof(Chunk));
    return false;
  }
  // No constructor runs over the cells, it would touch every page: fresh memory is all zero, which is an empty cell.
  auto* chunk = static_cast<Chunk*>(memory);
  for (auto& link : chunk->links) link.store(base::nil, std::memory_order_relaxed);
  chunks_[number].store(chunk, std::memory_order_release);
  return true;
}

}  // namespace pool::queue
