// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_connection.hpp - a thin hand on librabbitmq: one connection, its three channels, and errors that say one line.
#pragma once

#include <amqp.h>

#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "queue/amqp_address.hpp"
#include "queue/amqp_letter.hpp"

namespace consumer {

/// The connection is of no more use: another one may help. What cannot be helped that way is an Error.
class LostConnection : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A letter that the broker has sent, and wants to have acknowledged.
struct AmqpDelivery {
  std::uint64_t tag = 0;
  bool redelivered = false;  // it was sent to somebody before
  std::string queue;
  AmqpLetter letter;
};

/// What a queue has: letters that wait in it, without those sent and not acknowledged, and who is subscribed to it.
struct AmqpDepth {
  std::int64_t ready = 0;
  std::int64_t consumers = 0;
};

/// One connection. Letters are received and acknowledged on a channel, published on another one, which confirms, and
/// queues are looked at on a third, since an error ends its channel.
///
/// librabbitmq has no thread of its own: heartbeats are sent and expected while something below waits, so pump() has to
/// be called more often than the heartbeat's interval. Every call may throw LostConnection or Error; after that only
/// the destructor may be called. One thread.
class AmqpConnection {
 public:
  using Duration = std::chrono::milliseconds;

  /// Connects and logs in.
  AmqpConnection(const AmqpAddress& address, const AmqpHost& host, Duration heartbeat);
  ~AmqpConnection();
  AmqpConnection(const AmqpConnection&) = delete;
  AmqpConnection& operator=(const AmqpConnection&) = delete;

  /// Makes a durable queue, unless it is there. Throws Error if it is there otherwise.
  void declare(const std::string& queue, const AmqpHeaders& arguments);

  AmqpDepth look(const std::string& queue);

  /// Subscribes: at most `prefetch` letters are sent and not acknowledged.
  void subscribe(const std::string& queue, std::uint16_t prefetch);

  /// Ends that. What has come is in received(); what is on its way between queue and channel goes back, and counts as
  /// delivered.
  void unsubscribe(const std::string& queue);

  /// Publishes to a queue, durably. It is there when unconfirmed() is 0 again, and not before.
  void publish(const std::string& queue, const AmqpLetter& letter);
  std::size_t unconfirmed() const { return unconfirmed_.size(); }

  /// Both take effect at the next commit(), together. A quorum queue gets one command for all of them then. Of single
  /// ones it would take 32, and the channel keep the others until those are applied, or forget them when it is closed.
  void ack(std::uint64_t tag, bool all_before = false);
  void requeue(std::uint64_t tag);
  void commit();

  /// Takes one thing that the broker has sent. Returns false if nothing came within `patience`.
  bool pump(Duration patience);

  std::deque<AmqpDelivery>& received() { return received_; }

  /// Why the broker takes no letters for the time being (its disk or memory is short); empty if it does.
  const std::string& blocked() const { return blocked_; }

  /// Says goodbye, for whoever reads the broker's log.
  void close();

 private:
  struct Destroy {
    void operator()(amqp_connection_state_t_* state) const { amqp_destroy_connection(state); }
  };

  void login(const AmqpAddress& address, int heartbeat);
  void check(const std::string& what);
  void check(const std::string& what, const amqp_rpc_reply_t& reply);
  void check_status(const char* what, int status);
  void receive(const amqp_envelope_t& envelope);
  void handle_frame();

  const std::string name_;
  std::unique_ptr<amqp_connection_state_t_, Destroy> state_;
  std::deque<AmqpDelivery> received_;
  std::set<std::uint64_t> unconfirmed_;
  std::uint64_t published_ = 0;
  std::string blocked_;
};

}  // namespace consumer
