// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Slab: type-stable slots addressed by index. A slot is constructed when it is first handed out, and never destroyed or
// unmapped, so that a late touch through a stale handle reads a slot of the same type, and its generation tells. (A
// chunk that was constructed at once came into memory at once: a third of the page faults of starting a pool.)
//
// Guarantees: at() is wait-free and never fails for an index that take() has ever returned. take() reuses the slot that
// was given back last. The slots live as long as the process; a Slab is never destroyed.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <type_traits>

#include "base/bits.hpp"
#include "os/pages.hpp"
#include "queue/free_list.hpp"

namespace pool::queue {

template <class T, std::uint32_t ChunkSlots, std::uint32_t Chunks>
class Slab {
 public:
  static constexpr std::uint32_t slots = ChunkSlots * Chunks;

  // The slot, or nullptr if the index was never handed out.
  T* at(std::uint32_t index) const {
    // Acquire: pairs with the store in take(); without it a slot could be seen before its construction.
    if (index >= fresh_.load(std::memory_order_acquire)) return nullptr;
    return chunks_[index / ChunkSlots].load(std::memory_order_relaxed) + index % ChunkSlots;
  }

  // The slot of an index that take() has returned. Requires: the index came to the caller in a way that orders it after
  // that.
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
    new (chunks_[fresh / ChunkSlots].load(std::memory_order_relaxed) + fresh % ChunkSlots) T;
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
    static_assert(std::is_nothrow_default_constructible_v<T>);
    void* chunk = nullptr;
    try {
      chunk = ::operator new (ChunkSlots * sizeof(T), std::align_val_t{alignof(T)});
      free_.grow(ChunkSlots);
    } catch (const std::bad_alloc&) {
      ::operator delete (chunk, std::align_val_t{alignof(T)});
      return false;
    }
    chunks_[number].store(static_cast<T*>(chunk), std::memory_order_release);
    return true;
  }

  // A long table comes into memory as it is used. (Leak checkers look into it: nothing else leads to the chunks.)
  struct LongTable {
    static constexpr std::size_t size = Chunks * sizeof(std::atomic<T*>);
    std::atomic<T*>* const entries = static_cast<std::atomic<T*>*>(os::map_pages(size, 4096));
    LongTable() {
      if (entries == nullptr) throw std::bad_alloc();
    }
    ~LongTable() { os::unmap_pages(entries, size); }
    LongTable(const LongTable&) = delete;
    LongTable& operator=(const LongTable&) = delete;
    std::atomic<T*>& operator[](std::uint32_t i) const { return entries[i]; }
  };
  struct ShortTable {
    std::atomic<T*> entries[Chunks] = {};
    std::atomic<T*>& operator[](std::uint32_t i) { return entries[i]; }
    const std::atomic<T*>& operator[](std::uint32_t i) const { return entries[i]; }
  };
  // (Not beside the list of the free ones, which is written all the time.)
  std::atomic<std::uint32_t> fresh_ = 0;
  std::mutex growth_;
  std::conditional_t<(Chunks > 4096), LongTable, ShortTable> chunks_;
  alignas(base::cache_line) FreeList free_;
};

}  // namespace pool::queue
