// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// commands.hpp - what the program can do. Each command throws Error, or returns the exit status.
#pragma once

#include "base/error.hpp"
#include "cli/options.hpp"

namespace consumer {

Exit enqueue(const Options& options);
Exit run(const Options& options);
Exit collect(const Options& options);
Exit status(const Options& options);

}  // namespace consumer
