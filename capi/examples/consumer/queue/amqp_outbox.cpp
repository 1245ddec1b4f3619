// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_outbox.hpp"

#include <utility>

#include "queue/amqp_topology.hpp"

namespace consumer {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t batch = 1000;
constexpr std::uint16_t prefetch = 2000;  // of either queue: the next batch is on its way
constexpr auto patience = 100ms;

}  // namespace

AmqpOutbox::AmqpOutbox(AmqpAddress address, const AmqpTimes& times, Tell tell)
    : link_(std::move(address), times, std::move(tell)) {}

std::vector<AmqpDelivery> AmqpOutbox::take() {
  std::vector<AmqpDelivery> letters;
  const bool is_new = link_.current() == nullptr;
  AmqpConnection* const connection = link_.get();
  if (connection == nullptr) return letters;
  try {
    if (is_new) {
      connection->subscribe(topology::results, prefetch);
      connection->subscribe(topology::dead, prefetch);
    }
    auto& received = connection->received();
    while (received.size() < batch && connection->pump(received.empty() ? patience : 0ms)) continue;
    while (!received.empty() && letters.size() < batch) {
      letters.push_back(std::move(received.front()));
      received.pop_front();
    }
  } catch (const LostConnection& lost) {
    link_.drop(lost);
    letters.clear();
  }
  generation_ = link_.generation();
  if (!letters.empty()) last_tag_ = letters.back().tag;
  return letters;
}

void AmqpOutbox::ack() {
  if (link_.current() == nullptr || generation_ != link_.generation()) return;
  try {
    link_.current()->ack(last_tag_, true);
    link_.current()->commit();
  } catch (const LostConnection& lost) {
    link_.drop(lost);
  }
}

bool AmqpOutbox::empty() {
  if (link_.stopped()) return true;
  if (link_.current() == nullptr) return false;
  try {
    AmqpConnection& connection = *link_.current();
    const std::int64_t ready = connection.look(topology::results).ready + connection.look(topology::dead).ready;
    return ready == 0 && connection.received().empty();
  } catch (const LostConnection& lost) {
    link_.drop(lost);
    return false;
  }
}

}  // namespace consumer
