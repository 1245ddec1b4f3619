// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Bytes: what a sequence of calls is read from. Any bytes are a sequence, and when they are over it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace fuzz {

class Bytes {
 public:
  Bytes() = default;
  Bytes(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {}

  bool over() const { return left_ == 0; }
  std::size_t left() const { return left_; }

  // The next byte; 0 when they are over.
  std::uint32_t next() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }
  std::uint32_t below(std::uint32_t bound) { return next() % bound; }
  bool chance(std::uint32_t percent) { return next() * 100 / 256 < percent; }
  template <class Value, std::size_t count>
  Value one_of(const Value (&values)[count]) {
    return values[below(count)];
  }
  std::uint64_t word() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | next();
    return value;
  }

  // Takes the next `size` bytes out, as a sequence of their own.
  Bytes cut(std::size_t size) {
    const Bytes part(at_, std::min(size, left_));
    at_ += part.left_;
    left_ -= part.left_;
    return part;
  }

 private:
  const std::uint8_t* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace fuzz
