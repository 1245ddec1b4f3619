// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_outbox.hpp - results and dead letters, as they come out of the broker.
#pragma once

#include <chrono>
#include <vector>

#include "queue/amqp_link.hpp"

namespace consumer {

/// Takes letters from the queues of results and of dead letters, in batches. One thread, but for stop().
class AmqpOutbox {
 public:
  AmqpOutbox(AmqpAddress address, const AmqpTimes& times, Tell tell);

  /// Takes up to a thousand letters, all that are there. Waits a moment if there are none.
  std::vector<AmqpDelivery> take();

  /// Acknowledges what take() gave last. If the connection was lost meanwhile, the broker gives it again.
  void ack();

  /// Whether nothing was left when it was looked at. Also when stopped.
  bool empty();

  void stop() { link_.stop(); }
  bool stopped() const { return link_.stopped(); }

 private:
  AmqpLink link_;
  std::int64_t generation_ = 0;  // of what take() gave last
  std::uint64_t last_tag_ = 0;
};

}  // namespace consumer
