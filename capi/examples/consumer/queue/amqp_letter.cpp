// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_letter.hpp"

#include "base/text.hpp"

namespace consumer {
namespace {

constexpr std::int64_t version = 1;

AmqpLetter blank(const AmqpJob& job) { return {.id = job.id, .headers = {{"version", version}}, .body = job.path}; }

}  // namespace

const std::int64_t* AmqpLetter::integer(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
}

const std::string* AmqpLetter::text(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : std::get_if<std::string>(&found->second);
}

AmqpLetter letter_of(const AmqpJob& job) {
  AmqpLetter letter = blank(job);
  letter.headers["attempts"] = job.attempts;
  letter.headers["failures"] = job.failures;
  return letter;
}

AmqpLetter letter_of(const AmqpJob& job, const Result& result) {
  AmqpLetter letter = blank(job);
  letter.headers["sha256"] = result.sha256;
  letter.headers["bytes"] = result.bytes;
  letter.headers["lines"] = result.lines;
  letter.headers["words"] = result.words;
  letter.headers["utf8"] = std::int64_t{result.utf8};
  letter.headers["deflated"] = result.deflated;
  return letter;
}

AmqpLetter letter_of(const AmqpJob& job, const AmqpObituary& obituary) {
  AmqpLetter letter = blank(job);
  letter.headers["attempt"] = obituary.attempt;
  letter.headers["failures"] = obituary.failures;
  letter.headers["reason"] = obituary.reason;
  letter.headers["died_at"] = obituary.died_at;
  return letter;
}

std::string fault_of(const AmqpLetter& letter) {
  const std::int64_t* const its_version = letter.integer("version");
  if (its_version == nullptr) return "malformed message: no header \"version\"";
  if (*its_version != version) return "message of an unknown version, " + std::to_string(*its_version);
  if (letter.id.empty()) return "malformed message: no message id";
  if (letter.body.size() > longest_amqp_body) {
    return "message too large: its body is longer than " + grouped(longest_amqp_body) + " bytes";
  }
  if (!letter.body.starts_with('/') || letter.body.find('\0') != std::string::npos) {
    return "malformed message: its body is no absolute path";
  }
  for (const char* name : {"attempts", "failures"}) {
    const auto found = letter.headers.find(name);
    if (found != letter.headers.end() && letter.integer(name) == nullptr) {
      return std::string("malformed message: header \"") + name + "\" is no integer";
    }
  }
  return {};
}

AmqpJob job_in(const AmqpLetter& letter) {
  AmqpJob job{.id = letter.id, .path = letter.body};
  if (const std::int64_t* attempts = letter.integer("attempts")) job.attempts = *attempts;
  if (const std::int64_t* failures = letter.integer("failures")) job.failures = *failures;
  return job;
}

std::optional<Result> result_in(const AmqpLetter& letter) {
  const std::string* const sha256 = letter.text("sha256");
  const std::int64_t* const bytes = letter.integer("bytes");
  const std::int64_t* const lines = letter.integer("lines");
  const std::int64_t* const words = letter.integer("words");
  const std::int64_t* const utf8 = letter.integer("utf8");
  const std::int64_t* const deflated = letter.integer("deflated");
  if (!sha256 || !bytes || !lines || !words || !utf8 || !deflated) return std::nullopt;
  return Result{*sha256, *bytes, *lines, *words, *utf8 != 0, *deflated};
}

std::optional<AmqpObituary> obituary_in(const AmqpLetter& letter) {
  const std::int64_t* const attempt = letter.integer("attempt");
  const std::int64_t* const failures = letter.integer("failures");
  const std::string* const reason = letter.text("reason");
  const std::int64_t* const died_at = letter.integer("died_at");
  if (!attempt || !failures || !reason || !died_at) return std::nullopt;
  return AmqpObituary{*attempt, *failures, *reason, *died_at};
}

}  // namespace consumer
