// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "files/stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tasks/failure.hpp"

namespace consumer {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileState state_of(const Fd& fd) {
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) throw TaskFailure::system(errno, "fstat");
  if (!S_ISREG(info.st_mode)) throw TaskFailure(FailureCode::not_regular, "not a regular file any more");
  return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

}  // namespace

FileState stream_file(const Path& path, const std::atomic<bool>& stop, Sink& sink) {
  // A FIFO or a device that took the file's place must neither block nor do something when it is opened.
  const Fd fd = open_path(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!fd) {
    if (errno == ELOOP) throw TaskFailure(FailureCode::not_regular, "not a regular file any more: a symbolic link");
    if (errno == ENXIO) throw TaskFailure(FailureCode::not_regular, "not a regular file any more");
    throw TaskFailure::system(errno, "open");
  }
  const FileState before = state_of(fd);

  std::array<unsigned char, 64 * 1024> buffer;
  std::int64_t size = 0;
  for (;;) {
    if (stop.load(std::memory_order_relaxed)) throw TaskFailure(FailureCode::stopped, "stopped");
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw TaskFailure::system(errno, "read");
    if (got == 0) break;
    size += got;
    sink.take({buffer.data(), static_cast<std::size_t>(got)});
  }

  if (state_of(fd) != before || size != before.size) {
    throw TaskFailure(FailureCode::changed, "changed while it was read");
  }
  return before;
}

}  // namespace consumer
