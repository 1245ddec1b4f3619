// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Text that is written to a file descriptor whenever its buffer is full. Allocates nothing.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace pool::capi {

template <std::size_t size>
class Text {
 public:
  explicit Text(int fd) : fd_(fd) {}
  ~Text() { flush(); }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  Text& operator<<(const char* text) {
    for (; *text != '\0'; ++text) put(*text);
    return *this;
  }
  Text& operator<<(std::uint64_t number) { return digits(number, 10); }
  Text& hex(std::uint64_t number) {
    *this << "0x";
    return digits(number, 16);
  }
  // Thousandths, as a number with three places.
  Text& thousandths(std::uint64_t number) {
    *this << number / 1000;
    put('.');
    for (std::uint64_t place = 100; place != 0; place /= 10) put(static_cast<char>('0' + number / place % 10));
    return *this;
  }
  void put(char c) {
    if (used_ == size) flush();
    bytes_[used_++] = c;
  }
  // Whether all could be written so far.
  bool is_fine() const { return is_fine_; }
  void flush() {
    for (std::size_t done = 0; is_fine_ && done < used_;) {
      const ssize_t written = write(fd_, bytes_ + done, used_ - done);
      if (written < 0 && errno == EINTR) continue;
      is_fine_ = written > 0;
      if (is_fine_) done += static_cast<std::size_t>(written);
    }
    used_ = 0;
  }

 private:
  Text& digits(std::uint64_t number, unsigned base) {
    char text[24];
    std::size_t i = sizeof text;
    text[--i] = '\0';
    do {
      text[--i] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    return *this << text + i;
  }

  const int fd_;
  char bytes_[size] = {};
  std::size_t used_ = 0;
  bool is_fine_ = true;
};

}  // namespace pool::capi
