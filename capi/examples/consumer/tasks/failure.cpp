// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "tasks/failure.hpp"

#include <cerrno>
#include <system_error>

namespace consumer {

Remedy remedy_for(std::int32_t code) {
  switch (code) {
    case static_cast<std::int32_t>(FailureCode::stopped):
      return Remedy::hand_back;
    case static_cast<std::int32_t>(FailureCode::not_regular):
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EACCES:
    case EPERM:
    case ENAMETOOLONG:
      return Remedy::give_up;
    default:
      return Remedy::retry;
  }
}

TaskFailure TaskFailure::system(int error, const char* call) {
  return {std::int32_t{error}, std::string(call) + ": " + std::generic_category().message(error)};
}

}  // namespace consumer
