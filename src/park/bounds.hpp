// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Bounds: how many threads a pool may have, in one word, so that a resize changes all of it in one step.
#pragma once

#include <cstdint>

namespace pool::park {

// 50 spares stay | 49 shrinking | 48 instant | 47..32 min | 31..16 burst | 15..0 max
struct Bounds {
  std::uint64_t word = 0;

  static constexpr std::uint32_t most = 32'767;

  // Kept even when idle.
  constexpr std::uint32_t min() const { return field(2); }
  // Created when work is queued and nobody idles.
  constexpr std::uint32_t max() const { return field(0); }
  // For a while.
  constexpr std::uint32_t burst() const { return field(1); }
  // Never more than that, those that leave included.
  constexpr std::uint32_t total() const { return max() + burst(); }
  // Bursts do not wait until the others have got nowhere for a while.
  constexpr bool is_instant() const { return (word & instant_bit) != 0; }
  // There may be more active ones than total(), or more that run than may: a worker that has finished a task looks.
  constexpr bool is_shrinking() const { return (word & shrinking_bit) != 0; }
  // Tasks of this pool say when they block: the next one that does takes whoever idles from the last one.
  constexpr bool spares_stay() const { return (word & spares_bit) != 0; }
  // Those beyond leave as soon as they idle.
  constexpr std::uint32_t kept() const { return spares_stay() ? total() : max(); }
  // What work alone makes grow.
  constexpr std::uint32_t steady() const { return is_instant() ? total() : max(); }

  static constexpr Bounds make(std::uint32_t min, std::uint32_t max, std::uint32_t burst, bool instant) {
    return {max | std::uint64_t{burst} << 16 | std::uint64_t{min} << 32 | (instant ? instant_bit : 0)};
  }
  // The same pool, of another size.
  constexpr Bounds resized(std::uint32_t min, std::uint32_t max) const {
    return {make(min, max, burst(), is_instant()).word | (word & spares_bit)};
  }
  constexpr Bounds shrinking(bool is) const { return {is ? word | shrinking_bit : word & ~shrinking_bit}; }
  static constexpr Bounds spares() { return {spares_bit}; }

 private:
  static constexpr std::uint64_t instant_bit = std::uint64_t{1} << 48;
  static constexpr std::uint64_t shrinking_bit = std::uint64_t{1} << 49;
  static constexpr std::uint64_t spares_bit = std::uint64_t{1} << 50;
  constexpr std::uint32_t field(unsigned i) const { return static_cast<std::uint32_t>(word >> 16 * i & 0xffff); }
};

}  // namespace pool::park
