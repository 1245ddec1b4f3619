// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// schema.hpp - the tables, and how a database of ours is told from others.
#pragma once

#include "queue/database.hpp"

namespace consumer {

/// Makes `database` ready for work: sees that it is ours, or empty and then makes the tables; write-ahead log, a flush
/// at every commit. Throws Error without having changed anything if it is somebody else's, of a later version,
/// read-only, corrupt or locked.
void prepare(Database& database, std::chrono::milliseconds busy);

}  // namespace consumer
