// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/text.hpp"

#include "base/utf8.hpp"

namespace consumer {
namespace {

// The length of the well-formed character that starts at bytes[0], a byte above ASCII; 0 if there is none.
std::size_t character_length(std::string_view bytes) {
  Utf8 utf8;
  for (std::size_t i = 0; i < bytes.size() && utf8.push(static_cast<unsigned char>(bytes[i])); i++) {
    if (utf8.at_boundary()) return i + 1;
  }
  return 0;
}

void append_hex(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

}  // namespace

std::string escape(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto byte = static_cast<unsigned char>(bytes[0]);
    std::size_t used = 1;
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\\') {
      out += "\\\\";
    } else if (byte < 0x20 || byte == 0x7F) {
      append_hex(out, byte);
    } else if (byte < 0x80) {
      out += bytes[0];
    } else {
      used = character_length(bytes);
      const bool c1_control = used == 2 && byte == 0xC2 && static_cast<unsigned char>(bytes[1]) < 0xA0;
      if (used == 0 || c1_control) {
        used = 1;
        append_hex(out, byte);
      } else {
        out += bytes.substr(0, used);
      }
    }
    bytes.remove_prefix(used);
  }
  return out;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string counted(std::uint64_t number, std::string_view noun) {
  std::string text = grouped(number) + ' ' + std::string(noun);
  if (number != 1) text += 's';
  return text;
}

}  // namespace consumer
