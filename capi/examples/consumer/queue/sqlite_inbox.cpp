// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/sqlite_inbox.hpp"

#include <sys/stat.h>

#include "queue/owner.hpp"
#include "queue/schema.hpp"

namespace consumer {
namespace {

constexpr std::uint64_t messages_per_commit = 4096;

Database open_prepared(const Path& file, std::chrono::milliseconds busy) {
  Database database(file, Database::Mode::create, busy);
  prepare(database, busy);
  return database;
}

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

SqliteInbox::SqliteInbox(const Path& file, std::chrono::milliseconds busy)
    : database_(open_prepared(file, busy)),
      insert_(database_, "INSERT INTO messages(path, ready_at) VALUES(?1, ?2) ON CONFLICT(path) DO NOTHING"),
      revive_(database_, "DELETE FROM dead WHERE path = ?1") {}

std::set<FileId> SqliteInbox::files() const {
  std::set<FileId> files;
  const Path& base = database_.file();
  for (const Path& file : {base, base + "-wal", base + "-shm", Owner::file_beside(base)}) {
    struct stat info {};
    if (stat(file.c_str(), &info) == 0) files.insert({info.st_dev, info.st_ino});
  }
  return files;
}

void SqliteInbox::add(const Path& path) {
  if (!database_.in_transaction()) database_.begin();
  if (insert_.bind_blob(1, path).bind(2, wall_ms()).run() == 1) {
    revive_.bind_blob(1, path).run();
    added_++;
  } else {
    already_there_++;
  }
  if (++uncommitted_ >= messages_per_commit) commit();
}

void SqliteInbox::commit() {
  if (database_.in_transaction()) database_.commit();
  uncommitted_ = 0;
}

}  // namespace consumer
