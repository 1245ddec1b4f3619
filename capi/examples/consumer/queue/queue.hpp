// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// queue.hpp - what the consumer asks of a durable queue. SQLite or a broker stands behind it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/path.hpp"

namespace consumer {

/// Proof of having fetched a message: settles it once, and only as long as nobody has fetched it since. For SQLite a
/// row's id and how often it was fetched; for a broker a delivery tag and the connection that it belongs to.
struct Receipt {
  std::int64_t id = 0;
  std::int64_t attempt = 0;

  auto operator<=>(const Receipt&) const = default;
};

/// A fetched message.
struct Message {
  Receipt receipt;
  std::int64_t failures = 0;  // earlier attempts that failed; attempts lost with a consumer's life do not count
  Path path;
  bool redelivered = false;  // a broker has sent it to somebody before
  std::string fault;         // why it cannot be worked on, and only the dead letters are left for it; empty: it can
};

/// What the three tasks found out about a file.
struct Result {
  std::string sha256;
  std::int64_t bytes = 0;
  std::int64_t lines = 0;
  std::int64_t words = 0;
  bool utf8 = false;
  std::int64_t deflated = 0;
};

/// How much is left. `open` counts all messages neither acknowledged nor dead, those fetched by somebody included.
struct Backlog {
  std::int64_t open = 0;
};

/// A durable queue of messages with leases.
///
/// What is asked between two commits takes effect at the commit: in SQLite together or not at all; with a broker first
/// what a message leads to is made durable, and then the message removed, so that it may be done twice but never not at
/// all. Every call may throw Error; then nothing since the last commit has happened. Not thread-safe, but for
/// stop_fetching(): one thread at a time.
class Queue {
 public:
  using Duration = std::chrono::milliseconds;

  virtual ~Queue() = default;

  /// Leases up to `most` messages that are ready, for `lease`. They count as fetched after the commit. Returns fewer
  /// only if no more are there for the time being.
  virtual std::vector<Message> fetch(std::size_t most, Duration lease) = 0;

  /// Removes a message and stores its result. Like the next three it returns false, and changes nothing, if the
  /// receipt is stale: somebody else has the message now, or is done with it.
  virtual bool ack(const Receipt& receipt, const Result& result) = 0;

  /// Hands a message back, to be fetched again after `delay`. `failed` counts the attempt as a failure.
  virtual bool nack(const Receipt& receipt, Duration delay, bool failed, std::string_view reason) = 0;

  /// Makes a lease end `lease` from now. A broker has none: a message is leased as long as its connection lasts.
  virtual bool extend(const Receipt& receipt, Duration lease) = 0;

  /// Moves a message to the dead letters.
  virtual bool dead(const Receipt& receipt, std::string_view reason) = 0;

  /// Makes all that was asked since the last commit durable. Returns the receipts for which that came to nothing, or
  /// may have: the connection was lost meanwhile, and somebody else gets these messages.
  virtual std::vector<Receipt> commit() = 0;

  /// Says how much is left.
  virtual Backlog backlog() = 0;

  /// How often attend() wants to be called while nothing else is asked; none if never.
  virtual std::optional<Duration> attention() const { return std::nullopt; }

  /// Keeps a connection alive.
  virtual void attend() {}

  /// From now on fetch() gives only what is on its way already, and nobody waits long for anything. Any thread.
  virtual void stop_fetching() = 0;
};

}  // namespace consumer
