// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/amqp_connection.hpp"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "queue/amqp_table.hpp"

namespace consumer {
namespace {

constexpr amqp_channel_t receiving = 1;
constexpr amqp_channel_t publishing = 2;
constexpr amqp_channel_t looking = 3;

constexpr int frame_max = 131'072;
constexpr std::chrono::seconds connect_patience{5};
constexpr std::chrono::seconds reply_patience{15};  // a queue's leader may have to be elected first

timeval timeval_of(std::chrono::milliseconds time) {
  return {static_cast<time_t>(time.count() / 1000), static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

// What the broker says when it closes a connection or a channel.
struct Refusal {
  int code = 0;
  std::string text;
};

Refusal refusal_in(const amqp_method_t& method) {
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
    return {close->reply_code, escape(string_of(close->reply_text))};
  }
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
    return {close->reply_code, escape(string_of(close->reply_text))};
  }
  return {0, std::string("unexpected answer ") + amqp_method_name(method.id)};
}

// Whether it would say the same to the next connection: wrong credentials, virtual host, queue. All else may be a
// broker that is being stopped, or a cluster that looks for a leader.
bool is_for_good(int code) {
  return code == AMQP_ACCESS_REFUSED || code == AMQP_NOT_ALLOWED || code == AMQP_PRECONDITION_FAILED ||
         code == AMQP_RESOURCE_LOCKED || code == AMQP_NOT_IMPLEMENTED;
}

std::string text_of(int status) { return amqp_error_string2(status); }

}  // namespace

AmqpConnection::AmqpConnection(const AmqpAddress& address, const AmqpHost& host, Duration heartbeat)
    : name_(host.text()), state_(amqp_new_connection()) {
  amqp_socket_t* const socket = state_ ? amqp_tcp_socket_new(state_.get()) : nullptr;
  if (socket == nullptr) throw Error(Exit::system, "librabbitmq: no memory");
  const timeval connecting = timeval_of(connect_patience);
  const timeval replying = timeval_of(reply_patience);
  amqp_set_handshake_timeout(state_.get(), &replying);
  amqp_set_rpc_timeout(state_.get(), &replying);
  const int opened = amqp_socket_open_noblock(socket, host.name.c_str(), host.port, &connecting);
  if (opened == AMQP_STATUS_SOCKET_ERROR) throw LostConnection("nobody listens there, or there is no way to it");
  check_status("connect", opened);
  const auto seconds = static_cast<int>(std::max<std::int64_t>(1, heartbeat.count() / 1000));
  login(address, seconds);
  for (const amqp_channel_t channel : {receiving, publishing, looking}) {
    amqp_channel_open(state_.get(), channel);
    check("channel");
  }
  amqp_tx_select(state_.get(), receiving);
  check("transactions");
  amqp_confirm_select(state_.get(), publishing);
  check("publisher confirms");
}

AmqpConnection::~AmqpConnection() = default;

void AmqpConnection::login(const AmqpAddress& address, int heartbeat) {
  // What the broker tells only those who say that they understand it.
  std::array<amqp_table_entry_t, 2> capabilities{};
  capabilities[0].key = amqp_bytes("connection.blocked");
  capabilities[1].key = amqp_bytes("consumer_cancel_notify");
  for (amqp_table_entry_t& entry : capabilities) {
    entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    entry.value.value.boolean = 1;
  }
  amqp_table_entry_t property{};
  property.key = amqp_bytes("capabilities");
  property.value.kind = AMQP_FIELD_KIND_TABLE;
  property.value.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
  const amqp_table_t properties{1, &property};
  check("login", amqp_login_with_properties(state_.get(), address.vhost.c_str(), 0, frame_max, heartbeat, &properties,
                                            AMQP_SASL_METHOD_PLAIN, address.user.c_str(), address.password.c_str()));
}

void AmqpConnection::close() { amqp_connection_close(state_.get(), AMQP_REPLY_SUCCESS); }

void AmqpConnection::check(const std::string& what) { check(what, amqp_get_rpc_reply(state_.get())); }

void AmqpConnection::check(const std::string& what, const amqp_rpc_reply_t& reply) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    throw LostConnection(what + ": " + text_of(reply.library_error));
  }
  if (reply.reply_type == AMQP_RESPONSE_NONE) throw LostConnection(what + ": the connection was closed");
  const Refusal refusal = refusal_in(reply.reply);
  if (is_for_good(refusal.code)) throw Error(Exit::database, "broker at " + name_ + ": " + what + ": " + refusal.text);
  throw LostConnection(what + ": " + refusal.text);
}

void AmqpConnection::check_status(const char* what, int status) {
  if (status != AMQP_STATUS_OK) throw LostConnection(std::string(what) + ": " + text_of(status));
}

