// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/segments.hpp"

#include <sys/mman.h>

#include <new>

namespace pool::queue {

std::uint32_t Segments::take() noexcept {
  std::uint32_t index = base::nil;
  if (free_.pop(index)) {
    free_count_.fetch_sub(1, std::memory_order_relaxed);
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
  if (free_count_.fetch_add(1, std::memory_order_relaxed) >= kept_segments) {
    forget(index);
  } else {
    given_.fetch_add(1, std::memory_order_relaxed);
  }
  free_.push(index);
}

void Segments::forget(std::uint32_t index) noexcept {
  // The mapping stays, so this cannot go wrong for a late reader; if it fails the page is merely kept.
  (void)madvise(cells(index), sizeof(CellType) * cells_per_segment, MADV_DONTNEED);
}

void Segments::trim() noexcept {
  if (given_.load(std::memory_order_relaxed) <= rest_segments || is_trimming_.exchange(true)) return;
  given_.store(0, std::memory_order_relaxed);
  // The list has the latest ones on top: those further down are the ones to go. (Who takes one meanwhile gets one that
  // lies deeper, or a fresh one.)
  std::uint32_t count = 0;
  while (count < kept_segments && free_.pop(trimmed_[count])) ++count;
  for (std::uint32_t i = count; i-- != 0;) {
    if (i >= rest_segments) forget(trimmed_[i]);
    free_.push(trimmed_[i]);
  }
  is_trimming_.store(false);
}

bool Segments::add_chunk(std::uint32_t number) noexcept {
  if (chunks_[number].load(std::memory_order_relaxed) != nullptr) return true;
  void* memory = mmap(nullptr, sizeof(Chunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  try {
    free_.grow(chunk_segments);
  } catch (const std::bad_alloc&) {
    munmap(memory, sizeof(Chunk));
    return false;
  }
  // No constructor runs over the cells, it would touch every page: fresh memory is all zero, which is an empty cell.
  auto* chunk = static_cast<Chunk*>(memory);
  for (auto& link : chunk->links) link.store(base::nil, std::memory_order_relaxed);
  chunks_[number].store(chunk, std::memory_order_release);
  return true;
}

}  // namespace pool::queue
