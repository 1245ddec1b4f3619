// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "metrics/address.hpp"

#include <arpa/inet.h>

#include <stdexcept>

namespace consumer {
namespace {

bool is_loopback(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  return host == "[::1]" || host == "localhost";
}

}  // namespace

std::string text_of(const ServeAddress& address) { return address.host + ':' + std::to_string(address.port); }

ServeAddress parse_serve_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) throw std::invalid_argument("wants HOST:PORT, 127.0.0.1:9090 for example");
  const std::string host = text.substr(0, colon), port = text.substr(colon + 1);
  if (!is_loopback(host)) throw std::invalid_argument("HOST has to be 127.0.0.1, [::1] or localhost");
  const bool is_number = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number || std::stoi(port) > 65'535) throw std::invalid_argument("PORT has to be 0 to 65535");
  return {.host = host, .port = std::stoi(port)};
}

}  // namespace consumer
