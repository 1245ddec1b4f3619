// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Handle: what a pool_t or pool_group_t is made of.
//
//   63..32 generation | 31..28 kind | 27..0 slot index
//
// A generation is odd while the object lives, so that no handle is all zero and an even one never fits.
#pragma once

#include "base/bits.hpp"

namespace pool::base {

enum class Kind : std::uint32_t { pool = 1, group = 2 };

struct Handle {
  static constexpr std::uint32_t index_bits = 28;
  static constexpr std::uint32_t index_mask = (1U << index_bits) - 1;

  static constexpr std::uint64_t make(Kind kind, std::uint32_t index, std::uint32_t generation) {
    return pack(generation, static_cast<std::uint32_t>(kind) << index_bits | index);
  }
  // Says whether `id` could be a handle of this kind: the generation is checked against its slot afterwards.
  static constexpr bool is(Kind kind, std::uint64_t id) {
    return low(id) >> index_bits == static_cast<std::uint32_t>(kind) && (generation(id) & 1U) != 0;
  }
  static constexpr std::uint32_t index(std::uint64_t id) { return low(id) & index_mask; }
  static constexpr std::uint32_t generation(std::uint64_t id) { return high(id); }
};

}  // namespace pool::base
