// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/eventfd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>

namespace pool::os {

namespace {

// Not write(), which is a cancellation point.
bool add(int fd, std::uint64_t value) {
  return syscall(SYS_write, fd, &value, sizeof value) == static_cast<long>(sizeof value);
}

// Eventfds have no type of file, like some others; but only they take a number. To add 0 changes nothing. (The link in
// /proc would say it, too, where there is a /proc.)
bool is_eventfd(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == 0 && add(fd, 0);
}

}  // namespace

Duplicated duplicate_eventfd(int fd, int& duplicate) {
  // Not one of the three that are everybody's, should they be closed.
  const int ours = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (ours < 0) return errno == EBADF ? Duplicated::unfit : Duplicated::none_left;
  // Looked at in the duplicate, which nobody else can close and open as something else.
  const int flags = fcntl(ours, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK) == 0 || !is_eventfd(ours)) {
    close_descriptor(ours);
    return Duplicated::unfit;
  }
  duplicate = ours;
  return Duplicated::ok;
}

void signal_eventfd(int fd) { (void)add(fd, 1); }

void close_descriptor(int fd) { syscall(SYS_close, fd); }

}  // namespace pool::os
