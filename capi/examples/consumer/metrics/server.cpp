// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "metrics/server.hpp"

#include <httplib.h>
#include <pool/insight.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/error.hpp"

namespace consumer {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 1s;       // with a client that is silent
constexpr std::size_t threads = 2;  // so that such a one keeps nobody waiting

void answer(pool_t pool, httplib::Response& response) {
  std::string text;
  std::size_t length = 0;
  pool_status_t status = pool_metrics(pool, nullptr, 0, &length);
  // A figure may have got longer meanwhile.
  while (status == POOL_EFULL) {
    text.resize(length + 1);
    status = pool_metrics(pool, text.data(), text.size(), &length);
  }
  if (status != POOL_OK) {
    response.status = 500;
    response.set_content(std::string("pool_metrics: ") + pool_status_str(status) + '\n', "text/plain");
    return;
  }
  text.resize(length);
  response.set_content(text, "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

}  // namespace

MetricsServer::MetricsServer(pool_t pool, const ServeAddress& address) : server_(std::make_unique<httplib::Server>()) {
  server_->Get("/metrics", [pool](const httplib::Request&, httplib::Response& response) { answer(pool, response); });
  server_->new_task_queue = [] { return new httplib::ThreadPool(threads); };
  server_->set_keep_alive_max_count(1);
  server_->set_read_timeout(patience);
  server_->set_write_timeout(patience);
  // The library's own would let two processes have the same port.
  server_->set_socket_options([](int socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });

  const bool is_ipv6 = address.host.front() == '[';
  const std::string host = is_ipv6 ? address.host.substr(1, address.host.size() - 2) : address.host;
  errno = 0;
  int port = address.port;
  const bool is_bound = port == 0 ? (port = server_->bind_to_any_port(host)) > 0 : server_->bind_to_port(host, port);
  if (!is_bound) {
    throw Error(Exit::usage, "--metrics " + text_of(address) + ": " +
                                 (errno != 0 ? std::generic_category().message(errno) : "cannot listen there"));
  }
  url_ = "http://" + text_of({address.host, port}) + "/metrics";

  thread_ = std::thread([this] {
    server_->listen_after_bind();
    ended_ = true;
  });
  // A stop before that would be forgotten.
  while (!server_->is_running() && !ended_) std::this_thread::sleep_for(1ms);
}

MetricsServer::~MetricsServer() {
  server_->stop();
  thread_.join();
}

}  // namespace consumer
