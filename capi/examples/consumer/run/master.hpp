// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// master.hpp - takes messages from the queue, fans them out, and settles each when its group is done.
#pragma once

#include <pool/pool.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/histogram.hpp"
#include "queue/keeper.hpp"
#include "run/fan_out.hpp"
#include "run/mailbox.hpp"
#include "run/view.hpp"

namespace consumer {

struct MasterLimits {
  std::int64_t max_attempts = 0;            // a message that failed so often is dead
  std::chrono::milliseconds retry_delay{};  // after the first failure; doubled after each further one
  std::chrono::milliseconds deadline{};     // for what is in flight after a signal
  bool stay = false;                        // work until a signal comes, also if the queue is empty
};

/// What a run has done.
struct RunReport {
  Tally tally;
  Histogram times;  // per message, from the fan-out until the group was done
  double seconds = 0;
  std::uint64_t left = 0;  // messages still open, as last counted
  std::uint32_t most_workers = 0;
  bool drained = false;  // ended by a signal
  bool stuck = false;    // a task did not return in time: the process must end without waiting for the pool
  std::optional<Error> error;
};

/// The master's loop. It sleeps on the mailbox only, never on a message: groups get done in any order.
///
/// The end: (1) the queue is empty, or a signal came: then nothing more is fetched but what is on its way from the
/// broker; (2) what is in flight is finished;
/// after the deadline the tasks are told to stop, and their messages are handed back; (3) whatever is still running
/// three seconds later is left alone; (4) the keeper settles all that, hands back what else it has fetched, and ends.
class Master {
 public:
  Master(pool_t pool, Keeper& keeper, Mailbox& mailbox, View& view, const MasterLimits& limits);

  /// Works until the queue is empty, a signal comes, or the queue or the pool fails for good. Called once.
  RunReport run();

 private:
  using Clock = std::chrono::steady_clock;

  bool take_news();
  void count(const KeeperNews& news);
  void launch(Message message);
  void finish(FanOut& fan_out);
  void settle(const Message& message, const Outcome& outcome);
  void drain(int signal);
  bool past_deadline();
  void give_up_all();
  void fail(const Error& error);
  std::uint64_t done() const { return report_.tally.acked + report_.tally.dead; }
  std::uint64_t open() const;
  Amount amount() const { return {.done = done(), .open = open()}; }
  void show();

  const pool_t pool_;
  Keeper& keeper_;
  Mailbox& mailbox_;
  View& view_;
  const MasterLimits limits_;

  std::atomic<bool> stop_{false};  // tells the tasks to return
  std::unordered_map<FanOut*, std::unique_ptr<FanOut>> in_flight_;
  RunReport report_;
  std::optional<Backlog> backlog_;  // as last told
  std::uint64_t done_then_ = 0;     // messages settled for good at that time
  bool ending_ = false;             // nothing more is to be fetched
  bool fetched_all_ = false;        // and nothing will be
  Clock::time_point deadline_ = Clock::time_point::max();
  std::uint64_t dead_letters_told_ = 0;
};

}  // namespace consumer
