// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// stream.hpp - reads a regular file from its beginning to its end, and notices when it changes meanwhile.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "files/path.hpp"

namespace consumer {

/// Which file was read, in which state. Two readers that got the same identity have seen the same bytes, as far as
/// the file system's clock can tell.
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileState&) const = default;
};

/// Takes a file piece by piece.
class Sink {
 public:
  virtual void take(std::span<const unsigned char> piece) = 0;

 protected:
  ~Sink() = default;
};

/// Reads the file at `path` into `sink`, in pieces of at most 64 KiB, and returns its state. Throws TaskFailure: it
/// cannot be opened or read, is not a regular file, changed while it was read, or `stop` became true.
FileState stream_file(const Path& path, const std::atomic<bool>& stop, Sink& sink);

}  // namespace consumer
