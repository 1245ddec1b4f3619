// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// rehearsal.hpp - for tests that rehearse the worst: dying at a named point, and telling an outsider what was seen.
#pragma once

#include <string_view>

namespace consumer::rehearsal {

/// With CONSUMER_KILL=POINT:N in the environment, the N-th to pass the point ends the process with SIGKILL. The points:
/// after-fetch, mid-submit, mid-group, after-wait, before-ack, after-ack.
void pass(std::string_view point);

/// With CONSUMER_LEDGER=FILE, appends the line "PID EVENT ID" to the file, before anything else happens.
void note(std::string_view event, std::string_view id);

}  // namespace consumer::rehearsal
