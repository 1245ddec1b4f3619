// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/text.hpp"

#include <array>
#include <cstdio>

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

std::string clock_text(double seconds) {
  const auto total = static_cast<unsigned long long>(seconds);
  char text[40];
  if (total >= 3600) {
    std::snprintf(text, sizeof text, "%llu:%02llu:%02llu", total / 3600, total / 60 % 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%llu:%02llu", total / 60, total % 60);
  }
  return text;
}

std::string duration_text(double ns) {
  constexpr std::array<const char*, 4> units = {"ns", "us", "ms", "s"};
  if (ns >= 100e9) return clock_text(ns / 1e9);
  std::size_t unit = 0;
  for (; ns >= 999.5 && unit + 1 < units.size(); unit++) ns /= 1000;
  char text[40];
  std::snprintf(text, sizeof text, unit > 0 && ns < 9.95 ? "%.1f %s" : "%.0f %s", ns, units[unit]);
  return text;
}

}  // namespace consumer
