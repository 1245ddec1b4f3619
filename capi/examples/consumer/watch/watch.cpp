// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "watch/watch.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace consumer {
namespace {

constexpr std::chrono::seconds interval{1};

}  // namespace

Watch::Watch(pool_t pool, std::uint64_t capacity) : pool_(pool), capacity_(capacity), utf8_(locale_is_utf8()) {
  if (isatty(STDOUT_FILENO) == 1) screen_.emplace();
}

void Watch::show(const Amount& amount) {
  amount_ = amount;
  const Clock::time_point now = Clock::now();
  if (now >= next_) {
    next_ = std::max(next_ + interval, now);
    if (!look()) return;
    screen_ ? draw() : print();
  } else if (screen_ && screen_->is_stale()) {
    draw();
  }
}

void Watch::line(const std::string& text) {
  if (!screen_) {
    std::fprintf(stderr, "consumer: %s\n", text.c_str());
    return;
  }
  told_.push_back(text);
  draw();
}

void Watch::end(const Amount& amount) {
  amount_ = amount;
  if (!screen_ && look()) print();  // of a short run it is all there is
  close();
}

// Gives the terminal back, and tells there what was told on the page.
void Watch::close() {
  screen_.reset();
  for (const std::string& text : told_) std::fprintf(stderr, "consumer: %s\n", text.c_str());
  told_.clear();
}

// Takes a sample. False: the pool gives none.
bool Watch::look() {
  const std::optional<Sample> now = sample(pool_);
  if (!now) return false;
  history_.add(*now);
  pace_.measure(amount_.done, now->at);
  return true;
}

// (Before the first look there is nothing to draw.)
void Watch::draw() {
  if (history_.ages().empty()) return;
  screen_->draw(page(scene(), screen_->size(), utf8_));
}

void Watch::print() {
  if (writable(STDOUT_FILENO)) std::printf("%s\n", log_line(scene()).c_str());
  std::fflush(stdout);
}

Scene Watch::scene() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  return {
      .history = history_, .amount = amount_, .pace = pace_, .capacity = capacity_, .seconds = seconds, .told = told_};
}

}  // namespace consumer
