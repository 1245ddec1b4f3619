// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What control groups let this process have of the processors: a container's "two CPUs" is a quota of run time per
// period, and no affinity mask tells of it.
//
// Both versions, and both at once: every hierarchy that has the cpu controller counts, and in each of them our own
// group and all groups above it, as far up as they are mounted here. The tightest of all bounds is the one that holds.
#pragma once

#include <cstdint>

namespace pool::os {

// The quota in processors, rounded up, at least 1; 0: there is none, or it cannot be read. `root` is put before every
// path that is read ("" but in tests). Never throws; not a cancellation point.
std::uint32_t quota_processors(const char* root = "") noexcept;

}  // namespace pool::os
