// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// ReadySet: the groups of one pool that may have work, as a bitmap of three levels. The protocol is in queue/README.md.
//
// Guarantees: all operations are wait-free. After set(i) every search that starts later finds i, unless a clear() runs
// at the same time: then that clear() returns true after i can be found again.
// Memory order: sequentially consistent throughout; the callers pair it with the words of queues and of idle workers.
#pragma once

#include <bit>

#include "base/bits.hpp"

namespace pool::queue {

template <class Sys>
class ReadySet {
  template <class T>
  using Atomic = typename Sys::template Atomic<T>;

 public:
  static constexpr std::uint32_t word_bits = Sys::ready_word_bits;
  static constexpr std::uint32_t slots = Sys::group_slots;

  // Gets the memory for the bits. False: there is none. Requires: once, before any other call.
  bool allocate() { return words_.allocate(); }

  // Says whether set() has nothing to do.
  [[gnu::always_inline]] bool has(std::uint32_t index) const {
    const std::uint32_t above = index / word_bits;
    const Atomic<std::uint64_t>* const words = &words_[0];
    return has_bit(words[begin[0] + above].load(), index) &&
           has_bit(words[begin[1] + above / word_bits].load(), above) &&
           has_bit(words[begin[2] + above / word_bits / word_bits].load(), above / word_bits);
  }

  // The caller has to wake a worker: another one may just have missed a bit.
  void set(std::uint32_t index) {
    raise(0, index);
    // What we announce may be claimed by now, and its bits cleared before we had set the higher ones.
    if (words_[begin[0] + index / word_bits].load() == 0) emptied(1, index / word_bits);
  }

  // Returns true if it had to restore a bit: the caller has to wake a worker, another one may just have missed it.
  bool clear(std::uint32_t index) {
    const std::uint64_t left = word(0, index).fetch_and(~bit(index)) & ~bit(index);
    return left == 0 && emptied(1, index / word_bits);
  }

  bool any() const {
    for (std::uint32_t i = 0; i < size[2]; ++i) {
      if (words_[begin[2] + i].load() != 0) return true;
    }
    return false;
  }

  // The first index at or after `from` whose bit is set, or nil.
  std::uint32_t next(std::uint32_t from) const {
    while (from < slots) {
      if (const std::uint64_t bits = bits_from(0, from)) return from + lowest(bits);
      // The next word of level 0 that is not empty, by level 1; failing that, by the next word of level 1 that is not.
      std::uint32_t at = from / word_bits + 1;
      if (at >= size[0]) return base::nil;
      std::uint64_t bits = bits_from(1, at);
      if (bits == 0) {
        std::uint32_t above = at / word_bits + 1;
        while (above < size[1] && bits_from(2, above) == 0) above = (above / word_bits + 1) * word_bits;
        if (above >= size[1]) return base::nil;
        if (const std::uint64_t found = bits_from(2, above)) above += lowest(found);
        at = above * word_bits;
        bits = bits_from(1, at);
      }
      // No bits: cleared since we saw the bit above; go on behind that word.
      from = (bits != 0 ? at + lowest(bits) : (at / word_bits + 1) * word_bits) * word_bits;
    }
    return base::nil;
  }

 private:
  static constexpr std::uint32_t levels = 3;
  static constexpr std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) { return (a + b - 1) / b; }
  static constexpr std::uint32_t size0 = ceil_div(slots, word_bits);
  static constexpr std::uint32_t size1 = ceil_div(size0, word_bits);
  static constexpr std::uint32_t size2 = ceil_div(size1, word_bits);
  // Words of each level, and where they begin: the highest level first, so that idle pools share one line of it.
  static constexpr std::uint32_t size[levels] = {size0, size1, size2};
  static constexpr std::uint32_t begin[levels] = {size2 + size1, size2, 0};

  static constexpr std::uint64_t bit(std::uint32_t index) { return std::uint64_t{1} << index % word_bits; }
  // (As compilers know it.)
  static constexpr bool has_bit(std::uint64_t word, std::uint32_t index) {
    return (word >> index % word_bits & 1) != 0;
  }
  static std::uint32_t lowest(std::uint64_t bits) { return static_cast<std::uint32_t>(std::countr_zero(bits)); }

  // Sets the bit in this level and in all above.
  void raise(std::uint32_t level, std::uint32_t index) {
    for (; level < levels; ++level, index /= word_bits) {
      // Looked at in each level: the bit below may have been set by somebody who has not come to this level yet.
      if ((word(level, index).load() & bit(index)) == 0) word(level, index).fetch_or(bit(index));
    }
  }
  // Word `index` of the level below was seen empty: clears its bit, and so on upwards. Says whether a bit was restored.
  bool emptied(std::uint32_t level, std::uint32_t index) {
    bool has_restored = false;
    while (level < levels) {
      const Atomic<std::uint64_t>& below = words_[begin[level - 1] + index];
      const std::uint64_t left = word(level, index).fetch_and(~bit(index)) & ~bit(index);
      if (below.load() != 0) {
        // In all levels from here up: another clear may have emptied a higher word while our bit was missing.
        raise(level, index);
        has_restored = true;
        // Whoever empties it from now on clears what we have set. It is empty again: he may have come before us.
        if (below.load() != 0) return true;
        continue;
      }
      if (left != 0) break;
      ++level;
      index /= word_bits;
    }
    return has_restored;
  }

  Atomic<std::uint64_t>& word(std::uint32_t level, std::uint32_t index) {
    return words_[begin[level] + index / word_bits];
  }
  std::uint64_t bits_from(std::uint32_t level, std::uint32_t index) const {
    return words_[begin[level] + index / word_bits].load() >> index % word_bits;
  }

  typename Sys::template Array<Atomic<std::uint64_t>, size0 + size1 + size2> words_;
};

}  // namespace pool::queue
