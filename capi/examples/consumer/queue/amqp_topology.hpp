// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// amqp_topology.hpp - the queues of a job on the broker.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "queue/amqp_connection.hpp"

namespace consumer {

/// All are quorum queues: replicated, and written to disk by a majority before a publish is confirmed.
///
///     enqueue --> consumer.work --> run --> consumer.results --> collect
///                     ^              |----> consumer.dead    --> collect
///                     '-- consumer.retry.MS <--'
///
/// A message that shall wait goes to a queue in which every message lives for the same time, after which the broker
/// moves it to consumer.work, and removes it here only when it is confirmed there. There is such a queue for each power
/// of two: in one queue for all delays a short one would wait behind a long one, since only the head expires.
namespace topology {

inline const std::string work = "consumer.work";
inline const std::string results = "consumer.results";
inline const std::string dead = "consumer.dead";

/// The queues in which messages wait for their next attempt.
const std::vector<std::string>& retries();

/// The one for a delay: what is between two of them is rounded up.
const std::string& retry_for(std::chrono::milliseconds delay);

/// Makes what is not there. Throws Error if something is there otherwise.
void declare(AmqpConnection& connection);

}  // namespace topology
}  // namespace consumer
