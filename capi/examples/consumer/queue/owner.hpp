// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// owner.hpp - who holds a lease, and whether it is still alive.
#pragma once

#include <cstdint>

#include "base/fd.hpp"
#include "files/path.hpp"

namespace consumer {

/// A consumer's life, as others can see it: a random number, and a lock on the byte of that number in a file beside
/// the database. The kernel drops the lock when the process ends, in whatever way, and the number is never used again;
/// so "dead" stays true once it is seen. No process id is compared, which could be a later process's or one of another
/// container.
///
/// This only saves waiting: that a lease is taken from a living owner by mistake (somebody removed the file) is
/// harmless, since its receipts are stale then.
class Owner {
 public:
  /// Takes a new number and its lock. Throws Error if the file cannot be made.
  explicit Owner(const Path& database);

  std::int64_t id() const { return id_; }

  /// Says whether another owner lives.
  bool alive(std::int64_t id) const;

  /// The name of the file beside `database`.
  static Path file_beside(const Path& database) { return database + "-consumers"; }

 private:
  Fd file_;
  std::int64_t id_ = 0;
};

}  // namespace consumer
