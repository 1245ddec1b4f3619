// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// walk.hpp - finds the regular files below a folder.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "files/path.hpp"

namespace consumer {

/// A file's device and inode number.
using FileId = std::pair<dev_t, ino_t>;

/// What a walk passed by.
struct Skipped {
  std::uint64_t symlinks = 0;
  std::uint64_t fifos = 0;
  std::uint64_t sockets = 0;
  std::uint64_t devices = 0;
  std::uint64_t own = 0;         // the queue's own files
  std::uint64_t mounts = 0;      // folders on another file system
  std::uint64_t vanished = 0;    // gone, or turned into something else, during the walk
  std::uint64_t unreadable = 0;  // folders that gave an error
};

/// What a walk tells its caller.
struct WalkCallbacks {
  std::function<void(const Path&)> file;
  std::function<void(const Path&, int error)> unreadable;  // a folder, and its errno
};

/// Calls back for every regular file below `root`, an absolute path without links, as long as it is on the same file
/// system. Follows no link, so that a loop of links cannot matter. Holds one descriptor at a time, however deep it
/// goes. Files in `own` are passed by.
Skipped walk(const Path& root, const std::set<FileId>& own, const WalkCallbacks& callbacks);

}  // namespace consumer
