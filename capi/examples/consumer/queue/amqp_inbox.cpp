// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_inbox.hpp"

#include <cstdio>
#include <random>
#include <utility>

#include "base/rehearsal.hpp"
#include "queue/amqp_topology.hpp"

namespace consumer {
namespace {

constexpr std::size_t letters_per_commit = 1000;

// Of 128 bits: nobody else has it.
std::string random_series() {
  std::random_device device;
  std::string text;
  for (int i = 0; i < 4; i++) {
    char word[9];
    std::snprintf(word, sizeof word, "%08x", device());
    text += word;
  }
  return text;
}

}  // namespace

AmqpInbox::AmqpInbox(AmqpAddress address, const AmqpTimes& times, Tell tell)
    : link_(std::move(address), times, std::move(tell)), series_(random_series()) {
  link_.get();
}

void AmqpInbox::add(const Path& path) {
  unconfirmed_.push_back(letter_of(AmqpJob{.id = series_ + '-' + std::to_string(added_), .path = path}));
  added_++;
  if (unconfirmed_.size() >= letters_per_commit) commit();
}

void AmqpInbox::commit() {
  while (!unconfirmed_.empty()) {
    AmqpConnection* const connection = link_.get();
    try {
      for (const AmqpLetter& letter : unconfirmed_) connection->publish(topology::work, letter);
      link_.await_confirms();
      for (const AmqpLetter& letter : unconfirmed_) rehearsal::note("enqueued", letter.id);
      unconfirmed_.clear();
    } catch (const LostConnection& lost) {
      link_.drop(lost);
    }
  }
}

}  // namespace consumer
