// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "files/path.hpp"

#include <fcntl.h>

#include <cerrno>
#include <climits>

namespace consumer {

Fd open_path(const Path& path, int flags) {
  // The kernel takes fewer than PATH_MAX bytes at once: go there in steps, each relative to the one before.
  Fd folder(AT_FDCWD);
  std::size_t done = 0;
  while (path.size() - done >= PATH_MAX) {
    const std::size_t slash = path.rfind('/', done + PATH_MAX - 2);
    if (slash == std::string::npos || slash <= done) {
      errno = ENAMETOOLONG;
      return Fd();
    }
    const std::string step = path.substr(done, slash - done + 1);
    folder = Fd(openat(folder.get(), step.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return Fd();
    done = slash + 1;
  }
  return Fd(openat(folder.get(), path.c_str() + done, flags | O_CLOEXEC));
}

}  // namespace consumer