void AmqpConnection::declare(const std::string& queue, const AmqpHeaders& arguments) {
  amqp_queue_declare(state_.get(), looking, amqp_bytes(queue), 0, 1, 0, 0, AmqpTable(arguments).get());
  check("queue " + queue);
}

AmqpDepth AmqpConnection::look(const std::string& queue) {
  const amqp_queue_declare_ok_t* const found =
      amqp_queue_declare(state_.get(), looking, amqp_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
  check("queue " + queue);
  const AmqpDepth depth{found->message_count, found->consumer_count};
  amqp_maybe_release_buffers_on_channel(state_.get(), looking);
  return depth;
}

void AmqpConnection::subscribe(const std::string& queue, std::uint16_t prefetch) {
  amqp_basic_qos(state_.get(), receiving, 0, prefetch, 0);
  check("prefetch");
  amqp_basic_consume(state_.get(), receiving, amqp_bytes(queue), amqp_bytes(queue), 0, 0, 0, amqp_empty_table);
  check("queue " + queue);
}

void AmqpConnection::unsubscribe(const std::string& queue) {
  amqp_basic_cancel(state_.get(), receiving, amqp_bytes(queue));
  check("queue " + queue);
  while (amqp_frames_enqueued(state_.get()) || amqp_data_in_buffer(state_.get())) pump(Duration(0));
}

void AmqpConnection::publish(const std::string& queue, const AmqpLetter& letter) {
  AmqpTable table(letter.headers);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_HEADERS_FLAG;
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties.message_id = amqp_bytes(letter.id);
  properties.headers = table.get();
  // Mandatory: if there is no such queue (any more) the broker says so rather than confirm and forget.
  check_status("publish", amqp_basic_publish(state_.get(), publishing, amqp_empty_bytes, amqp_bytes(queue), 1, 0,
                                             &properties, amqp_bytes(letter.body)));
  unconfirmed_.insert(++published_);
}

void AmqpConnection::ack(std::uint64_t tag, bool all_before) {
  check_status("acknowledge", amqp_basic_ack(state_.get(), receiving, tag, all_before ? 1 : 0));
}

void AmqpConnection::requeue(std::uint64_t tag) {
  check_status("hand back", amqp_basic_nack(state_.get(), receiving, tag, 0, 1));
}

void AmqpConnection::commit() {
  amqp_tx_commit(state_.get(), receiving);
  check("acknowledge");
}

bool AmqpConnection::pump(Duration patience) {
  amqp_maybe_release_buffers(state_.get());
  const timeval time = timeval_of(patience);
  amqp_envelope_t envelope;
  const amqp_rpc_reply_t reply = amqp_consume_message(state_.get(), &envelope, &time, 0);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    receive(envelope);
    amqp_destroy_envelope(&envelope);
    return true;
  }
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    if (reply.library_error == AMQP_STATUS_TIMEOUT) return false;
    if (reply.library_error == AMQP_STATUS_UNEXPECTED_STATE) {
      handle_frame();
      return true;
    }
  }
  check("receive", reply);
  return false;
}

void AmqpConnection::receive(const amqp_envelope_t& envelope) {
  AmqpDelivery delivery{envelope.delivery_tag, envelope.redelivered != 0, string_of(envelope.consumer_tag), {}};
  const amqp_basic_properties_t& properties = envelope.message.properties;
  if ((properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) delivery.letter.id = string_of(properties.message_id);
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) != 0) delivery.letter.headers = headers_of(properties.headers);
  // One byte more than may be tells that it is too large.
  amqp_bytes_t body = envelope.message.body;
  body.len = std::min(body.len, longest_amqp_body + 1);
  if (body.len > 0) delivery.letter.body = string_of(body);
  received_.push_back(std::move(delivery));
}

// What comes beside letters.
void AmqpConnection::handle_frame() {
  amqp_frame_t frame;
  check_status("receive", amqp_simple_wait_frame(state_.get(), &frame));
  if (frame.frame_type != AMQP_FRAME_METHOD) return;
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
      const auto end = unconfirmed_.upper_bound(ack->delivery_tag);
      unconfirmed_.erase(ack->multiple != 0 ? unconfirmed_.begin() : unconfirmed_.lower_bound(ack->delivery_tag), end);
      break;
    }
    case AMQP_BASIC_NACK_METHOD:
      throw LostConnection("publish: the broker could not take a message");
    case AMQP_BASIC_RETURN_METHOD: {
      const auto* returned = static_cast<const amqp_basic_return_t*>(method.decoded);
      throw LostConnection("publish: no queue " + escape(string_of(returned->routing_key)));
    }
    case AMQP_BASIC_CANCEL_METHOD:
      throw LostConnection("the broker ended the subscription: the queue is gone, or has no leader");
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blocked_ = escape(string_of(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason));
      break;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_.clear();
      break;
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
      throw LostConnection(refusal_in(method).text);
    default:
      break;
  }
}

}  // namespace consumer
