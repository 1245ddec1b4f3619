// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Places: small numbers for the threads of one pool, always the least that is free.
//
// Requires: calls under one mutex.
#pragma once

#include <bit>
#include <cstdint>

#include "park/bounds.hpp"

namespace pool::sched {

class Places {
 public:
  std::uint32_t take() {
    std::uint32_t word = 0;
    while (words_[word] == UINT64_MAX) ++word;
    const auto bit = static_cast<std::uint32_t>(std::countr_one(words_[word]));
    words_[word] |= std::uint64_t{1} << bit;
    return word * 64 + bit;
  }
  void give(std::uint32_t place) { words_[place / 64] &= ~(std::uint64_t{1} << place % 64); }

 private:
  // One more than threads: a replacement may be there before its predecessor is joined.
  std::uint64_t words_[(park::Bounds::most + 64) / 64] = {};
};

}  // namespace pool::sched
