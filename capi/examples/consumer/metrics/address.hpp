// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// address.hpp - where metrics are served.
#pragma once

#include <string>

namespace consumer {

/// Where to serve.
struct ServeAddress {
  std::string host;
  int port = 0;  // 0: one that is free
};

/// "HOST:PORT" as it is written on the command line.
std::string text_of(const ServeAddress& address);

/// Reads "HOST:PORT", where HOST is 127.0.0.1 or another address of this machine's loopback, [::1] or localhost:
/// nobody is asked who they are. Throws
/// std::invalid_argument, whose text says what is wrong.
ServeAddress parse_serve_address(const std::string& text);

}  // namespace consumer
