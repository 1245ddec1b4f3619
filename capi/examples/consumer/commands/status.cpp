// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// status.cpp - what is in the database.
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "queue/database.hpp"
#include "queue/open.hpp"
#include "queue/schema.hpp"
#ifdef CONSUMER_AMQP
#include "queue/amqp_link.hpp"
#include "queue/amqp_topology.hpp"
#endif

namespace consumer {
namespace {

struct Counts {
  std::int64_t ready, leased, delayed, retried, results, bytes, deflated, dead;
};

Counts count(Database& database) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  Statement queue(
      database,
      "SELECT count(*) FILTER (WHERE ready_at <= ?1), count(*) FILTER (WHERE ready_at > ?1 AND owner NOTNULL),"
      " count(*) FILTER (WHERE ready_at > ?1 AND owner ISNULL), count(*) FILTER (WHERE failures > 0)"
      " FROM messages");
  queue.bind(1, std::chrono::duration_cast<std::chrono::milliseconds>(now).count()).step();
  Statement results(database, "SELECT count(*), total(bytes), total(deflated) FROM results");
  results.step();
  return {queue.integer(0),   queue.integer(1),   queue.integer(2),   queue.integer(3),
          results.integer(0), results.integer(1), results.integer(2), database.integer("SELECT count(*) FROM dead")};
}

void print(const Counts& counts) {
  const auto row = [](const char* name, std::int64_t value) {
    std::printf("%-16s %20s\n", name, grouped(static_cast<std::uint64_t>(value)).c_str());
  };
  row("ready", counts.ready);
  row("leased", counts.leased);
  row("delayed", counts.delayed);
  row("failed before", counts.retried);
  row("results", counts.results);
  row("  bytes", counts.bytes);
  row("  deflated", counts.deflated);
  row("dead letters", counts.dead);
}

void print_json(const Counts& counts, Statement& dead) {
  nlohmann::ordered_json json = {
      {"ready", counts.ready},       {"leased", counts.leased},
      {"delayed", counts.delayed},   {"failed", counts.retried},
      {"results", counts.results},   {"bytes", counts.bytes},
      {"deflated", counts.deflated}, {"dead", nlohmann::ordered_json::array()},
  };
  while (dead.step()) {
    json["dead"].push_back(
        {{"path", escape(dead.bytes(0))}, {"failures", dead.integer(1)}, {"reason", escape(dead.bytes(2))}});
  }
  std::printf("%s\n", json.dump().c_str());
}

#ifdef CONSUMER_AMQP

// What waits in the queues of a broker; what somebody has fetched is not counted.
Exit status_of_broker(const Options& options) {
  AmqpLink link(*options.broker, {options.heartbeat, options.patience},
                [](const std::string& line) { std::fprintf(stderr, "consumer: %s\n", line.c_str()); });
  try {
    AmqpConnection& connection = *link.get();
    std::int64_t delayed = 0;
    for (const std::string& queue : topology::retries()) delayed += connection.look(queue).ready;
    const AmqpDepth work = connection.look(topology::work);
    const std::vector<std::pair<const char*, std::int64_t>> rows = {
        {"ready", work.ready},
        {"delayed", delayed},
        {"consumers", work.consumers},
        {"results", connection.look(topology::results).ready},
        {"dead", connection.look(topology::dead).ready},
    };
    nlohmann::ordered_json json;
    for (const auto& [name, value] : rows) {
      json[name] = value;
      if (!options.json) std::printf("%-16s %20s\n", name, grouped(static_cast<std::uint64_t>(value)).c_str());
    }
    if (options.json) std::printf("%s\n", json.dump().c_str());
    return Exit::ok;
  } catch (const LostConnection& lost) {
    throw Error(Exit::database, lost.what());
  }
}

#endif

}  // namespace

Exit status(const Options& options) {
  must_have_amqp(options);
#ifdef CONSUMER_AMQP
  if (options.broker) return status_of_broker(options);
#endif
  Database database(options.database, Database::Mode::must_exist, options.busy);
  prepare(database, options.busy);
  database.execute("BEGIN");  // all of it from one moment
  const Counts counts = count(database);
  Statement dead(database, "SELECT path, failures, reason FROM dead ORDER BY died_at, path");
  if (options.json) {
    print_json(counts, dead);
  } else {
    print(counts);
    while (dead.step()) std::printf("  %s: %s\n", escape(dead.bytes(0)).c_str(), escape(dead.bytes(2)).c_str());
  }
  return Exit::ok;
}

}  // namespace consumer
