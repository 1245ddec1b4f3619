// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// text_count.hpp - the second task: bytes, lines, words, and whether it is UTF-8.
#pragma once

#include <cstdint>

#include "base/utf8.hpp"
#include "files/stream.hpp"

namespace consumer {

/// Counts what it takes: bytes; lines, which are newline bytes; words, which are runs of bytes other than ASCII white
/// space (space, \t, \n, \v, \f, \r). Pieces may end anywhere, within a word or a character.
class TextCount final : public Sink {
 public:
  void take(std::span<const unsigned char> piece) override;

  std::int64_t bytes() const { return bytes_; }
  std::int64_t lines() const { return lines_; }
  std::int64_t words() const { return words_; }
  bool utf8() const { return utf8_.valid(); }

 private:
  std::int64_t bytes_ = 0;
  std::int64_t lines_ = 0;
  std::int64_t words_ = 0;
  bool in_word_ = false;
  Utf8 utf8_;
};

}  // namespace consumer
