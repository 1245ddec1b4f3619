// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// terminal.hpp - what a descriptor's terminal is like.
#pragma once

#include <cstddef>

namespace consumer {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// The size of the terminal that `fd` is, 80x24 if that cannot be found out; no more than the environment's COLUMNS and
/// LINES say.
TerminalSize terminal_size(int fd);

/// Whether a write of some thousand bytes would not block: nobody has stopped the terminal, no pipe is full.
bool writable(int fd);

/// Whether the user's locale (LC_ALL, LC_CTYPE, LANG) is one of UTF-8.
bool locale_is_utf8();

}  // namespace consumer
