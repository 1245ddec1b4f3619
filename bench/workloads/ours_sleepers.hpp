// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#ifndef POOL_BENCH_OURS_SLEEPERS_HPP
#define POOL_BENCH_OURS_SLEEPERS_HPP

#include <string>

namespace bench {

// Runs the case, if it is one of sleepers.hpp; false: it is not.
bool run_sleepers(const std::string& name);

}  // namespace bench

#endif  // POOL_BENCH_OURS_SLEEPERS_HPP
