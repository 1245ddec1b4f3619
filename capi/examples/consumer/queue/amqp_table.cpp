// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_table.hpp"

#include <optional>

namespace consumer {
namespace {

std::optional<std::int64_t> integer_of(const amqp_field_value_t& field) {
  switch (field.kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
      return field.value.boolean != 0 ? 1 : 0;
    case AMQP_FIELD_KIND_I8:
      return field.value.i8;
    case AMQP_FIELD_KIND_U8:
      return field.value.u8;
    case AMQP_FIELD_KIND_I16:
      return field.value.i16;
    case AMQP_FIELD_KIND_U16:
      return field.value.u16;
    case AMQP_FIELD_KIND_I32:
      return field.value.i32;
    case AMQP_FIELD_KIND_U32:
      return field.value.u32;
    case AMQP_FIELD_KIND_I64:
      return field.value.i64;
    default:
      return std::nullopt;
  }
}

}  // namespace

AmqpTable::AmqpTable(const AmqpHeaders& headers) {
  for (const auto& [name, value] : headers) {
    amqp_table_entry_t entry{};
    entry.key = amqp_bytes(name);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      entry.value.kind = AMQP_FIELD_KIND_I64;
      entry.value.value.i64 = *integer;
    } else {
      entry.value.kind = AMQP_FIELD_KIND_UTF8;
      entry.value.value.bytes = amqp_bytes(std::get<std::string>(value));
    }
    entries_.push_back(entry);
  }
}

AmqpHeaders headers_of(const amqp_table_t& table) {
  AmqpHeaders headers;
  for (int i = 0; i < table.num_entries; i++) {
    const amqp_table_entry_t& entry = table.entries[i];
    if (const auto integer = integer_of(entry.value)) {
      headers[string_of(entry.key)] = *integer;
    } else if (entry.value.kind == AMQP_FIELD_KIND_UTF8 || entry.value.kind == AMQP_FIELD_KIND_BYTES) {
      headers[string_of(entry.key)] = string_of(entry.value.value.bytes);
    }
  }
  return headers;
}

}  // namespace consumer
