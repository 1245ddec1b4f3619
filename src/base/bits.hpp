// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Words of two halves, and the sizes of cache lines.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pool::base {

// Two neighbouring lines are fetched together on x86-64, but a pair a word would double every slot; one line it is.
inline constexpr std::size_t cache_line = 64;

// The index of nothing, in every table here.
inline constexpr std::uint32_t nil = UINT32_MAX;

constexpr std::uint64_t pack(std::uint32_t high, std::uint32_t low) { return std::uint64_t{high} << 32 | low; }
constexpr std::uint32_t high(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
constexpr std::uint32_t low(std::uint64_t word) { return static_cast<std::uint32_t>(word); }

}  // namespace pool::base
