// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_inbox.hpp - the producer's side of the queue on a broker.
#pragma once

#include <string>
#include <vector>

#include "queue/amqp_link.hpp"
#include "queue/inbox.hpp"

namespace consumer {

/// Publishes, and waits for the confirms of a thousand at a time. What was not confirmed on a connection that is lost
/// is published again on the next one: it may be there twice then, under one id. A broker does not know which paths it
/// has: a file that is enqueued twice is done twice.
class AmqpInbox final : public Inbox {
 public:
  AmqpInbox(AmqpAddress address, const AmqpTimes& times, Tell tell);

  std::set<FileId> files() const override { return {}; }
  void add(const Path& path) override;
  void commit() override;
  std::uint64_t added() const override { return added_; }
  std::uint64_t already_there() const override { return 0; }

 private:
  AmqpLink link_;
  const std::string series_;  // the beginning of all ids
  std::vector<AmqpLetter> unconfirmed_;
  std::uint64_t added_ = 0;
};

}  // namespace consumer
