// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_topology.hpp"

namespace consumer::topology {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds shortest_retry{125};
constexpr milliseconds longest_retry{64'000};

// Broker 4 makes a dead letter of what was delivered 20 times, unless told otherwise; but a delivery that was lost with
// its consumer's life is no failure. So far no broker counts.
constexpr std::int64_t deliveries_without_end = 1'000'000'000;

AmqpHeaders quorum() { return {{"x-queue-type", "quorum"}}; }

AmqpHeaders retry(milliseconds delay) {
  AmqpHeaders arguments = quorum();
  arguments["x-message-ttl"] = std::int64_t{delay.count()};
  arguments["x-dead-letter-exchange"] = "";
  arguments["x-dead-letter-routing-key"] = work;
  arguments["x-dead-letter-strategy"] = "at-least-once";
  arguments["x-overflow"] = "reject-publish";  // which that strategy demands
  return arguments;
}

std::string retry_name(milliseconds delay) { return "consumer.retry." + std::to_string(delay.count()); }

}  // namespace

const std::vector<std::string>& retries() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (milliseconds delay = shortest_retry; delay <= longest_retry; delay *= 2) all.push_back(retry_name(delay));
    return all;
  }();
  return names;
}

const std::string& retry_for(milliseconds delay) {
  std::size_t i = 0;
  for (milliseconds step = shortest_retry; step < delay && i + 1 < retries().size(); step *= 2) i++;
  return retries()[i];
}

void declare(AmqpConnection& connection) {
  AmqpHeaders arguments = quorum();
  arguments["x-delivery-limit"] = deliveries_without_end;
  connection.declare(work, arguments);
  connection.declare(results, quorum());
  connection.declare(dead, quorum());
  for (milliseconds delay = shortest_retry; delay <= longest_retry; delay *= 2) {
    connection.declare(retry_name(delay), retry(delay));
  }
}

}  // namespace consumer::topology
