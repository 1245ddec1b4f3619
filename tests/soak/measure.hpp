// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the process has, by the kernel and by malloc, and whether it grows.
#pragma once

#include <dirent.h>
#include <malloc.h>

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "account.hpp"

namespace soak {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;  // the memory is the sanitizer's, which looks for leaks in its own way
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif
#else
inline constexpr bool is_sanitized = false;
#endif

// Entries of a folder of /proc.
inline int entries(const char* path) {
  DIR* const folder = opendir(path);
  CHECK(folder != nullptr);
  int count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(folder);
  return count;
}
inline int threads_now() { return entries("/proc/self/task"); }
inline int descriptors_now() { return entries("/proc/self/fd") - 1; }  // less the one that looks

// The number behind a word at the beginning of a line, in KiB.
inline std::int64_t kib_of(const char* path, const char* word) {
  std::FILE* const file = std::fopen(path, "re");
  CHECK(file != nullptr);
  char line[256];
  std::int64_t found = -1;
  while (found < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, word, std::strlen(word)) == 0) found = std::strtoll(line + std::strlen(word), nullptr, 10);
  }
  std::fclose(file);
  return found;
}
inline std::int64_t rss_kib() { return kib_of("/proc/self/status", "VmRSS:"); }

struct Memory {
  std::int64_t resident = 0;  // bytes of anonymous pages: the RSS without pages of files, which the kernel may take
  std::int64_t heap = 0;      // bytes that malloc has given out
  std::int64_t mapped = 0;    // bytes of addresses: a thread that nobody joined keeps its stack

  // Requires: nothing is under way. What malloc keeps for later goes back first, so that pages are those in use.
  static Memory now() {
    if (is_sanitized) return {};
    malloc_trim(0);
    Memory memory;
    const std::int64_t exact = kib_of("/proc/self/smaps_rollup", "Anonymous:");
    memory.resident = 1024 * (exact >= 0 ? exact : kib_of("/proc/self/status", "RssAnon:"));
    const struct mallinfo2 info = mallinfo2();
    memory.heap = static_cast<std::int64_t>(info.uordblks + info.hblkhd);
    memory.mapped = 1024 * kib_of("/proc/self/status", "VmSize:");
    return memory;
  }
};

// How much one figure grew in each phase, and whether that is a leak.
//
// A leak grows in every phase. Noise does so now and then: what threads keep to themselves, or a stack, is more than in
// any phase before, and that comes to pass in one phase of the first, second, third ... and seldom again. So the median
// counts, against a bound that is the same however long a phase is: the longer, the smaller the leak that is seen.
class Growth {
 public:
  Growth(const char* name, std::int64_t bound) : name_(name), bound_(bound) {}
  void add(std::int64_t grown) { grown_.push_back(grown); }

  // Prints it, and says whether it is flat.
  bool report(std::uint64_t groups) const {
    if (grown_.empty()) return true;
    std::vector<std::int64_t> sorted = grown_;
    std::sort(sorted.begin(), sorted.end());
    const std::int64_t median = sorted[(sorted.size() - 1) / 2];
    std::int64_t all = 0;
    std::printf("%-9s grew by", name_);
    for (const std::int64_t grown : grown_) {
      std::printf(" %" PRId64, grown / 1024);
      all += grown;
    }
    const bool is_flat = median <= bound_;
    std::printf(" KiB; median %.1f, bound %" PRId64 "; %.3f bytes a group: %s\n", static_cast<double>(median) / 1024,
                bound_ / 1024, static_cast<double>(all) / static_cast<double>(std::max<std::uint64_t>(groups, 1)),
                is_flat ? "flat" : "A LEAK");
    return is_flat;
  }

 private:
  const char* name_;
  std::int64_t bound_;
  std::vector<std::int64_t> grown_;
};

}  // namespace soak
