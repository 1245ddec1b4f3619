// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// fan_out.hpp - one message on its way through the pool.
#pragma once

#include <pool/pool.h>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>

#include "files/stream.hpp"
#include "queue/queue.hpp"
#include "run/mailbox.hpp"
#include "tasks/failure.hpp"

namespace consumer {

/// How a message's group ended: with a result, or with what to do instead and why.
struct Outcome {
  std::optional<Result> result;
  Remedy remedy = Remedy::retry;
  std::string reason;
  bool pool_broken = false;  // the pool gave a status after which there is no going on
};

/// A message, its group of three tasks, and what they found out.
///
/// Life: start() makes the group and submits the tasks, each of which reads the file by itself; the first one that
/// fails cancels those that have not started. When the group is empty, its notification posts the object to the
/// mailbox, and touches it no more. finish() then asks how it went, and ends the group. After finish() the object may
/// go.
class FanOut {
 public:
  using Clock = std::chrono::steady_clock;

  /// Tasks end early, with FailureCode::stopped, once `stop` is true.
  FanOut(Message message, Mailbox& mailbox, const std::atomic<bool>& stop);
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  /// Fans the message out. Whatever happens, the object is posted to the mailbox once.
  void start(pool_t pool);

  /// Requires: posted. Called once.
  Outcome finish();

  const Message& message() const { return message_; }
  Clock::time_point started() const { return started_; }

 private:
  void digest();
  void count_text();
  void deflate();

  template <void (FanOut::*part)()>
  static std::int32_t task(void* self);
  static void post(void* self, pool_status_t outcome);

  template <void (FanOut::*part)()>
  pool_status_t submit();
  Outcome joined() const;
  Outcome refused_outcome() const;

  const Message message_;
  Mailbox& mailbox_;
  const std::atomic<bool>& stop_;
  const Clock::time_point started_ = Clock::now();
  pool_group_t group_{};
  pool_status_t refused_ = POOL_OK;  // why not all tasks were accepted
  Result result_;                    // each task writes its own fields
  std::array<FileState, 3> seen_;    // what each task has read
};

}  // namespace consumer
