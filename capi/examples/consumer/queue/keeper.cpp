// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/keeper.hpp"

#include <algorithm>
#include <utility>

namespace consumer {
namespace {

// How soon to look again after the queue had nothing ready.
constexpr std::chrono::milliseconds idle_interval{100};

// How often to count what is left.
constexpr std::chrono::milliseconds count_interval{1000};

}  // namespace

Keeper::Keeper(std::unique_ptr<Queue> queue, const KeeperLimits& limits, Mailbox& mailbox)
    : queue_(std::move(queue)), limits_(limits), mailbox_(mailbox), thread_(&Keeper::loop, this) {}

Keeper::~Keeper() { finish(); }

void Keeper::settle(Settlement settlement) {
  const std::lock_guard lock(mutex_);
  if (failed_) return;
  if (waiting_.empty()) first_waiting_ = Clock::now();
  waiting_.push_back(std::move(settlement));
  wake_.notify_one();
}

void Keeper::stop_fetching() {
  const std::lock_guard lock(mutex_);
  fetching_ = std::min(fetching_, Fetching::rest);
  queue_->stop_fetching();
  wake_.notify_one();
}

void Keeper::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    fetching_ = Fetching::over;
    queue_->stop_fetching();
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Keeper::loop() {
  try {
    std::unique_lock lock(mutex_);
    for (;;) {
      while (Clock::now() < next_round()) wake_.wait_until(lock, next_round());
      if (finishing_ && waiting_.empty()) break;
      const std::vector<Settlement> batch = std::exchange(waiting_, {});
      const std::size_t held = held_.size() - std::min(held_.size(), batch.size());
      const std::size_t places = fetching_ != Fetching::over ? limits_.prefetch - std::min(limits_.prefetch, held) : 0;
      const bool only_rest = fetching_ == Fetching::rest;
      lock.unlock();
      const bool more = round(batch, places, only_rest);
      lock.lock();
      if (only_rest && !more && held_.empty()) fetching_ = Fetching::over;
    }
    lock.unlock();
    hand_back_held();
  } catch (const Error& error) {
    give_up(error);
  } catch (const std::exception& error) {
    give_up(Error(Exit::system, error.what()));
  }
}

void Keeper::give_up(const Error& error) {
  KeeperNews news;
  news.error = error;
  mailbox_.post(std::move(news));
  const std::lock_guard lock(mutex_);
  failed_ = true;
  waiting_.clear();
}

// When to begin the next round, as things stand; in the past for "now". Called under mutex_.
Keeper::Clock::time_point Keeper::next_round() const {
  const Clock::time_point now_on{};
  if (finishing_) return now_on;
  Clock::time_point next = std::min(next_extension_, next_attention_);
  if (!waiting_.empty()) {
    const bool many = waiting_.size() * 4 >= limits_.prefetch;
    const bool nothing_else = waiting_.size() >= held_.size();
    if (many || nothing_else) return now_on;
    next = std::min(next, first_waiting_ + limits_.late);
  }
  const bool places = held_.size() < limits_.prefetch;
  if (fetching_ != Fetching::over && places) next = std::min(next, next_fetch_);
  return next;
}

// Returns false if nothing more is there to be fetched for the time being.
bool Keeper::round(const std::vector<Settlement>& batch, std::size_t places, bool only_rest) {
  KeeperNews news;
  std::vector<Tally> tallies;
  tallies.reserve(batch.size());
  for (const Settlement& settlement : batch) tallies.push_back(settle_now(settlement));
  extend_leases();
  bool more = true;
  if (places > 0) {
    news.fetched = queue_->fetch(places, limits_.lease);
    more = news.fetched.size() == places;
    next_fetch_ = more ? Clock::time_point{} : Clock::now() + idle_interval;
  }
  const std::vector<Receipt> lost = queue_->commit();
  for (std::size_t i = 0; i < batch.size(); i++) {
    const bool is_lost = std::find(lost.begin(), lost.end(), batch[i].receipt) != lost.end();
    news.settled += is_lost ? Tally{.stale = 1} : tallies[i];
  }
  queue_->attend();

  const Clock::time_point now = Clock::now();
  for (const Settlement& settlement : batch) held_.erase(settlement.receipt);
  for (const Message& message : news.fetched) {
    held_[message.receipt] = now + limits_.lease / 2;
    if (message.redelivered) news.settled.redelivered++;
  }
  next_extension_ = Clock::time_point::max();
  for (const auto& [receipt, when] : held_) next_extension_ = std::min(next_extension_, when);
  if (const auto interval = queue_->attention()) next_attention_ = now + *interval;
  if (now >= next_count_ || held_.empty()) {
    news.backlog = queue_->backlog();
    next_count_ = now + count_interval;
  }
  news.fetched_all = only_rest && !more && held_.empty();
  mailbox_.post(std::move(news));
  return more;
}

// At the end: what was fetched just before, and what the master gave up waiting for.
void Keeper::hand_back_held() {
  KeeperNews news;
  for (const auto& [receipt, when] : held_) {
    if (queue_->nack(receipt, {}, false, "")) news.settled.handed_back++;
  }
  news.settled.handed_back -= queue_->commit().size();
  held_.clear();
  mailbox_.post(std::move(news));
}

// Returns what it comes to, if the commit succeeds.
Tally Keeper::settle_now(const Settlement& settlement) {
  const Tally stale{.stale = 1};
  if (const Ack* ack = std::get_if<Ack>(&settlement.what)) {
    if (!queue_->ack(settlement.receipt, ack->result)) return stale;
    return {.acked = 1, .bytes = static_cast<std::uint64_t>(ack->result.bytes)};
  }
  if (const Nack* nack = std::get_if<Nack>(&settlement.what)) {
    if (!queue_->nack(settlement.receipt, nack->delay, nack->failed, nack->reason)) return stale;
    return nack->failed ? Tally{.retries = 1} : Tally{.handed_back = 1};
  }
  if (!queue_->dead(settlement.receipt, std::get<Dead>(settlement.what).reason)) return stale;
  return {.dead = 1};
}

// A stale receipt is left alone here: settling it will say so.
void Keeper::extend_leases() {
  const Clock::time_point now = Clock::now();
  if (now < next_extension_) return;
  for (auto& [receipt, when] : held_) {
    if (when > now) continue;
    queue_->extend(receipt, limits_.lease);
    when = now + limits_.lease / 2;
  }
}

}  // namespace consumer
