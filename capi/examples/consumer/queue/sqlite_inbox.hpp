// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// sqlite_inbox.hpp - the producer's side of the queue in a SQLite database.
#pragma once

#include <chrono>

#include "queue/database.hpp"
#include "queue/inbox.hpp"

namespace consumer {

/// The database is made if it does not exist. A message is added unless one for the same path is waiting or in work. A
/// dead letter of that path goes; a result stays until the new one replaces it.
class SqliteInbox final : public Inbox {
 public:
  SqliteInbox(const Path& file, std::chrono::milliseconds busy);

  std::set<FileId> files() const override;
  void add(const Path& path) override;
  void commit() override;
  std::uint64_t added() const override { return added_; }
  std::uint64_t already_there() const override { return already_there_; }

 private:
  Database database_;
  Statement insert_;
  Statement revive_;
  std::uint64_t added_ = 0;
  std::uint64_t already_there_ = 0;
  std::uint64_t uncommitted_ = 0;
};

}  // namespace consumer
