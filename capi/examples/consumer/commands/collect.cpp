// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// collect.cpp - takes results and dead letters from a broker into a database.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "queue/open.hpp"
#ifdef CONSUMER_AMQP
#include "base/signals.hpp"
#include "queue/amqp_outbox.hpp"
#include "queue/collection.hpp"
#endif

namespace consumer {

#ifdef CONSUMER_AMQP

namespace {

void tell(const std::string& line) { std::fprintf(stderr, "consumer: %s\n", line.c_str()); }

void report(const Collected& collected, bool json) {
  if (json) {
    const nlohmann::ordered_json object = {
        {"results", collected.results}, {"dead_letters", collected.dead}, {"duplicates", collected.duplicates}};
    std::printf("%s\n", object.dump().c_str());
  } else {
    std::string text = counted(collected.results, "result") + ", " + counted(collected.dead, "dead letter");
    if (collected.duplicates > 0) text += "; passed by: " + counted(collected.duplicates, "duplicate");
    std::printf("collected: %s\n", text.c_str());
  }
}

}  // namespace

Exit collect(const Options& options) {
  if (!options.broker) throw Error(Exit::usage, "collect: wants --queue amqp://...; SQLite has the results already");
  AmqpOutbox outbox(*options.broker, {options.heartbeat, options.patience}, tell);
  const Signals signals([&outbox](int) { outbox.stop(); }, [] {});
  Collection collection(options.database, options.busy);
  for (;;) {
    const auto letters = outbox.take();
    if (!letters.empty()) {
      // Durable here before it goes there: if this process ends in between it comes again, and is known by its id.
      collection.store(letters);
      outbox.ack();
    } else if (outbox.stopped() || (!options.stay && outbox.empty())) {
      break;
    }
  }
  report(collection.collected(), options.json);
  return Exit::ok;
}

#else

Exit collect(const Options& options) {
  must_have_amqp(options);
  throw Error(Exit::usage, "collect: built without AMQP (librabbitmq)");
}

#endif

}  // namespace consumer
