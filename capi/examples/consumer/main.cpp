// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// main.cpp - consumer: the program that libpool exists for. See README.md.
#include <csignal>
#include <cstdio>
#include <exception>

#include "commands/commands.hpp"

namespace {

using namespace consumer;

Exit dispatch(const Options& options) {
  switch (options.command) {
    case Command::enqueue:
      return enqueue(options);
    case Command::run:
      return run(options);
    case Command::collect:
      return collect(options);
    case Command::status:
      return status(options);
  }
  return Exit::usage;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader of ours that went away, or a file size limit, shall be an error like others, not the end.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const Exit status = dispatch(parse_options(argc, argv));
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw Error(Exit::system, "cannot write to stdout");
    return static_cast<int>(status);
  } catch (const Error& error) {
    std::fprintf(stderr, "consumer: %s\n", error.what());
    return static_cast<int>(error.status());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "consumer: %s\n", error.what());
    return static_cast<int>(Exit::system);
  }
}
