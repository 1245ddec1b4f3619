// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// database.hpp - a thin hand on SQLite: a connection, its statements, and errors that say one clear line.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "files/path.hpp"

namespace consumer {

/// A connection to one database file. Not thread-safe.
class Database {
 public:
  enum class Mode { must_exist, create };

  /// Opens `file`; other processes that hold a lock are waited for up to `busy`. Throws Error.
  Database(const Path& file, Mode mode, std::chrono::milliseconds busy);

  /// The file's absolute path, without links in its folder's name.
  const Path& file() const { return file_; }

  void execute(const char* sql);
  std::int64_t integer(const char* sql);

  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  void begin() { execute("BEGIN IMMEDIATE"); }
  void commit() { execute("COMMIT"); }
  void rollback() noexcept;

  std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
  sqlite3* handle() const { return handle_.get(); }

  /// Throws what the SQLite status `code` means for this database.
  [[noreturn]] void fail(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };

  Path file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement. Usage: bind() everything, then step() while it returns true; it resets itself at the end.
class Statement {
 public:
  Statement(Database& database, const char* sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind_text(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);

  /// Goes to the next row. Returns false at the end.
  bool step();

  /// Runs a statement that gives no rows, and returns how many rows it changed.
  std::int64_t run();

  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::string bytes(int column) const;

  void reset() { sqlite3_reset(handle_.get()); }

 private:
  void check(int code) const;

  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };

  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

}  // namespace consumer
