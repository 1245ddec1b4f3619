// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The file of a trace: JSON as chrome://tracing defined it and Perfetto reads it.
#pragma once

#include "world.hpp"

namespace pool::capi {

// Writes the file of a trace that is over, closes it, and frees the trace. POOL_OK, POOL_EINVAL (not written to the
// end) or POOL_ENOMEM.
pool_status_t finish_trace(World& world, sched::Trace<System>* trace) noexcept;

}  // namespace pool::capi
