// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_letter.hpp - what travels through the broker: an id, typed headers, and a path as the body.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "queue/queue.hpp"

namespace consumer {

using AmqpHeaders = std::map<std::string, std::variant<std::int64_t, std::string>, std::less<>>;

/// A message of the broker, in either direction.
struct AmqpLetter {
  std::string id;  // of the job: the same in every copy of it, its result and its dead letter
  AmqpHeaders headers;
  std::string body;

  /// Null if there is no such header, or it is of another type.
  const std::int64_t* integer(std::string_view name) const;
  const std::string* text(std::string_view name) const;
};

/// A job as it was fetched. Copies of it (another attempt) have the same id.
struct AmqpJob {
  std::string id;
  Path path;
  std::int64_t attempts = 0;  // before this copy was published
  std::int64_t failures = 0;
};

/// A dead letter.
struct AmqpObituary {
  std::int64_t attempt = 0;
  std::int64_t failures = 0;
  std::string reason;
  std::int64_t died_at = 0;  // ms since 1970
};

/// The longest body that is read: longer than any path that Linux can open in one call, by far.
constexpr std::size_t longest_amqp_body = 1 << 20;

AmqpLetter letter_of(const AmqpJob& job);
AmqpLetter letter_of(const AmqpJob& job, const Result& result);
AmqpLetter letter_of(const AmqpJob& job, const AmqpObituary& obituary);

/// Why a letter is none that this program has written, for a line; empty if it is one. A letter of an unknown version
/// is not guessed at.
std::string fault_of(const AmqpLetter& letter);

/// Reads a letter. Whatever is missing stays as it is in a new object, so that a faulty letter can still be buried.
AmqpJob job_in(const AmqpLetter& letter);

/// None if the letter is no result, or no dead letter.
std::optional<Result> result_in(const AmqpLetter& letter);
std::optional<AmqpObituary> obituary_in(const AmqpLetter& letter);

}  // namespace consumer
