// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/open.hpp"

#include <utility>

#include "base/error.hpp"
#include "queue/sqlite_inbox.hpp"
#include "queue/sqlite_queue.hpp"
#ifdef CONSUMER_AMQP
#include "queue/amqp_inbox.hpp"
#include "queue/amqp_queue.hpp"
#endif

namespace consumer {

void must_have_amqp([[maybe_unused]] const Options& options) {
#ifndef CONSUMER_AMQP
  if (options.broker) throw Error(Exit::usage, "--queue amqp://...: built without AMQP (librabbitmq)");
#endif
}

std::unique_ptr<Queue> open_queue(const Options& options,
                                  [[maybe_unused]] std::function<void(const std::string&)> tell) {
  must_have_amqp(options);
#ifdef CONSUMER_AMQP
  if (options.broker) {
    const auto prefetch = static_cast<std::uint16_t>(options.run.prefetch);
    return std::make_unique<AmqpQueue>(*options.broker, AmqpTimes{options.heartbeat, options.patience},
                                       AmqpLimits{prefetch, options.run.stay}, std::move(tell));
  }
#endif
  return std::make_unique<SqliteQueue>(options.database, options.busy);
}

std::unique_ptr<Inbox> open_inbox(const Options& options,
                                  [[maybe_unused]] std::function<void(const std::string&)> tell) {
  must_have_amqp(options);
#ifdef CONSUMER_AMQP
  if (options.broker) {
    return std::make_unique<AmqpInbox>(*options.broker, AmqpTimes{options.heartbeat, options.patience},
                                       std::move(tell));
  }
#endif
  return std::make_unique<SqliteInbox>(options.database, options.busy);
}

}  // namespace consumer
