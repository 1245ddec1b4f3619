// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// enqueue.cpp - one message per regular file below a folder.
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "files/walk.hpp"
#include "queue/open.hpp"

namespace consumer {
namespace {

// The folder's absolute path, without links.
Path real_folder(const Path& folder) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(folder.c_str(), nullptr), free);
  struct stat info {};
  if (!real || stat(real.get(), &info) != 0) {
    throw Error(Exit::usage, escape(folder) + ": " + std::strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) throw Error(Exit::usage, escape(folder) + ": not a folder");
  return real.get();
}

void print_skipped(const Skipped& skipped) {
  std::string text;
  const auto add = [&text](std::uint64_t number, const char* noun) {
    if (number == 0) return;
    text += (text.empty() ? "" : ", ") + counted(number, noun);
  };
  add(skipped.symlinks, "symbolic link");
  add(skipped.fifos, "FIFO");
  add(skipped.sockets, "socket");
  add(skipped.devices, "device");
  add(skipped.mounts, "mount point");
  add(skipped.own, "file of this database");
  add(skipped.vanished, "vanished entry");
  add(skipped.unreadable, "unreadable folder");
  if (!text.empty()) std::printf("skipped: %s\n", text.c_str());
}

void print_json(const Inbox& inbox, const Skipped& skipped) {
  const nlohmann::ordered_json json = {
      {"messages", inbox.added()},      {"already_queued", inbox.already_there()},
      {"symlinks", skipped.symlinks},   {"fifos", skipped.fifos},
      {"sockets", skipped.sockets},     {"devices", skipped.devices},
      {"mount_points", skipped.mounts}, {"own_files", skipped.own},
      {"vanished", skipped.vanished},   {"unreadable_folders", skipped.unreadable},
  };
  std::printf("%s\n", json.dump().c_str());
}

}  // namespace

Exit enqueue(const Options& options) {
  const Path folder = real_folder(options.enqueue.folder);
  const auto opened =
      open_inbox(options, [](const std::string& line) { std::fprintf(stderr, "consumer: %s\n", line.c_str()); });
  Inbox& inbox = *opened;
  const Skipped skipped = walk(folder, inbox.files(),
                               {.file = [&](const Path& path) { inbox.add(path); },
                                .unreadable =
                                    [](const Path& path, int error) {
                                      std::fprintf(stderr, "consumer: %s: cannot be read: %s\n", escape(path).c_str(),
                                                   std::strerror(error));
                                    }});
  inbox.commit();

  if (options.json) {
    print_json(inbox, skipped);
  } else {
    std::string text = counted(inbox.added(), "message");
    if (inbox.already_there() > 0) text += ", " + grouped(inbox.already_there()) + " already queued";
    std::printf("enqueued: %s\n", text.c_str());
    print_skipped(skipped);
  }
  return skipped.unreadable > 0 ? Exit::left_out : Exit::ok;
}

}  // namespace consumer
