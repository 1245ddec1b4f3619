// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// failure.hpp - why a task failed, as the code and the text that libpool carries to whoever waits for the group.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace consumer {

/// Codes above every errno value; below them a code is an errno value.
enum class FailureCode : std::int32_t {
  changed = 10'000,  // the file changed while it was read
  not_regular,       // something else stands at the path now
  stopped,           // the consumer is ending; the message's own fault is none
};

/// What to do with a message whose task failed.
enum class Remedy { retry, give_up, hand_back };

/// Classifies a failure's code. A file that is gone or forbidden stays so; a strained system or a busy file may be
/// better next time.
Remedy remedy_for(std::int32_t code);

/// Thrown inside a task.
class TaskFailure : public std::runtime_error {
 public:
  TaskFailure(FailureCode code, const std::string& text)
      : std::runtime_error(text), code_(static_cast<std::int32_t>(code)) {}

  /// A system call's failure: "open: Permission denied".
  static TaskFailure system(int error, const char* call);

  std::int32_t code() const { return code_; }

 private:
  TaskFailure(std::int32_t code, const std::string& text) : std::runtime_error(text), code_(code) {}

  std::int32_t code_;
};

}  // namespace consumer
