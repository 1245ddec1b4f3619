// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Slab: type-stable slots addressed by index. A slot is constructed once and never destroyed or unmapped, so that a
// late touch through a stale handle reads a slot of the same type, and its generation tells.
//
// Guarantees: at() is wait-free and never fails for an index that take() has ever returned. take() reuses the slot that
// was given back last. The slots live as long as the process; a Slab is never destroyed.
#pragma once

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>
#include <type_traits>

#include "base/bits.hpp"
#include "queue/free_list.hpp"

namespace pool::queue {

template <class T, std::uint32_t ChunkSlots, std::uint32_t Chunks>
class Slab {
 public:
  static constexpr std::uint32_t slots = ChunkSlots * Chunks;

  // The slot, or nullptr if the index was never handed out.
  T* at(std::uint32_t index) const {
    if (index >= slots) return nullptr;
    // Acquire: pairs with the release in take(); without it a slot could be seen before its construction.
    T* chunk = chunks_[index / ChunkSlots].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + index % ChunkSlots;
  }

  // The slot of an index that take() has returned.
  T& operator[](std::uint32_t index) const {
    return chunks_[index / ChunkSlots].load(std::memory_order_acquire)[index % ChunkSlots];
  }

  // A slot for the caller alone, or nil: no memory, or all in use.
  std::uint32_t take() noexcept {
    std::uint32_t index = base::nil;
    if (free_.pop(index)) return index;
    const std::lock_guard lock(growth_);
    if (free_.pop(index)) return index;
    const std::uint32_t fresh = fresh_.load(std::memory_order_relaxed);
    if (fresh == slots) return base::nil;
    if (fresh % ChunkSlots == 0 && !add_chunk(fresh / ChunkSlots)) return base::nil;
    // Sequentially consistent: the end of a pool looks for its groups, their maker looks for the end of the pool.
    fresh_.store(fresh + 1, std::memory_order_seq_cst);
    return fresh;
  }

  // Gives a slot back. Lock-free, never fails, allocates nothing.
  void give(std::uint32_t index) noexcept { free_.push(index); }

  // Every index that take() has returned so far is below this.
  std::uint32_t high_water() const { return fresh_.load(std::memory_order_seq_cst); }

 private:
  bool add_chunk(std::uint32_t number) noexcept {
    if (chunks_[number].load(std::memory_order_relaxed) != nullptr) return true;
    T* chunk = nullptr;
    try {
      chunk = new T[ChunkSlots];
      free_.grow(ChunkSlots);
    } catch (const std::bad_alloc&) {
      delete[] chunk;
      return false;
    }
    chunks_[number].store(chunk, std::memory_order_release);
    return true;
  }

  // A long table comes into memory as it is used.
  struct LongTable {
    std::atomic<T*>* const entries = static_cast<std::atomic<T*>*>(std::calloc(Chunks, sizeof(std::atomic<T*>)));
    LongTable() {
      if (entries == nullptr) throw std::bad_alloc();
    }
    ~LongTable() { std::free(entries); }
    LongTable(const LongTable&) = delete;
    LongTable& operator=(const LongTable&) = delete;
    std::atomic<T*>& operator[](std::uint32_t i) const { return entries[i]; }
  };
  struct ShortTable {
    std::atomic<T*> entries[Chunks] = {};
    std::atomic<T*>& operator[](std::uint32_t i) { return entries[i]; }
    const std::atomic<T*>& operator[](std::uint32_t i) const { return entries[i]; }
  };
  std::conditional_t<(Chunks > 4096), LongTable, ShortTable> chunks_;
  std::atomic<std::uint32_t> fresh_ = 0;
  std::mutex growth_;
  FreeList free_;
};

}  // namespace pool::queue
