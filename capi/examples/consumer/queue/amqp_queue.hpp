// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_queue.hpp - the queue on a broker, which serves consumers on many machines.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "queue/amqp_link.hpp"
#include "queue/amqp_topology.hpp"
#include "queue/queue.hpp"

namespace consumer {

struct AmqpLimits {
  std::uint16_t prefetch = 0;
  bool stay = false;  // remain subscribed while the queue is empty
};

/// A fetched message stays on the broker, unacknowledged, and goes to somebody else when the connection is lost. What
/// it leads to (a result, a dead letter, a copy for another attempt) is published at once; the commit waits until all
/// of that is confirmed, and acknowledges only then. A process that ends between the two leaves a message whose effect
/// is there already: that is done twice, and the effect, which has the message's id, counts once.
///
/// A receipt is the delivery tag and the generation of the connection; on a newer connection it is stale.
///
/// Connects at the first fetch, on the thread that does it.
class AmqpQueue final : public Queue {
 public:
  AmqpQueue(AmqpAddress address, const AmqpTimes& times, const AmqpLimits& limits, Tell tell);

  std::vector<Message> fetch(std::size_t most, Duration lease) override;
  bool ack(const Receipt& receipt, const Result& result) override;
  bool nack(const Receipt& receipt, Duration delay, bool failed, std::string_view reason) override;
  bool extend(const Receipt& receipt, Duration lease) override;
  bool dead(const Receipt& receipt, std::string_view reason) override;
  std::vector<Receipt> commit() override;

  /// The broker says how many messages wait, not how many others have: as long as somebody else is subscribed, one is
  /// assumed. Who finds nothing ends its own subscription, so that in the end nobody is.
  Backlog backlog() override;

  std::optional<Duration> attention() const override { return link_.heartbeat() / 4; }
  void attend() override;
  void stop_fetching() override { link_.stop(); }

 private:
  using Clock = std::chrono::steady_clock;

  template <typename Call>
  void guarded(Call call);  // drops the connection if the call says that it is lost
  void drop(const LostConnection& why);
  void publish(const Receipt& receipt, const std::string& queue, const AmqpLetter& letter);
  AmqpJob* held(const Receipt& receipt);
  Message take(AmqpDelivery& delivery);
  void await_rest(AmqpConnection& connection);
  void set_subscribed(AmqpConnection& connection, bool wanted);
  std::int64_t count(AmqpConnection& connection);

  AmqpLink link_;
  const AmqpLimits limits_;
  bool subscribed_ = false;
  std::unordered_map<std::int64_t, AmqpJob> held_;  // fetched over this connection and not settled, by delivery tag
  std::vector<Receipt> published_;                  // settled since the last commit: to be acknowledged
  std::vector<Receipt> handed_back_;                // and to be sent again
  Clock::time_point next_count_{};
  std::int64_t open_ = 1;  // as last counted
  bool seen_empty_ = false;
};

}  // namespace consumer
