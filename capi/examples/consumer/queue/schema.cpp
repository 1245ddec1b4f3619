// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/schema.hpp"

#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"

namespace consumer {
namespace {

constexpr std::int64_t application_id = 0x6C70'6F6F;  // "lpoo"
constexpr std::int64_t version = 1;

// A path is BLOB, for it is bytes. ready_at is when a message may be fetched, in ms since 1970: the end of its lease
// while `owner` is set, the end of its delay otherwise. An id is never used twice, or an old receipt could fit.
constexpr const char* tables = R"(
  CREATE TABLE messages(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE,
    attempt INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    ready_at INTEGER NOT NULL,
    owner INTEGER,
    reason TEXT) STRICT;
  CREATE INDEX messages_by_ready ON messages(ready_at);
  CREATE TABLE results(
    path BLOB NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    words INTEGER NOT NULL,
    utf8 INTEGER NOT NULL,
    deflated INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE dead(
    path BLOB NOT NULL PRIMARY KEY,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    reason TEXT NOT NULL,
    died_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 1819307887;
  PRAGMA user_version = 1;
)";
static_assert(application_id == 1819307887 && version == 1, "the text above has them, too");

// Returns true if the database is ours, false if it is empty; throws if it is neither.
bool is_ours(Database& database) {
  const std::int64_t id = database.integer("PRAGMA application_id");
  if (id == 0 && database.integer("SELECT count(*) FROM sqlite_schema") == 0) return false;
  if (id != application_id) {
    throw Error(Exit::database, escape(database.file()) + ": a database of another program");
  }
  if (database.integer("PRAGMA user_version") != version) {
    throw Error(Exit::database, escape(database.file()) + ": made by another version of this program");
  }
  return true;
}

// Several processes may do this at once, and SQLite does not always wait by itself for the change to the log.
void write_ahead(Database& database, std::chrono::milliseconds busy) {
  const auto until = std::chrono::steady_clock::now() + busy;
  for (;;) {
    const int code = sqlite3_exec(database.handle(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if ((code & 0xFF) != SQLITE_BUSY || std::chrono::steady_clock::now() > until) database.fail(code);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

void prepare(Database& database, std::chrono::milliseconds busy) {
  const bool ours = is_ours(database);
  if (sqlite3_db_readonly(database.handle(), "main") == 1) database.fail(SQLITE_READONLY);
  write_ahead(database, busy);
  database.execute("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;");
  if (ours) return;
  database.begin();
  try {
    if (!is_ours(database)) database.execute(tables);  // somebody may have been faster
    database.commit();
  } catch (...) {
    database.rollback();
    throw;
  }
}

}  // namespace consumer
