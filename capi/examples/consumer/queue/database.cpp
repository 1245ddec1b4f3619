// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/database.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/error.hpp"
#include "base/text.hpp"

namespace consumer {
namespace {

std::string why(int error) { return std::generic_category().message(error); }

// The absolute path of a file that need not exist, in a folder that must. SQLite never sees a name like ":memory:".
Path absolute(const Path& file) {
  const std::size_t slash = file.rfind('/');
  const Path folder = slash == Path::npos ? "." : slash == 0 ? "/" : file.substr(0, slash);
  const Path name = slash == Path::npos ? file : file.substr(slash + 1);
  if (name.empty()) throw Error(Exit::database, escape(file) + ": not the name of a database file");
  const std::unique_ptr<char, decltype(&free)> real(realpath(folder.c_str(), nullptr), free);
  if (!real) throw Error(Exit::database, escape(file) + ": folder of the database: " + why(errno));
  return std::strcmp(real.get(), "/") == 0 ? "/" + name : std::string(real.get()) + '/' + name;
}

std::string meaning(int code, int system_error) {
  const std::string because = system_error != 0 ? " (" + why(system_error) + ")" : std::string();
  switch (code & 0xFF) {
    case SQLITE_BUSY:
      return "locked by another process";
    case SQLITE_FULL:
      return "disk full; nothing is lost, run again when there is room";
    case SQLITE_CORRUPT:
      return "corrupt database";
    case SQLITE_NOTADB:
      return "not a SQLite database";
    case SQLITE_READONLY:
      return "read-only";
    case SQLITE_CANTOPEN:
      return "cannot open the database" + because;
    case SQLITE_IOERR:
      // SQLITE_FULL is ENOSPC; SQLite does not always keep the errno of others.
      if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE) {
        return "cannot be written" + (because.empty() ? " (no room, a limit, or a failing disk)" : because) +
               "; nothing is lost";
      }
      return std::string(sqlite3_errstr(code)) + because;
    default:
      return sqlite3_errstr(code);
  }
}

}  // namespace

Database::Database(const Path& file, Mode mode, std::chrono::milliseconds busy) : file_(absolute(file)) {
  const int flags = SQLITE_OPEN_READWRITE | (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file_.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
  sqlite3_busy_timeout(handle_.get(), static_cast<int>(busy.count()));
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Database::integer(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

void Database::rollback() noexcept {
  // After some errors SQLite has rolled back already.
  if (in_transaction()) sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Database::fail(int code) const {
  const int system_error = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
  throw Error(Exit::database, escape(file_) + ": " + meaning(code, system_error));
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_stmt* handle = nullptr;
  check(sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr));
  handle_.reset(handle);
}

Statement& Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), index, value));
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text) {
  check(sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  check(sqlite3_bind_blob64(handle_.get(), index, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  reset();
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

std::int64_t Statement::run() {
  while (step()) {
  }
  return database_.changes();
}

std::string Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.fail(code);
}

}  // namespace consumer
