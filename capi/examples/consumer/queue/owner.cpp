// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "queue/owner.hpp"

#include <fcntl.h>
#include <sys/random.h>

#include <cerrno>
#include <limits>
#include <system_error>

#include "base/error.hpp"
#include "base/text.hpp"

namespace consumer {
namespace {

struct flock byte_lock(std::int64_t id) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = id;
  lock.l_len = 1;
  return lock;  // l_pid is 0, as locks of an open file description want it
}

std::int64_t random_id() {
  std::int64_t id = 0;
  while (getrandom(&id, sizeof id, 0) != sizeof id) {
  }
  return id & (std::numeric_limits<std::int64_t>::max() >> 1);  // a byte's place in a file, with one behind it
}

}  // namespace

Owner::Owner(const Path& database)
    : file_(open(file_beside(database).c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666)) {
  if (file_) {
    id_ = random_id();
    struct flock lock = byte_lock(id_);
    if (fcntl(file_.get(), F_OFD_SETLK, &lock) == 0) return;
  }
  throw Error(Exit::database,
              escape(file_beside(database)) + ": cannot lock: " + std::generic_category().message(errno));
}

bool Owner::alive(std::int64_t id) const {
  if (id == id_) return true;
  struct flock lock = byte_lock(id);
  return fcntl(file_.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace consumer
