// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/cgroup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <new>
#include <string>
#include <string_view>

#include "base/no_cancel.hpp"

namespace pool::os {

namespace {

using std::string_view;

// What a file has, whole; empty if it cannot be read.
std::string read_file(const std::string& path) {
  std::string text;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char part[4096];
  for (;;) {
    const ssize_t got = read(file, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    try {
      text.append(part, static_cast<std::size_t>(got));
    } catch (...) {
      close(file);
      throw;
    }
  }
  close(file);
  return text;
}

// Takes the part up to the next `separator`, or all there is, off the front of `text`.
string_view take(string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool has_part(string_view list, string_view wanted) {
  while (!list.empty()) {
    if (take(list, ',') == wanted) return true;
  }
  return false;
}

// Paths in mountinfo have blanks and backslashes as \ooo.
std::string unescaped(string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '\\' && text.size() - i > 3 && std::from_chars(digits, digits + 3, value, 8).ptr == digits + 3) {
      plain += static_cast<char>(value);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The number that `text` begins with, which has to be over 0; 0: it does not.
std::int64_t positive(string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max<std::int64_t>(value, 0);
}

// In processors, rounded up; 0: none.
std::uint32_t bound(string_view quota, string_view period) {
  const std::int64_t time = positive(quota);
  const std::int64_t per = positive(period);
  if (time == 0 || per == 0) return 0;
  return static_cast<std::uint32_t>(std::min<std::int64_t>((time - 1) / per + 1, UINT32_MAX));
}

// Of this one group: "max 100000" or "150000 100000" in one file, or two files with a number each.
std::uint32_t bound_of(const std::string& folder, bool unified) {
  if (!unified) return bound(read_file(folder + "/cpu.cfs_quota_us"), read_file(folder + "/cpu.cfs_period_us"));
  const std::string text = read_file(folder + "/cpu.max");
  string_view rest = text;
  const string_view quota = take(rest, ' ');
  return bound(quota, rest);
}

std::uint32_t tightest(std::uint32_t a, std::uint32_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

// Of the group `path` below the mount point `mount`, and of all between.
std::uint32_t bound_along(const std::string& mount, std::string path, bool unified) {
  std::uint32_t found = bound_of(mount, unified);
  while (!path.empty()) {
    found = tightest(found, bound_of(mount + path, unified));
    path.resize(path.find_last_of('/'));  // a path begins with one
  }
  return found;
}

// A hierarchy that has the cpu controller: the unified one (version 2), or that of version 1.
struct Hierarchy {
  bool unified;
  bool found = false;  // is there one?
  std::string path{};  // of our group

  // Looks for our group: lines "0::/path" and "4:cpu,cpuacct:/path".
  void read(string_view groups) {
    while (!groups.empty()) {
      string_view line = take(groups, '\n');
      const string_view number = take(line, ':');
      const string_view controllers = take(line, ':');
      if (unified ? number == "0" && controllers.empty() : has_part(controllers, "cpu")) {
        found = true;
        path = line;
      }
    }
  }

  // Lines "36 35 0:30 /root /mount/point options [optional fields] - type source options".
  std::uint32_t bound(const std::string& root, string_view mounts) const {
    std::uint32_t result = 0;
    std::string elsewhere;  // a mount that does not show our group
    bool shown = false;
    while (found && !mounts.empty()) {
      string_view line = take(mounts, '\n');
      for (int i = 0; i < 3; ++i) take(line, ' ');
      const std::string top = unescaped(take(line, ' '));
      const std::string point = root + unescaped(take(line, ' '));
      while (!line.empty() && take(line, ' ') != "-") {
      }
      const string_view type = take(line, ' ');
      take(line, ' ');
      if (unified ? type != "cgroup2" : type != "cgroup" || !has_part(line, "cpu")) continue;
      std::string below;
      if (!is_below(top, below)) {
        if (elsewhere.empty()) elsewhere = point;
        continue;
      }
      shown = true;
      result = tightest(result, bound_along(point, below, unified));
    }
    // In a container with the host's names of groups: what is mounted is probably meant for us.
    return shown || elsewhere.empty() ? result : bound_of(elsewhere, unified);
  }

 private:
  // Says whether our group is `top` or below it, and then where: "" or "/a/b".
  bool is_below(const std::string& top, std::string& below) const {
    const std::string start = top == "/" ? "" : top;
    if (path.compare(0, start.size(), start) != 0) return false;
    below = path.substr(start.size());
    if (below == "/") below.clear();
    // A group outside our namespace is called "/../other".
    return (below.empty() || below[0] == '/') && below.find("/..") == std::string::npos;
  }
};

std::uint32_t read_quota(const std::string& root) {
  const std::string groups = read_file(root + "/proc/self/cgroup");
  if (groups.empty()) return 0;
  const std::string mounts = read_file(root + "/proc/self/mountinfo");
  std::uint32_t result = 0;
  for (const bool unified : {true, false}) {
    Hierarchy hierarchy{.unified = unified};
    hierarchy.read(groups);
    result = tightest(result, hierarchy.bound(root, mounts));
  }
  return result;
}

}  // namespace

std::uint32_t quota_processors(const char* root) noexcept {
  const base::NoCancel no_cancel;  // files are read here
  try {
    return read_quota(root);
  } catch (const std::exception&) {
    return 0;  // no memory: the bound is only a default, do without
  }
}

}  // namespace pool::os
