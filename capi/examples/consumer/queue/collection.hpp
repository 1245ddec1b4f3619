// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// collection.hpp - the database in which results that come from a broker end up, each once.
#pragma once

#include <string_view>
#include <vector>

#include "queue/amqp_connection.hpp"
#include "queue/database.hpp"

namespace consumer {

struct Collected {
  std::uint64_t results = 0;
  std::uint64_t dead = 0;
  std::uint64_t duplicates = 0;  // of a message that was there already
};

/// Stores results and dead letters in the tables that a run on SQLite fills, too. The ids of their messages are kept: a
/// message that was done twice counts once, whichever end came first.
class Collection {
 public:
  /// Makes the database if it does not exist. Throws Error, as everything below.
  Collection(const Path& file, std::chrono::milliseconds busy);

  /// Stores letters, durably, all or none. One that is neither a result nor a dead letter becomes a dead letter that
  /// says so.
  void store(const std::vector<AmqpDelivery>& letters);

  const Collected& collected() const { return collected_; }

 private:
  void store(const AmqpDelivery& letter, Collected& collected);
  void bury(const AmqpDelivery& letter, const AmqpObituary& obituary);

  Database database_;
  Statement id_;
  Statement result_;
  Statement revive_;
  Statement dead_;
  Collected collected_;
};

}  // namespace consumer
