// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_table.hpp - headers as librabbitmq wants them, and back.
#pragma once

#include <amqp.h>

#include <vector>

#include "queue/amqp_letter.hpp"

namespace consumer {

inline amqp_bytes_t amqp_bytes(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

inline std::string string_of(const amqp_bytes_t& bytes) { return {static_cast<const char*>(bytes.bytes), bytes.len}; }

/// A table that refers to the headers, which have to outlive it.
class AmqpTable {
 public:
  explicit AmqpTable(const AmqpHeaders& headers);

  amqp_table_t get() { return {static_cast<int>(entries_.size()), entries_.data()}; }

 private:
  std::vector<amqp_table_entry_t> entries_;
};

/// The integers and texts of a table. Values of other types are left out.
AmqpHeaders headers_of(const amqp_table_t& table);

}  // namespace consumer
