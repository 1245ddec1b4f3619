// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "run/fan_out.hpp"

#include <utility>

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
  refused_ = pool_group_create(pool, nullptr, &group_);
  int missing = 3;
  if (refused_ == POOL_OK && (refused_ = submit<&FanOut::digest>()) == POOL_OK) missing--;
  if (refused_ == POOL_OK && (refused_ = submit<&FanOut::count_text>()) == POOL_OK) missing--;
  if (refused_ == POOL_OK && (refused_ = submit<&FanOut::deflate>()) == POOL_OK) missing--;
  // The shares of the tasks that were refused, and at last its own.
  for (; missing > 0; missing--) give_back_share(this);
  give_back_share(this);
}

template <void (FanOut::*part)()>
pool_status_t FanOut::submit() {
  pool_task_t options;
  const pool_status_t status = pool_task_init(&options, sizeof options);
  if (status != POOL_OK) return status;
  options.fn = &FanOut::task<part>;
  options.ctx = this;
  options.drop = &FanOut::give_back_share;
  return pool_group_submit_task(group_, &options);
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

void FanOut::give_back_share(void* self) {
  auto* fan_out = static_cast<FanOut*>(self);
  // acq_rel: what the others did before they gave back theirs happens before the post. (finish() waits for the group
  // besides, which covers the tasks; start() is covered only here.)
  if (fan_out->shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) fan_out->mailbox_.post(fan_out);
}

void FanOut::digest() {
  Digest sink;
  seen_[0] = stream_file(message_.path, stop_, sink);
  result_.sha256 = sink.hex();
}

void FanOut::count_text() {
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
  std::int32_t code = 0;
  std::array<char, POOL_FAILURE_TEXT_MAX> text{};
  const pool_status_t asked = pool_group_failure(group_, &code, text.data(), text.size());
  const pool_status_t ended = pool_group_destroy(group_);

  if (waited != POOL_OK && waited != POOL_EFAILED) return broken("pool_group_wait", waited);
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
