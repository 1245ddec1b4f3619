// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/sqlite_queue.hpp"

#include <algorithm>

#include "queue/schema.hpp"

namespace consumer {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// How often to look for leases of consumers that are no more, while nothing else is ready.
constexpr milliseconds take_over_interval{250};

// The clock on the wall: leases and delays outlive processes, and every consumer of a file is on the same machine.
std::int64_t wall_ms() { return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(); }

Database open_prepared(const Path& file, milliseconds busy) {
  Database database(file, Database::Mode::must_exist, busy);
  prepare(database, busy);
  return database;
}

}  // namespace

SqliteQueue::SqliteQueue(const Path& file, milliseconds busy)
    : database_(open_prepared(file, busy)),
      owner_(database_.file()),
      ready_(database_, "SELECT 1 FROM messages WHERE ready_at <= ? LIMIT 1"),
      fetch_(database_,
             "UPDATE messages SET attempt = attempt + 1, ready_at = ?1, owner = ?2 WHERE id IN"
             " (SELECT id FROM messages WHERE ready_at <= ?3 ORDER BY ready_at, id LIMIT ?4)"
             " RETURNING id, attempt, failures, path"),
      result_(database_,
              "INSERT INTO results SELECT path, ?3, ?4, ?5, ?6, ?7, ?8 FROM messages"
              " WHERE id = ?1 AND attempt = ?2 AND owner IS NOT NULL"
              " ON CONFLICT(path) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes,"
              " lines = excluded.lines, words = excluded.words, utf8 = excluded.utf8, deflated = excluded.deflated"),
      remove_(database_, "DELETE FROM messages WHERE id = ?1 AND attempt = ?2 AND owner IS NOT NULL"),
      nack_(database_,
            "UPDATE messages SET ready_at = ?3, owner = NULL, failures = failures + ?4, reason = ?5"
            " WHERE id = ?1 AND attempt = ?2 AND owner IS NOT NULL"),
      extend_(database_, "UPDATE messages SET ready_at = ?3 WHERE id = ?1 AND attempt = ?2 AND owner IS NOT NULL"),
      dead_(database_,
            "INSERT OR REPLACE INTO dead SELECT path, attempt, failures + 1, ?3, ?4 FROM messages"
            " WHERE id = ?1 AND attempt = ?2 AND owner IS NOT NULL"),
      owners_(database_, "SELECT DISTINCT owner FROM messages WHERE owner IS NOT NULL"),
      release_(database_, "UPDATE messages SET ready_at = ?2, owner = NULL WHERE owner = ?1"),
      count_(database_, "SELECT count(*) FROM messages") {}

template <typename Call>
auto SqliteQueue::guarded(Call call) {
  try {
    return call();
  } catch (...) {
    database_.rollback();
    throw;
  }
}

void SqliteQueue::write() {
  if (!database_.in_transaction()) database_.begin();
}

std::vector<Message> SqliteQueue::fetch(std::size_t most, Duration lease) {
  return guarded([&] {
    std::vector<Message> messages;
    if (stopped_) return messages;
    const std::int64_t now = wall_ms();
    const bool first = next_take_over_ == steady_clock::time_point{};
    if (first || !any_ready(now)) {
      take_over(now);
      if (!any_ready(now)) return messages;  // an idle consumer writes nothing
    }
    write();
    fetch_.bind(1, now + lease.count()).bind(2, owner_.id()).bind(3, now).bind(4, static_cast<std::int64_t>(most));
    while (fetch_.step()) {
      messages.push_back({{fetch_.integer(0), fetch_.integer(1)}, fetch_.integer(2), fetch_.bytes(3), false, {}});
    }
    return messages;
  });
}

bool SqliteQueue::ack(const Receipt& receipt, const Result& result) {
  return guarded([&] {
    write();
    result_.bind(1, receipt.id).bind(2, receipt.attempt).bind_text(3, result.sha256).bind(4, result.bytes);
    result_.bind(5, result.lines).bind(6, result.words).bind(7, result.utf8 ? 1 : 0).bind(8, result.deflated);
    return result_.run() == 1 && remove(receipt);
  });
}

bool SqliteQueue::nack(const Receipt& receipt, Duration delay, bool failed, std::string_view reason) {
  return guarded([&] {
    write();
    nack_.bind(1, receipt.id).bind(2, receipt.attempt).bind(3, wall_ms() + delay.count());
    return nack_.bind(4, failed ? 1 : 0).bind_text(5, reason).run() == 1;
  });
}

bool SqliteQueue::extend(const Receipt& receipt, Duration lease) {
  return guarded([&] {
    write();
    return extend_.bind(1, receipt.id).bind(2, receipt.attempt).bind(3, wall_ms() + lease.count()).run() == 1;
  });
}

bool SqliteQueue::dead(const Receipt& receipt, std::string_view reason) {
  return guarded([&] {
    write();
    dead_.bind(1, receipt.id).bind(2, receipt.attempt).bind_text(3, reason).bind(4, wall_ms());
    return dead_.run() == 1 && remove(receipt);
  });
}

std::vector<Receipt> SqliteQueue::commit() {
  guarded([&] {
    if (database_.in_transaction()) database_.commit();
  });
  return {};
}

Backlog SqliteQueue::backlog() {
  return guarded([&] {
    count_.step();
    const Backlog backlog{count_.integer(0)};
    count_.reset();
    return backlog;
  });
}

bool SqliteQueue::any_ready(std::int64_t now) {
  const bool any = ready_.bind(1, now).step();
  ready_.reset();
  return any;
}

// Makes the leased messages of owners that are dead ready again. They line up behind all others.
void SqliteQueue::take_over(std::int64_t now) {
  if (steady_clock::now() < next_take_over_) return;
  next_take_over_ = steady_clock::now() + take_over_interval;
  std::vector<std::int64_t> dead;
  while (owners_.step()) {
    if (!owner_.alive(owners_.integer(0))) dead.push_back(owners_.integer(0));
  }
  for (std::int64_t owner : dead) {
    write();
    release_.bind(1, owner).bind(2, now).run();
  }
}

bool SqliteQueue::remove(const Receipt& receipt) {
  return remove_.bind(1, receipt.id).bind(2, receipt.attempt).run() == 1;
}

}  // namespace consumer
