// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// open.hpp - the queue that a URL names.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/options.hpp"
#include "queue/inbox.hpp"
#include "queue/queue.hpp"

namespace consumer {

/// Opens the queue for a run. Lines about its connection are told, from any thread. Throws Error.
std::unique_ptr<Queue> open_queue(const Options& options, std::function<void(const std::string&)> tell);

/// Opens the queue for enqueueing.
std::unique_ptr<Inbox> open_inbox(const Options& options, std::function<void(const std::string&)> tell);

/// Throws Error if the queue is on a broker and this program was built without AMQP.
void must_have_amqp(const Options& options);

}  // namespace consumer
