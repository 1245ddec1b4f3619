// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "files/walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

namespace consumer {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

// The kinds of file, as readdir() and stat() tell them.
unsigned char kind_of(mode_t mode) { return static_cast<unsigned char>((mode & S_IFMT) >> 12); }

class Walk {
 public:
  Walk(const std::set<FileId>& own, const WalkCallbacks& callbacks) : own_(own), callbacks_(callbacks) {}

  Skipped below(const Path& root) {
    folders_.push_back(root);
    while (!folders_.empty()) {
      const Path folder = std::move(folders_.back());
      folders_.pop_back();
      read_folder(folder);
    }
    return skipped_;
  }

 private:
  void read_folder(const Path& path) {
    Fd fd = open_path(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0) return fail(path);
    if (!device_known_) {
      device_ = info.st_dev;
      device_known_ = true;
    } else if (info.st_dev != device_) {
      skipped_.mounts++;
      return;
    }
    Dir dir(fdopendir(fd.get()));
    if (!dir) return fail(path);
    fd.release();  // closedir() closes it
    const Path prefix = path.back() == '/' ? path : path + '/';
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(dir.get());
      if (entry == nullptr) break;
      take(dirfd(dir.get()), prefix, *entry);
    }
    if (errno != 0) fail(path);
  }

  void take(int folder, const Path& prefix, const dirent& entry) {
    const std::string_view name = entry.d_name;
    if (name == "." || name == "..") return;
    unsigned char kind = entry.d_type;
    if (kind == DT_UNKNOWN) {
      struct stat info {};
      if (fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        skipped_.vanished++;
        return;
      }
      kind = kind_of(info.st_mode);
    }
    switch (kind) {
      case DT_REG:
        if (is_own(folder, entry)) {
          skipped_.own++;
        } else {
          callbacks_.file(prefix + entry.d_name);
        }
        break;
      case DT_DIR:
        folders_.push_back(prefix + entry.d_name);
        break;
      case DT_LNK:
        skipped_.symlinks++;
        break;
      case DT_FIFO:
        skipped_.fifos++;
        break;
      case DT_SOCK:
        skipped_.sockets++;
        break;
      default:
        skipped_.devices++;
    }
  }

  bool is_own(int folder, const dirent& entry) const {
    for (const auto& [device, inode] : own_) {
      if (inode != entry.d_ino) continue;
      struct stat info {};
      return fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
             own_.contains({info.st_dev, info.st_ino});
    }
    return false;
  }

  void fail(const Path& path) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR || error == ELOOP) {
      skipped_.vanished++;
    } else {
      skipped_.unreadable++;
      callbacks_.unreadable(path, error);
    }
  }

  const std::set<FileId>& own_;
  const WalkCallbacks& callbacks_;
  std::vector<Path> folders_;  // found and not read yet
  dev_t device_ = 0;
  bool device_known_ = false;
  Skipped skipped_;
};

}  // namespace

Skipped walk(const Path& root, const std::set<FileId>& own, const WalkCallbacks& callbacks) {
  return Walk(own, callbacks).below(root);
}

}  // namespace consumer
