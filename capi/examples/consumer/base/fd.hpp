// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// fd.hpp - a file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace consumer {

/// Owns a file descriptor, or none (-1).
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace consumer
