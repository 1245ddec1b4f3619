// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.hpp"

namespace consumer {
namespace {

constexpr std::chrono::milliseconds interval{100};

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// "1:02:03" or "2:03".
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

}  // namespace

Progress::Progress(bool wanted) : on_(wanted && isatty(STDERR_FILENO) == 1) {}

void Progress::draw(const ProgressView& view) {
  const Clock::time_point now = Clock::now();
  if (!on_ || now - last_ < interval) return;
  measure(view.done, now);

  const std::uint64_t total = view.done + view.open;
  const double share = total == 0 ? 1.0 : static_cast<double>(view.done) / static_cast<double>(total);
  const std::string eta = rate_ > 0.01 ? clock_text(static_cast<double>(view.open) / rate_) : "-";
  const std::string text = ' ' + grouped(view.done) + '/' + grouped(total) + "  " +
                           grouped(static_cast<std::uint64_t>(rate_)) + "/s  ETA " + eta + "  " +
                           counted(view.workers, "worker") + "  " + grouped(view.queued) + " queued";
  const std::size_t width = terminal_width();
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

// An average that forgets: what is three seconds old counts a third.
void Progress::measure(std::uint64_t done, Clock::time_point now) {
  if (last_ != Clock::time_point{}) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    const double rate = static_cast<double>(done - std::min(done, last_done_)) / seconds;
    const double keep = rate_ == 0 ? 0 : std::exp(-seconds / 3);
    rate_ = keep * rate_ + (1 - keep) * rate;
  }
  last_ = now;
  last_done_ = done;
}

}  // namespace consumer
