// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// utf8.hpp - strict UTF-8, byte by byte, so that a sequence may be split anywhere.
#pragma once

namespace consumer {

/// Accepts exactly the well-formed sequences of the Unicode standard (table 3-7): no overlong form, no surrogate,
/// nothing above U+10FFFF.
class Utf8 {
 public:
  /// Takes the next byte. Returns false from the first byte on that cannot stand where it stands.
  bool push(unsigned char byte) {
    if (missing_ == 0) {
      lead(byte);
    } else if (byte < low_ || byte > high_) {
      bad_ = true;
    } else {
      missing_--;
      low_ = 0x80;
      high_ = 0xBF;
    }
    return !bad_;
  }

  /// True between characters. Plain ASCII needs no push() there.
  bool at_boundary() const { return missing_ == 0; }

  /// True if everything so far is well-formed and nothing is cut off.
  bool valid() const { return !bad_ && missing_ == 0; }

 private:
  void lead(unsigned char byte) {
    low_ = 0x80;
    high_ = 0xBF;
    if (byte < 0x80) {
      return;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
      missing_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      missing_ = 2;
      if (byte == 0xE0) low_ = 0xA0;
      if (byte == 0xED) high_ = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      missing_ = 3;
      if (byte == 0xF0) low_ = 0x90;
      if (byte == 0xF4) high_ = 0x8F;
    } else {
      bad_ = true;
    }
  }

  unsigned char missing_ = 0;  // continuation bytes still to come
  unsigned char low_ = 0x80;   // the next one's range
  unsigned char high_ = 0xBF;
  bool bad_ = false;
};

}  // namespace consumer
