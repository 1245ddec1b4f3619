// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/master.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace consumer {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 100ms;               // how often to look at the bar and the deadline
constexpr auto stop_patience = 3s;         // for tasks to notice that they shall stop
constexpr auto longest_retry_delay = 60s;  // where doubling ends
constexpr std::uint64_t dead_letter_lines = 20;

}  // namespace

Master::Master(pool_t pool, Keeper& keeper, Mailbox& mailbox, View& view, const MasterLimits& limits)
    : pool_(pool), keeper_(keeper), mailbox_(mailbox), view_(view), limits_(limits) {}

RunReport Master::run() {
  const Clock::time_point begin = Clock::now();
  while (take_news()) show();
  keeper_.finish();
  const News last = mailbox_.take(0ms);
  for (const std::string& line : last.lines) view_.line(line);
  count(last.keeper);
  view_.end(amount());

  report_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  report_.left = open();
  pool_stats_t stats{};
  if (pool_stats(pool_, &stats, sizeof stats) == POOL_OK) report_.most_workers = stats.workers_peak;
  return std::move(report_);
}

// Returns false when there is nothing left to do.
bool Master::take_news() {
  News news = mailbox_.take(tick);
  for (const std::string& line : news.lines) view_.line(line);
  count(news.keeper);
  if (news.signal != 0) drain(news.signal);
  for (FanOut* fan_out : news.done) finish(*fan_out);
  for (Message& message : news.keeper.fetched) {
    if (!stop_) launch(std::move(message));  // or else the keeper hands it back
  }
  if (past_deadline()) give_up_all();
  const bool empty = backlog_ && backlog_->open == 0 && !limits_.stay;
  const bool over = ending_ ? fetched_all_ || stop_ : empty;
  return !in_flight_.empty() || !over;
}

void Master::count(const KeeperNews& news) {
  report_.tally += news.settled;
  if (news.backlog) {
    backlog_ = news.backlog;
    done_then_ = done();
  }
  fetched_all_ |= news.fetched_all;
  if (news.error) fail(*news.error);
}

void Master::launch(Message message) {
  if (!message.fault.empty()) {
    Outcome outcome;
    outcome.remedy = Remedy::give_up;
    outcome.reason = message.fault;
    return settle(message, outcome);
  }
  auto fan_out = std::make_unique<FanOut>(std::move(message), mailbox_, stop_);
  FanOut* const key = fan_out.get();
  in_flight_.emplace(key, std::move(fan_out));
  key->start(pool_);
}

void Master::finish(FanOut& fan_out) {
  const Outcome outcome = fan_out.finish();
  const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - fan_out.started());
  if (outcome.result) report_.times.add(static_cast<std::uint64_t>(taken.count()));
  settle(fan_out.message(), outcome);
  in_flight_.erase(&fan_out);
  if (outcome.pool_broken) fail(Error(Exit::system, "the pool cannot go on: " + outcome.reason));
}

void Master::settle(const Message& message, const Outcome& outcome) {
  const Receipt receipt = message.receipt;
  if (outcome.result) return keeper_.settle({receipt, Ack{*outcome.result}});
  const std::int64_t failures = message.failures + 1;
  if (outcome.remedy == Remedy::hand_back) {
    // Right away if this consumer is ending; a moment later if the pool was full.
    const auto delay = ending_ ? 0ms : limits_.retry_delay;
    keeper_.settle({receipt, Nack{delay, false, outcome.reason}});
  } else if (outcome.remedy == Remedy::retry && failures < limits_.max_attempts) {
    const auto doublings = std::min<std::int64_t>(failures - 1, 16);
    const auto delay = std::min<std::chrono::milliseconds>(limits_.retry_delay * (1 << doublings), longest_retry_delay);
    keeper_.settle({receipt, Nack{delay, true, outcome.reason}});
  } else {
    keeper_.settle({receipt, Dead{outcome.reason}});
    if (dead_letters_told_++ < dead_letter_lines) {
      view_.line("dead letter: " + escape(message.path) + ": " + escape(outcome.reason));
    } else if (dead_letters_told_ == dead_letter_lines + 1) {
      view_.line("more dead letters; \"consumer status\" lists them");
    }
  }
}

void Master::drain(int signal) {
  if (ending_) return;
  ending_ = true;
  report_.drained = true;
  keeper_.stop_fetching();
  deadline_ = Clock::now() + limits_.deadline;
  view_.line("signal " + std::to_string(signal) + ": finishing " + counted(in_flight_.size(), "message") +
             " in flight; a second signal ends at once");
}

// Tells the tasks to stop when the deadline is over. Returns true when those that did not are to be given up.
bool Master::past_deadline() {
  const Clock::time_point now = Clock::now();
  if (now < deadline_) return false;
  if (!stop_.exchange(true)) deadline_ = now;
  return now >= deadline_ + stop_patience;
}

// The tasks are still running, but whatever they find out is not wanted any more. The keeper hands the messages back.
void Master::give_up_all() {
  report_.stuck = !in_flight_.empty();
  for (auto& [key, fan_out] : in_flight_) fan_out.release();  // lives until the process ends, which is soon
  in_flight_.clear();
}

// Ends the run as a drain does, but at once.
void Master::fail(const Error& error) {
  if (!report_.error) report_.error = error;
  ending_ = true;
  keeper_.stop_fetching();
  deadline_ = std::min(deadline_, Clock::now());
}

// How many messages are left: as last counted, less what was settled since.
std::uint64_t Master::open() const {
  const auto counted_open = static_cast<std::uint64_t>(backlog_.value_or(Backlog{}).open);
  return counted_open - std::min(counted_open, done() - done_then_);
}

void Master::show() {
  if (backlog_) view_.show(amount());
}

}  // namespace consumer
