// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// text.hpp - bytes and numbers made fit for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace consumer {

/// Returns `bytes` as printable UTF-8 on one line: control characters, backslashes and whatever is not UTF-8 become
/// \n, \t, \\ or \xHH. Different bytes give different texts.
std::string escape(std::string_view bytes);

/// 1234567 gives "1,234,567".
std::string grouped(std::uint64_t number);

/// A number and its noun: "1 file", "2 files".
std::string counted(std::uint64_t number, std::string_view noun);

/// Seconds as "1:02:03" or "2:03".
std::string clock_text(double seconds);

/// Nanoseconds as "403 us", "3.8 ms", "1.2 s" or, from a hundred seconds on, "2:03"; at most two places.
std::string duration_text(double ns);

}  // namespace consumer
