// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/mailbox.hpp"

#include <iterator>
#include <utility>

namespace consumer {

Tally& Tally::operator+=(const Tally& more) {
  acked += more.acked;
  bytes += more.bytes;
  retries += more.retries;
  handed_back += more.handed_back;
  dead += more.dead;
  stale += more.stale;
  redelivered += more.redelivered;
  return *this;
}

void Mailbox::post(FanOut* done) {
  const std::lock_guard lock(mutex_);
  news_.done.push_back(done);
  any_ = true;
  posted_.notify_one();
}

void Mailbox::post(KeeperNews&& news) {
  const std::lock_guard lock(mutex_);
  KeeperNews& all = news_.keeper;
  std::move(news.fetched.begin(), news.fetched.end(), std::back_inserter(all.fetched));
  all.settled += news.settled;
  if (news.backlog) all.backlog = news.backlog;
  all.fetched_all |= news.fetched_all;
  if (news.error) all.error = std::move(news.error);
  any_ = true;
  posted_.notify_one();
}

void Mailbox::post_line(const std::string& line) {
  const std::lock_guard lock(mutex_);
  news_.lines.push_back(line);
  any_ = true;
  posted_.notify_one();
}

void Mailbox::post_signal(int signal) {
  const std::lock_guard lock(mutex_);
  news_.signal = signal;
  any_ = true;
  posted_.notify_one();
}

News Mailbox::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  posted_.wait_for(lock, patience, [this] { return any_; });
  any_ = false;
  return std::exchange(news_, News());
}

}  // namespace consumer
