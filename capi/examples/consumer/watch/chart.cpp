// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "watch/chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace consumer {
namespace {

struct Alphabet {
  const char *full, *half, *empty;
  std::array<const char*, 9> heights;  // none, and eighths
};

constexpr Alphabet blocks{"█", "▒", "░", {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}};
constexpr Alphabet ascii{"#", "=", ".", {" ", "_", ".", ",", "-", "=", "+", "*", "#"}};

void repeat(std::string& text, const char* character, std::size_t count) {
  while (count-- > 0) text += character;
}

// The first of those that are shown.
std::deque<double>::const_iterator shown(const std::deque<double>& values, std::size_t width) {
  return values.end() - static_cast<std::ptrdiff_t>(std::min(width, values.size()));
}

}  // namespace

std::string Chart::bar(double full, double half, double all, std::size_t width) const {
  const auto cells = [&](double part) {
    if (all <= 0) return std::size_t{0};
    return static_cast<std::size_t>(std::lround(std::clamp(part / all, 0.0, 1.0) * static_cast<double>(width)));
  };
  const Alphabet& alphabet = utf8_ ? blocks : ascii;
  const std::size_t dark = cells(full), painted = cells(full + half);
  std::string text;
  repeat(text, alphabet.full, dark);
  repeat(text, alphabet.half, painted - dark);
  repeat(text, alphabet.empty, width - painted);
  return text;
}

std::string Chart::sparkline(const std::deque<double>& values, std::size_t width) const {
  const auto& heights = (utf8_ ? blocks : ascii).heights;
  const double top = highest(values, width);
  std::string text(width - std::min(width, values.size()), ' ');
  for (auto value = shown(values, width); value != values.end(); ++value) {
    // What is above nothing is seen.
    const double share = *value <= 0 || top <= 0 ? 0 : *value / top;
    text += heights[static_cast<std::size_t>(std::ceil(share * 8))];
  }
  return text;
}

double Chart::highest(const std::deque<double>& values, std::size_t width) {
  const auto first = shown(values, width);
  return first == values.end() ? 0 : *std::max_element(first, values.end());
}

}  // namespace consumer
