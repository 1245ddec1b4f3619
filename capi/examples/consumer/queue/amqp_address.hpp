// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_address.hpp - where the brokers are, and as whom to speak with them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace consumer {

struct AmqpHost {
  std::string name;
  std::uint16_t port = 5672;

  std::string text() const;
};

/// "amqp://user:password@host:port,host:port/vhost": the nodes of one cluster, any of which will do.
struct AmqpAddress {
  std::vector<AmqpHost> hosts;
  std::string user = "guest";
  std::string password = "guest";
  std::string vhost = "/";
};

/// Reads such a URL; what is left out is as above, %HH is a byte. Throws std::invalid_argument, whose text says what is
/// wrong with it and does not have the password.
AmqpAddress parse_amqp_address(const std::string& url);

}  // namespace consumer
