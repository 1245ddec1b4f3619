// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_link.hpp"

#include <algorithm>
#include <cstdio>
#include <random>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "queue/amqp_topology.hpp"

namespace consumer {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto first_delay = 100ms;
constexpr auto longest_delay = 5s;
constexpr auto confirm_patience = 60s;     // while the broker does not say that it is blocked
constexpr auto confirm_patience_end = 5s;  // after stop(), blocked or not
constexpr auto slice = 50ms;

std::size_t random_below(std::size_t count) {
  std::random_device device;
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(device);
}

std::string seconds_text(milliseconds time) {
  return duration_text(static_cast<double>(std::chrono::nanoseconds(time).count()));
}

}  // namespace

AmqpLink::AmqpLink(AmqpAddress address, const AmqpTimes& times, Tell tell)
    : address_(std::move(address)),
      times_(times),
      tell_(std::move(tell)),
      next_host_(random_below(address_.hosts.size())) {}

AmqpLink::~AmqpLink() {
  if (connection_) connection_->close();
}

AmqpConnection* AmqpLink::get() {
  if (connection_) return connection_.get();
  const Clock::time_point until = Clock::now() + times_.patience;
  milliseconds delay = first_delay;
  while (!stopped_) {
    const AmqpHost& host = address_.hosts[next_host_++ % address_.hosts.size()];
    try {
      auto connection = std::make_unique<AmqpConnection>(address_, host, times_.heartbeat);
      topology::declare(*connection);
      connection_ = std::move(connection);
      generation_++;
      if (std::exchange(told_, false)) tell_("broker at " + host.text() + ": connected");
      return connection_.get();
    } catch (const LostConnection& lost) {
      const std::string line = "broker at " + host.text() + ": " + lost.what();
      if (Clock::now() + delay > until) {
        throw Error(Exit::database, line + "; tried for " + seconds_text(times_.patience));
      }
      tell_(line + "; again in " + seconds_text(delay));
      told_ = true;
    }
    // Not all at the same instant, when a broker comes back to many.
    if (!sleep(delay / 2 + milliseconds(random_below(static_cast<std::size_t>(delay.count()) / 2 + 1)))) break;
    delay = std::min<milliseconds>(2 * delay, longest_delay);
  }
  return nullptr;
}

void AmqpLink::drop(const LostConnection& why) {
  if (!connection_) return;
  tell_(std::string("connection to the broker lost: ") + why.what());
  told_ = true;
  connection_.reset();
  generation_++;
}

void AmqpLink::await_confirms() {
  Clock::time_point begin = Clock::now();
  Clock::time_point stopped_at = Clock::time_point::max();
  bool blocked = false;
  while (connection_->unconfirmed() > 0) {
    connection_->pump(slice);
    const Clock::time_point now = Clock::now();
    if (!connection_->blocked().empty() && !std::exchange(blocked, true)) {
      tell_("the broker takes no messages: " + connection_->blocked() + "; waiting");
    }
    if (stopped_) {
      stopped_at = std::min(stopped_at, now);
      if (now - stopped_at > confirm_patience_end) throw LostConnection("publish: not confirmed in time");
    } else if (connection_->blocked().empty()) {
      if (std::exchange(blocked, false)) {
        tell_("the broker takes messages again");
        begin = now;
      }
      if (now - begin > confirm_patience) throw LostConnection("publish: not confirmed in time");
    }
  }
}

// Returns false if there is no more reason to wait.
bool AmqpLink::sleep(milliseconds time) const {
  const Clock::time_point until = Clock::now() + time;
  while (!stopped_ && Clock::now() < until) std::this_thread::sleep_for(std::min<milliseconds>(slice, time));
  return !stopped_;
}

}  // namespace consumer
