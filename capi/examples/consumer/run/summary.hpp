// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// summary.hpp - what a run has done, for people and for machines.
#pragma once

#include "run/master.hpp"

namespace consumer {

/// Prints a short table to stdout.
void print_summary(const RunReport& report);

/// Prints one JSON object to stdout.
void print_summary_json(const RunReport& report);

}  // namespace consumer
