// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "base/terminal.hpp"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace consumer {
namespace {

// A number above 0 in the environment lowers the value.
void obey(const char* variable, std::size_t& value) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  if (text == nullptr) return;
  const std::string_view all = text;
  std::size_t wanted = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), wanted);
  if (error == std::errc() && end == all.data() + all.size() && wanted > 0) value = std::min(value, wanted);
}

}  // namespace

TerminalSize terminal_size(int fd) {
  TerminalSize size;
  winsize real{};
  if (ioctl(fd, TIOCGWINSZ, &real) == 0) {
    if (real.ws_col > 0) size.columns = real.ws_col;
    if (real.ws_row > 0) size.rows = real.ws_row;
  }
  obey("COLUMNS", size.columns);
  obey("LINES", size.rows);
  return size;
}

bool writable(int fd) {
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&ready, 1, 0) == 1;
}

bool locale_is_utf8() {
  const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) return false;
  const bool is_utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
  freelocale(locale);
  return is_utf8;
}

}  // namespace consumer
