// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// inbox.hpp - the producer's side of a queue.
#pragma once

#include <cstdint>
#include <set>

#include "files/walk.hpp"

namespace consumer {

/// Puts messages into a queue. Many share a commit; what a process that is killed has left out is put in by the next.
/// Every call may throw Error.
class Inbox {
 public:
  Inbox() = default;
  virtual ~Inbox() = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// The files that the queue itself consists of.
  virtual std::set<FileId> files() const = 0;

  /// Adds a message.
  virtual void add(const Path& path) = 0;

  /// Makes all messages durable.
  virtual void commit() = 0;

  virtual std::uint64_t added() const = 0;

  /// Those that were not added, since a message for the same path is waiting or in work.
  virtual std::uint64_t already_there() const = 0;
};

}  // namespace consumer
