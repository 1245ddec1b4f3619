// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Starts a program over and over and waits for it: startup_timer PROGRAM startup. In us.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "measure.hpp"

int main(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[2], "startup") != 0) {
    std::fprintf(stderr, "usage: %s PROGRAM startup\n", argv[0]);
    return 2;
  }
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < bench::rounds(500); i++) {
    const int64_t start = bench::wall_ns();
    char* arguments[] = {argv[1], nullptr};
    pid_t child = 0;
    int status = 0;
    if (posix_spawn(&child, argv[1], nullptr, nullptr, arguments, environ) != 0) return 1;
    if (waitpid(child, &status, 0) != child || status != 0) return 1;
    samples.push_back(bench::wall_ns() - start);
  }
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto us = [](const timeval& time) {
    return 1e6 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec);
  };
  std::sort(samples.begin(), samples.end());
  bench::print("startup", static_cast<double>(samples[samples.size() / 2]) / 1e3,
               (us(usage.ru_utime) + us(usage.ru_stime)) / static_cast<double>(samples.size()));
}
