// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// sqlite_queue.hpp - the queue in a SQLite database, which may serve several consumers at once.
#pragma once

#include <atomic>

#include "queue/database.hpp"
#include "queue/owner.hpp"
#include "queue/queue.hpp"

namespace consumer {

/// A message's row has its attempt count, which every fetch raises; a receipt is the row's id and that count, and
/// whatever settles a message says "... AND attempt = ?". The results of an acknowledged message are written in the
/// transaction that removes it.
class SqliteQueue final : public Queue {
 public:
  /// Opens the database of `file`, which must exist. Throws Error.
  SqliteQueue(const Path& file, std::chrono::milliseconds busy);

  std::vector<Message> fetch(std::size_t most, Duration lease) override;
  bool ack(const Receipt& receipt, const Result& result) override;
  bool nack(const Receipt& receipt, Duration delay, bool failed, std::string_view reason) override;
  bool extend(const Receipt& receipt, Duration lease) override;
  bool dead(const Receipt& receipt, std::string_view reason) override;
  std::vector<Receipt> commit() override;
  Backlog backlog() override;
  void stop_fetching() override { stopped_ = true; }

 private:
  // Rolls back if the call ends with an exception.
  template <typename Call>
  auto guarded(Call call);
  void write();  // begins a transaction, unless one is open
  bool any_ready(std::int64_t now);
  void take_over(std::int64_t now);
  bool remove(const Receipt& receipt);

  std::atomic<bool> stopped_{false};
  Database database_;
  Owner owner_;
  Statement ready_;
  Statement fetch_;
  Statement result_;
  Statement remove_;
  Statement nack_;
  Statement extend_;
  Statement dead_;
  Statement owners_;
  Statement release_;
  Statement count_;
  std::chrono::steady_clock::time_point next_take_over_{};  // the first fetch does it
};

}  // namespace consumer
