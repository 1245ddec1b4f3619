// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// inbox.hpp - the producer's side of the queue.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>

#include "files/walk.hpp"
#include "queue/database.hpp"

namespace consumer {

/// Puts messages into a database, which is made if it does not exist. Many messages share a transaction; what a
/// process that is killed has left out is put in by the next.
class Inbox {
 public:
  /// Throws Error, as everything below.
  Inbox(const Path& file, std::chrono::milliseconds busy);

  /// The files that the database itself consists of.
  std::set<FileId> files() const;

  /// Adds a message, unless one for the same path is waiting or in work. A dead letter of that path goes; a result
  /// stays until the new one replaces it.
  void add(const Path& path);

  /// Makes all messages durable.
  void commit();

  std::uint64_t added() const { return added_; }
  std::uint64_t already_there() const { return already_there_; }

 private:
  Database database_;
  Statement insert_;
  Statement revive_;
  std::uint64_t added_ = 0;
  std::uint64_t already_there_ = 0;
  std::uint64_t uncommitted_ = 0;
};

}  // namespace consumer
