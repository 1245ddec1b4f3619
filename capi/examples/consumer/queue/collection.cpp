// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/collection.hpp"

#include "queue/amqp_topology.hpp"
#include "queue/schema.hpp"

namespace consumer {
namespace {

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Database open_prepared(const Path& file, std::chrono::milliseconds busy) {
  Database database(file, Database::Mode::create, busy);
  prepare(database, busy);
  database.execute("CREATE TABLE IF NOT EXISTS collected(id BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID");
  return database;
}

}  // namespace

Collection::Collection(const Path& file, std::chrono::milliseconds busy)
    : database_(open_prepared(file, busy)),
      id_(database_, "INSERT INTO collected VALUES(?1) ON CONFLICT DO NOTHING"),
      result_(database_, "INSERT OR REPLACE INTO results VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      revive_(database_, "DELETE FROM dead WHERE path = ?1"),
      dead_(database_, "INSERT OR REPLACE INTO dead VALUES(?1, ?2, ?3, ?4, ?5)") {}

void Collection::store(const std::vector<AmqpDelivery>& letters) {
  Collected collected = collected_;
  database_.begin();
  try {
    for (const AmqpDelivery& letter : letters) store(letter, collected);
    database_.commit();
  } catch (...) {
    database_.rollback();
    throw;
  }
  collected_ = collected;
}

void Collection::store(const AmqpDelivery& delivery, Collected& collected) {
  const AmqpLetter& letter = delivery.letter;
  // Without an id nothing can be a duplicate.
  if (!letter.id.empty() && id_.bind_blob(1, letter.id).run() == 0) {
    collected.duplicates++;
    return;
  }
  const auto result = result_in(letter);
  const auto obituary = obituary_in(letter);
  if (delivery.queue == topology::results && result && fault_of(letter).empty()) {
    result_.bind_blob(1, letter.body).bind_text(2, result->sha256).bind(3, result->bytes).bind(4, result->lines);
    result_.bind(5, result->words).bind(6, result->utf8 ? 1 : 0).bind(7, result->deflated).run();
    revive_.bind_blob(1, letter.body).run();
    collected.results++;
  } else {
    const std::string fault = fault_of(letter);
    bury(delivery,
         obituary.value_or(AmqpObituary{.reason = fault.empty() ? "malformed letter in " + delivery.queue : fault,
                                        .died_at = wall_ms()}));
    collected.dead++;
  }
}

void Collection::bury(const AmqpDelivery& delivery, const AmqpObituary& obituary) {
  dead_.bind_blob(1, delivery.letter.body).bind(2, obituary.attempt).bind(3, obituary.failures);
  dead_.bind_text(4, obituary.reason).bind(5, obituary.died_at).run();
}

}  // namespace consumer
