// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// keeper.hpp - the thread between the master and the queue: fetches ahead, settles in batches, keeps leases alive.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "queue/queue.hpp"
#include "run/mailbox.hpp"

namespace consumer {

/// What to do with a message after its group is done.
struct Ack {
  Result result;
};
struct Nack {
  Queue::Duration delay{};
  bool failed = true;  // counts as a failure of the message
  std::string reason;
};
struct Dead {
  std::string reason;
};
struct Settlement {
  Receipt receipt;
  std::variant<Ack, Nack, Dead> what;
};

struct KeeperLimits {
  std::size_t prefetch = 0;  // most messages fetched and not settled
  Queue::Duration lease{};   // extended at its half
  Queue::Duration late{10};  // how long a settlement may wait for others
};

/// Runs rounds on a thread of its own: all that waits is settled, leases are extended and free places filled in one
/// commit, which costs one flush of the disk. The tasks of other messages carry on meanwhile. A round begins as soon
/// as a settlement has waited `late`, or a quarter of the places waits, or nothing else is left to do.
///
/// Tells the mailbox what was fetched and settled. An error ends the thread and is told, too; what was not settled
/// then stays leased, and is fetched again when this process has ended.
class Keeper {
 public:
  Keeper(std::unique_ptr<Queue> queue, const KeeperLimits& limits, Mailbox& mailbox);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Settles a message, in one of the next rounds.
  void settle(Settlement settlement);

  /// Fetches nothing from now on but what is on its way; the news says when that is all here.
  void stop_fetching();

  /// Settles what waits, hands back what else was fetched, and ends the thread. Blocks until then.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Fetching { over, rest, all };  // rest: what is on its way

  void loop();
  void give_up(const Error& error);
  Clock::time_point next_round() const;
  bool round(const std::vector<Settlement>& batch, std::size_t places, bool only_rest);
  void hand_back_held();
  Tally settle_now(const Settlement& settlement);
  void extend_leases();

  const std::unique_ptr<Queue> queue_;
  const KeeperLimits limits_;
  Mailbox& mailbox_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Settlement> waiting_;  // guarded by mutex_, as the next four
  Clock::time_point first_waiting_{};
  Fetching fetching_ = Fetching::all;
  bool finishing_ = false;
  bool failed_ = false;

  // The thread's own.
  std::map<Receipt, Clock::time_point> held_;  // leased messages, and when to extend them
  Clock::time_point next_fetch_{};
  Clock::time_point next_extension_ = Clock::time_point::max();
  Clock::time_point next_attention_ = Clock::time_point::max();
  Clock::time_point next_count_{};

  std::thread thread_;
};

}  // namespace consumer
