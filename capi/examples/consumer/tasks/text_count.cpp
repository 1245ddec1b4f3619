// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "tasks/text_count.hpp"

namespace consumer {

void TextCount::take(std::span<const unsigned char> piece) {
  std::int64_t lines = 0;
  std::int64_t words = 0;
  bool in_word = in_word_;
  Utf8 utf8 = utf8_;
  for (const unsigned char byte : piece) {
    const bool space = byte == ' ' || (byte >= '\t' && byte <= '\r');
    lines += byte == '\n';
    words += !space && !in_word;
    in_word = !space;
    if (byte >= 0x80 || !utf8.at_boundary()) utf8.push(byte);
  }
  bytes_ += static_cast<std::int64_t>(piece.size());
  lines_ += lines;
  words_ += words;
  in_word_ = in_word;
  utf8_ = utf8;
}

}  // namespace consumer
