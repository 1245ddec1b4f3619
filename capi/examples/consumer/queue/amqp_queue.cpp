// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/rehearsal.hpp"

namespace consumer {
namespace {

using namespace std::chrono_literals;

constexpr auto silence = 250ms;  // after which nothing seems to be on its way
constexpr auto rest_patience = 5s;
constexpr auto fetch_patience = 10ms;   // for the first message, when there is none yet
constexpr auto count_interval = 200ms;  // each count is a question per queue
constexpr std::size_t longest_reason = 4096;
constexpr std::size_t longest_faulty_body = 4096;

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

AmqpQueue::AmqpQueue(AmqpAddress address, const AmqpTimes& times, const AmqpLimits& limits, Tell tell)
    : link_(std::move(address), times, std::move(tell)), limits_(limits) {}

template <typename Call>
void AmqpQueue::guarded(Call call) {
  try {
    call();
  } catch (const LostConnection& lost) {
    drop(lost);
  }
}

void AmqpQueue::drop(const LostConnection& why) {
  link_.drop(why);
  held_.clear();
  subscribed_ = false;
  seen_empty_ = false;
}

std::vector<Message> AmqpQueue::fetch(std::size_t most, Duration) {
  std::vector<Message> messages;
  const bool is_new = link_.current() == nullptr;
  AmqpConnection* const connection = link_.get();
  if (connection == nullptr) return messages;
  guarded([&] {
    if (is_new) set_subscribed(*connection, true);
    auto& received = connection->received();
    if (link_.stopped() && subscribed_) {
      await_rest(*connection);
      set_subscribed(*connection, false);
    }
    while (received.size() < most && connection->pump(Duration(0))) continue;
    if (received.empty() && subscribed_) connection->pump(fetch_patience);
    while (!received.empty() && messages.size() < most) {
      messages.push_back(take(received.front()));
      received.pop_front();
    }
  });
  return messages;
}

Message AmqpQueue::take(AmqpDelivery& delivery) {
  Message message;
  message.receipt = {static_cast<std::int64_t>(delivery.tag), link_.generation()};
  message.redelivered = delivery.redelivered;
  message.fault = fault_of(delivery.letter);
  if (!message.fault.empty() && delivery.letter.body.size() > longest_faulty_body) {
    delivery.letter.body.resize(longest_faulty_body);
  }
  AmqpJob job = job_in(delivery.letter);
  if (const std::int64_t* lost = delivery.letter.integer("x-delivery-count")) job.attempts += *lost;
  rehearsal::note(delivery.redelivered ? "redelivered" : "delivered", job.id);
  message.failures = job.failures;
  message.path = job.path;
  held_[message.receipt.id] = std::move(job);
  return message;
}

// Null if the receipt is stale.
AmqpJob* AmqpQueue::held(const Receipt& receipt) {
  if (receipt.attempt != link_.generation()) return nullptr;
  const auto found = held_.find(receipt.id);
  return found == held_.end() ? nullptr : &found->second;
}

void AmqpQueue::publish(const Receipt& receipt, const std::string& queue, const AmqpLetter& letter) {
  guarded([&] {
    link_.current()->publish(queue, letter);
    held_.erase(receipt.id);
  });
  published_.push_back(receipt);  // the commit finds out if the connection is lost
}

bool AmqpQueue::ack(const Receipt& receipt, const Result& result) {
  const AmqpJob* const job = held(receipt);
  if (job == nullptr) return false;
  publish(receipt, topology::results, letter_of(*job, result));
  return true;
}

bool AmqpQueue::nack(const Receipt& receipt, Duration delay, bool failed, std::string_view) {
  AmqpJob* const job = held(receipt);
  if (job == nullptr) return false;
  if (delay.count() <= 0 && !failed) {
    held_.erase(receipt.id);
    handed_back_.push_back(receipt);
    return true;
  }
  job->attempts++;
  if (failed) job->failures++;
  publish(receipt, delay.count() <= 0 ? topology::work : topology::retry_for(delay), letter_of(*job));
  return true;
}

bool AmqpQueue::extend(const Receipt& receipt, Duration) { return held(receipt) != nullptr; }

bool AmqpQueue::dead(const Receipt& receipt, std::string_view reason) {
  const AmqpJob* const job = held(receipt);
  if (job == nullptr) return false;
  const AmqpObituary obituary{job->attempts + 1, job->failures + 1, std::string(reason.substr(0, longest_reason)),
                              wall_ms()};
  publish(receipt, topology::dead, letter_of(*job, obituary));
  return true;
}

std::vector<Receipt> AmqpQueue::commit() {
  std::vector<Receipt> settled = std::exchange(published_, {});
  const std::vector<Receipt> handed_back = std::exchange(handed_back_, {});
  const auto is_current = [this](const Receipt& receipt) { return receipt.attempt == link_.generation(); };
  if (link_.current() != nullptr) {
    guarded([&] {
      link_.await_confirms();
      bool any = false;
      for (const Receipt& receipt : settled) {
        if (!is_current(receipt)) continue;
        any = true;
        rehearsal::pass("before-ack");
        link_.current()->ack(static_cast<std::uint64_t>(receipt.id));
      }
      for (const Receipt& receipt : handed_back) {
        if (!is_current(receipt)) continue;
        any = true;
        link_.current()->requeue(static_cast<std::uint64_t>(receipt.id));
      }
      if (any) link_.current()->commit();
      for (std::size_t i = 0; i < settled.size(); i++) rehearsal::pass("after-ack");
    });
  }
  settled.insert(settled.end(), handed_back.begin(), handed_back.end());
  settled.erase(std::remove_if(settled.begin(), settled.end(), is_current), settled.end());
  return settled;
}

void AmqpQueue::attend() {
  if (link_.current() == nullptr) return;
  guarded([&] {
    while (link_.current()->pump(Duration(0))) continue;
  });
}

// Ends when nothing is on its way from the queue: as many messages are here as may be, and no place is free as long as
// none is acknowledged, or no message is left.
void AmqpQueue::await_rest(AmqpConnection& connection) {
  const Clock::time_point until = Clock::now() + rest_patience;
  const std::size_t fetched = held_.size() + published_.size() + handed_back_.size();
  while (fetched + connection.received().size() < limits_.prefetch && Clock::now() < until) {
    if (!connection.pump(silence) && connection.look(topology::work).ready == 0) break;
  }
}

void AmqpQueue::set_subscribed(AmqpConnection& connection, bool wanted) {
  if (subscribed_ == wanted) return;
  if (wanted) {
    connection.subscribe(topology::work, limits_.prefetch);
  } else {
    connection.unsubscribe(topology::work);
  }
  subscribed_ = wanted;
}

Backlog AmqpQueue::backlog() {
  if (link_.current() != nullptr && Clock::now() >= next_count_) {
    guarded([&] { open_ = count(*link_.current()); });
    next_count_ = Clock::now() + count_interval;
  }
  return {std::max<std::int64_t>(open_, static_cast<std::int64_t>(held_.size()))};
}

std::int64_t AmqpQueue::count(AmqpConnection& connection) {
  // Those that wait first: they go from there to the work, and not the other way without having been fetched.
  std::int64_t waiting = 0;
  for (const std::string& queue : topology::retries()) waiting += connection.look(queue).ready;
  const AmqpDepth work = connection.look(topology::work);
  const auto own = static_cast<std::int64_t>(held_.size() + connection.received().size());
  const bool others = work.consumers > (subscribed_ ? 1 : 0);
  const bool was_empty = std::exchange(seen_empty_, false);
  if (limits_.stay || link_.stopped()) return waiting + work.ready + own;
  if (work.ready > 0) set_subscribed(connection, true);
  if (waiting + work.ready + own > 0) return waiting + work.ready + own;
  if (subscribed_) {
    set_subscribed(connection, false);
  } else if (!others) {
    // A message on its way from a queue to another one is in neither for an instant: look twice.
    seen_empty_ = true;
    if (was_empty) return 0;
  }
  return 1;
}

}  // namespace consumer
