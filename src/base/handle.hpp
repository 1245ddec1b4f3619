// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Handle: what a pool_t, pool_group_t, pool_job_t or pool_timer_t is made of.
//
//   63..32 generation | 31..28 kind | 27..24 era | 23..0 slot index
//
// A generation is odd while the object lives, so that no handle is all zero and an even one never fits. The era is 0 in
// the first process and one higher in a child of fork() (mod 16): there a handle of the parent is known by it. (One
// that was handed down through exactly 16 forks is taken for our own; its generation is looked at all the same.)
#pragma once

#include "base/bits.hpp"

namespace pool::base {

enum class Kind : std::uint32_t { pool = 1, group = 2, job = 3, timer = 4 };

struct Handle {
  static constexpr std::uint32_t index_bits = 24;
  static constexpr std::uint32_t index_mask = (1U << index_bits) - 1;
  static constexpr std::uint32_t kind_shift = 28;
  static constexpr std::uint32_t eras = 16;

  static constexpr std::uint64_t make(Kind kind, std::uint32_t index, std::uint32_t generation, std::uint32_t era = 0) {
    return pack(generation, head(kind, era) << index_bits | index);
  }
  // Says whether `id` could be a handle of this kind and this era: the generation is checked against its slot
  // afterwards.
  static constexpr bool is(Kind kind, std::uint64_t id, std::uint32_t era = 0) {
    return low(id) >> index_bits == head(kind, era) && (generation(id) & 1U) != 0;
  }
  // Says whether `id` could be a handle of this kind that a process before our own has made, `now` being our era.
  static constexpr bool is_inherited(Kind kind, std::uint64_t id, std::uint32_t now) {
    return is(kind, id, era(id)) && era(id) != now % eras && (now >= eras || era(id) < now);
  }
  static constexpr std::uint32_t era(std::uint64_t id) { return low(id) >> index_bits & (eras - 1); }
  static constexpr std::uint32_t index(std::uint64_t id) { return low(id) & index_mask; }
  static constexpr std::uint32_t generation(std::uint64_t id) { return high(id); }

 private:
  // Kind and era, the upper byte of the lower half.
  static constexpr std::uint32_t head(Kind kind, std::uint32_t era) {
    return static_cast<std::uint32_t>(kind) << (kind_shift - index_bits) | era % eras;
  }
};

}  // namespace pool::base
