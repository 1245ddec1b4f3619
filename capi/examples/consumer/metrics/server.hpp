// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// server.hpp - the pool's metrics over HTTP.
#pragma once

#include <pool/pool.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "metrics/address.hpp"

namespace httplib {
class Server;
}

namespace consumer {

/// Answers GET /metrics with what pool_metrics says, everything else with 404, while it lives; on threads of its own,
/// since those of the pool may all be busy.
class MetricsServer {
 public:
  /// Throws Error, whose text names the option: the address cannot be had. The pool shall live longer.
  MetricsServer(pool_t pool, const ServeAddress& address);

  /// Answers what has been asked, and ends: within a second, even if somebody is silent on an open connection.
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  /// "http://127.0.0.1:9090/metrics".
  const std::string& url() const { return url_; }

 private:
  const std::unique_ptr<httplib::Server> server_;
  std::string url_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace consumer
