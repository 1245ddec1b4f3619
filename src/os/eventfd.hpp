// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Eventfds of the caller's, by which the library tells of something.
//
// Guarantees: nothing here blocks, raises a signal, or is a cancellation point.
#pragma once

namespace pool::os {

enum class Duplicated { ok, unfit, none_left };

// A descriptor of our own, closed on exec, for the same eventfd. unfit: `fd` is not open, not an eventfd, or may block:
// a write to it could hold up a worker, and one to a pipe could end the process.
Duplicated duplicate_eventfd(int fd, int& duplicate);

// Adds 1. At its maximum the counter stays as it is: its reader is told already.
void signal_eventfd(int fd);

void close_descriptor(int fd);

}  // namespace pool::os
