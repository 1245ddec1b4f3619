// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_link.hpp - a connection that comes back.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "queue/amqp_connection.hpp"

namespace consumer {

/// What is told to whoever watches, as a line.
using Tell = std::function<void(const std::string&)>;

struct AmqpTimes {
  std::chrono::milliseconds heartbeat{};
  std::chrono::milliseconds patience{};  // how long to try to get a connection
};

/// Holds one connection to one of the hosts, the next one after each failure, with a delay that doubles. The queues are
/// there once it is connected. One thread, but for stop().
class AmqpLink {
 public:
  AmqpLink(AmqpAddress address, const AmqpTimes& times, Tell tell);
  ~AmqpLink();

  /// The connection, made if there is none. Null after stop(), if there is none then. Throws Error if there was none
  /// within the time, or never can be.
  AmqpConnection* get();

  /// The one that get() would give without making one.
  AmqpConnection* current() { return connection_.get(); }

  /// Forgets the connection: whatever was received over it belongs to the broker again.
  void drop(const LostConnection& why);

  /// Waits until everything published is confirmed, and longer while the broker says that it is blocked. Throws
  /// LostConnection if that takes too long.
  void await_confirms();

  /// Which connection it is, for a delivery tag is worth nothing on another one.
  std::int64_t generation() const { return generation_; }

  /// Makes no connection from now on, and stops waiting soon. Any thread.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  std::chrono::milliseconds heartbeat() const { return times_.heartbeat; }

 private:
  using Clock = std::chrono::steady_clock;

  bool sleep(std::chrono::milliseconds time) const;

  const AmqpAddress address_;
  const AmqpTimes times_;
  const Tell tell_;
  std::size_t next_host_;
  std::unique_ptr<AmqpConnection> connection_;
  std::int64_t generation_ = 0;
  bool told_ = false;  // that there is no connection
  std::atomic<bool> stopped_{false};
};

}  // namespace consumer
