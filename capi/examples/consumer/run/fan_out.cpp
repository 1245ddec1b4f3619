// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/fan_out.hpp"

#include <utility>

#include "base/rehearsal.hpp"
#include "tasks/deflated.hpp"
#include "tasks/digest.hpp"
#include "tasks/text_count.hpp"

namespace consumer {
namespace {

std::string text_of(pool_status_t status) {
  return std::string(pool_status_name(status)) + ": " + pool_status_str(status);
}

Outcome broken(const char* call, pool_status_t status) {
  Outcome outcome;
  outcome.remedy = Remedy::hand_back;
  outcome.reason = std::string(call) + ": " + text_of(status);
  outcome.pool_broken = true;
  return outcome;
}

}  // namespace

FanOut::FanOut(Message message, Mailbox& mailbox, const std::atomic<bool>& stop)
    : message_(std::move(message)), mailbox_(mailbox), stop_(stop) {}

void FanOut::start(pool_t pool) {
  pool_group_options_t options;
  refused_ = pool_group_options_init(&options, sizeof options);
  options.fail_fast = 1;
  const std::string name = message_.path.substr(message_.path.rfind('/') + 1);
  options.name = name.c_str();
  if (refused_ == POOL_OK) refused_ = pool_group_create(pool, &options, &group_);
  rehearsal::pass("after-fetch");
  if (refused_ == POOL_OK) refused_ = submit<&FanOut::digest>();
  rehearsal::pass("mid-submit");
  if (refused_ == POOL_OK) refused_ = submit<&FanOut::count_text>();
  if (refused_ == POOL_OK) refused_ = submit<&FanOut::deflate>();
  // One part has failed already, and that says how it went.
  if (refused_ == POOL_ECANCELED) refused_ = POOL_OK;
  if (group_.id != 0) {
    // Half a message is none: what has not started need not.
    if (refused_ != POOL_OK) pool_group_cancel(group_);
    if (pool_group_notify(group_, &FanOut::post, this) == POOL_OK) return;
    // Nobody will tell when its tasks are over: see to it here.
    pool_group_wait(group_);
  }
  post(this, POOL_OK);
}

template <void (FanOut::*part)()>
pool_status_t FanOut::submit() {
  return pool_group_submit(group_, &FanOut::task<part>, this);
}

template <void (FanOut::*part)()>
std::int32_t FanOut::task(void* self) {
  try {
    (static_cast<FanOut*>(self)->*part)();
    return 0;
  } catch (const TaskFailure& failure) {
    pool_task_set_failure(failure.code(), failure.what());
    return failure.code();
  }  // libpool takes any other exception, with its text
}

void FanOut::post(void* self, pool_status_t) {
  auto* fan_out = static_cast<FanOut*>(self);
  fan_out->mailbox_.post(fan_out);
}

void FanOut::digest() {
  Digest sink;
  seen_[0] = stream_file(message_.path, stop_, sink);
  result_.sha256 = sink.hex();
}

void FanOut::count_text() {
  rehearsal::pass("mid-group");
  TextCount sink;
  seen_[1] = stream_file(message_.path, stop_, sink);
  result_.bytes = sink.bytes();
  result_.lines = sink.lines();
  result_.words = sink.words();
  result_.utf8 = sink.utf8();
}

void FanOut::deflate() {
  Deflated sink;
  seen_[2] = stream_file(message_.path, stop_, sink);
  result_.deflated = sink.size();
}

Outcome FanOut::finish() {
  if (group_.id == 0) return refused_outcome();
  const pool_status_t waited = pool_group_wait(group_);
  rehearsal::pass("after-wait");
  std::int32_t code = 0;
  std::array<char, POOL_FAILURE_TEXT_MAX> text{};
  const pool_status_t asked = pool_group_failure(group_, &code, text.data(), text.size());
  const pool_status_t ended = pool_group_destroy(group_);

  const bool gave_up = waited == POOL_ECANCELED && refused_ != POOL_OK;  // by our own cancel
  if (waited != POOL_OK && waited != POOL_EFAILED && !gave_up) return broken("pool_group_wait", waited);
  if (asked != POOL_OK) return broken("pool_group_failure", asked);
  if (ended != POOL_OK) return broken("pool_group_destroy", ended);
  if (refused_ != POOL_OK) return refused_outcome();
  if (waited == POOL_OK) return joined();
  Outcome outcome;
  outcome.remedy = remedy_for(code);
  outcome.reason = text.data();
  return outcome;
}

// The three results together, if they are of the same bytes.
Outcome FanOut::joined() const {
  Outcome outcome;
  if (seen_[0] == seen_[1] && seen_[1] == seen_[2]) {
    outcome.result = result_;
  } else {
    outcome.reason = "changed between its tasks";
  }
  return outcome;
}

// A full queue or little memory pass; no thread, or a pool that is gone, do not.
Outcome FanOut::refused_outcome() const {
  Outcome outcome = broken("fan-out", refused_);
  outcome.pool_broken = refused_ != POOL_EFULL && refused_ != POOL_ENOMEM;
  return outcome;
}

}  // namespace consumer
