// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/terminal.hpp"
#include "base/text.hpp"

namespace consumer {
namespace {

constexpr std::chrono::milliseconds interval{100};

}  // namespace

Progress::Progress(pool_t pool, bool wanted) : pool_(pool), on_(wanted && isatty(STDERR_FILENO) == 1) {}

void Progress::show(const Amount& amount) {
  const Clock::time_point now = Clock::now();
  pool_stats_t stats{};
  if (!on_ || now - last_ < interval || pool_stats(pool_, &stats, sizeof stats) != POOL_OK) return;
  last_ = now;
  pace_.measure(amount.done, now);

  const std::uint64_t total = amount.done + amount.open;
  const double share = total == 0 ? 1.0 : static_cast<double>(amount.done) / static_cast<double>(total);
  const std::string text = ' ' + grouped(amount.done) + '/' + grouped(total) + "  " +
                           grouped(static_cast<std::uint64_t>(pace_.rate())) + "/s  ETA " + pace_.eta(amount.open) +
                           "  " + counted(stats.workers, "worker") + "  " + grouped(stats.queued) + " queued";
  const std::size_t width = terminal_size(STDERR_FILENO).columns;
  const std::size_t room = width > text.size() + 3 ? std::min<std::size_t>(width - text.size() - 3, 40) : 0;
  const auto filled = static_cast<std::size_t>(std::lround(share * static_cast<double>(room)));
  std::string bar = room < 5 ? std::string() : '[' + std::string(filled, '#') + std::string(room - filled, '.') + ']';
  bar += text;
  std::fprintf(stderr, "\r%s\033[K", bar.substr(0, width - 1).c_str());
  drawn_ = true;
}

void Progress::line(const std::string& text) {
  clear();
  std::fprintf(stderr, "consumer: %s\n", text.c_str());
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace consumer
