// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_address.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace consumer {
namespace {

constexpr std::string_view scheme = "amqp://";

std::string decoded(std::string_view text, const char* field) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    const bool room = text.size() - i > 2;
    if (!room || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
      throw std::invalid_argument(std::string(field) + ": % without two hexadecimal digits");
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

AmqpHost parse_host(std::string_view text) {
  AmqpHost host;
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {  // an IPv6 address
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) throw std::invalid_argument("host: [ without ]");
    host.name = text.substr(1, bracket - 1);
    end = bracket + 1 < text.size() ? bracket + 1 : std::string_view::npos;
  } else {
    host.name = text.substr(0, end);
  }
  if (host.name.empty()) throw std::invalid_argument("host: missing");
  if (end == std::string_view::npos) return host;
  const std::string_view port = text.substr(end + 1);
  const auto [last, error] = std::from_chars(port.data(), port.data() + port.size(), host.port);
  if (text[end] != ':' || error != std::errc() || last != port.data() + port.size() || host.port == 0) {
    throw std::invalid_argument("port: not a number from 1 to 65535");
  }
  return host;
}

}  // namespace

std::string AmqpHost::text() const {
  const bool ipv6 = name.find(':') != std::string::npos;
  return (ipv6 ? '[' + name + ']' : name) + ':' + std::to_string(port);
}

AmqpAddress parse_amqp_address(const std::string& url) {
  std::string_view rest = url;
  if (!rest.starts_with(scheme)) throw std::invalid_argument("scheme: not amqp://");
  rest.remove_prefix(scheme.size());
  AmqpAddress address;
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    address.vhost = decoded(rest.substr(slash + 1), "vhost");
    if (address.vhost.empty()) throw std::invalid_argument("vhost: empty; the one named / is %2F");
    rest = rest.substr(0, slash);
  }
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const std::size_t colon = who.find(':');
    address.user = decoded(who.substr(0, colon), "user");
    address.password = colon == std::string_view::npos ? "" : decoded(who.substr(colon + 1), "password");
    rest.remove_prefix(at + 1);
  }
  for (;;) {
    const std::size_t comma = rest.find(',');
    address.hosts.push_back(parse_host(rest.substr(0, comma)));
    if (comma == std::string_view::npos) return address;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace consumer
