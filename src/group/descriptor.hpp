// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Descriptor: that by which a group tells of its empty moments. The protocol is "Descriptors" in group/README.md.
//
// Everything but any() is done under the group's mutex: so nobody writes to one that was closed.
#pragma once

#include <cstdint>

namespace pool::group {

template <class Sys>
class Descriptor {
 public:
  static constexpr std::int32_t none = -1;

  bool any() const { return fd_.load() != none; }

  // Puts another one in its place; returns the one before, for the caller to close.
  std::int32_t exchange(std::int32_t fd) { return fd_.exchange(fd); }

  // No moment from this count on has been told.
  void expect(std::uint32_t count) { told_ = count - 1; }

  // The group was empty with this count: told once, whoever finds it.
  void tell(std::uint32_t count) {
    const std::int32_t fd = fd_.load();
    if (fd == none || told_ == count) return;
    told_ = count;
    Sys::signal(fd);
  }

 private:
  typename Sys::template Atomic<std::int32_t> fd_{none};
  std::uint32_t told_ = 0;  // the count of the moment that was told last
};

}  // namespace pool::group
