// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Structs that cross the boundary. Each starts with struct_size: the caller may have been compiled against a smaller or
// a larger one than we.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pool::capi {

// A size that some version of a struct can have: struct_size and one more field at least, and no more than a page.
constexpr bool plausible_size(std::size_t size) { return size >= 8 && size % 4 == 0 && size <= 4096; }

// Our structs mean their defaults by zeros.
template <class T>
constexpr T defaults() {
  T zeros{};
  zeros.struct_size = sizeof(T);
  return zeros;
}

// Copies the library's struct out: at most what the caller has room for.
template <class T>
void copy_out(const T& ours, void* theirs, std::size_t size) {
  const std::size_t written = std::min(size, sizeof(T));
  T sized = ours;
  sized.struct_size = static_cast<std::uint32_t>(written);
  std::memcpy(theirs, &sized, written);
}

// Fills a caller's struct with our defaults. What it has beyond ours is set to zero, which is the default of any field.
template <class T>
bool init_out(const T& defaults, void* theirs, std::size_t size) {
  if (theirs == nullptr || !plausible_size(size)) return false;
  std::memset(theirs, 0, size);
  copy_out(defaults, theirs, size);
  const auto full = static_cast<std::uint32_t>(size);
  std::memcpy(theirs, &full, sizeof full);
  return true;
}

enum class CopyIn { ok, bad_size, unknown_field };

// Reads a caller's struct: fields that it does not have, or not whole, keep their defaults; fields that we do not know
// must be zero. All our structs have their fields of four bytes first, up to `narrow_end`, and then those of eight.
template <class T>
CopyIn copy_in(const T* theirs, T& ours, std::size_t narrow_end) {
  std::uint32_t size = 0;
  std::memcpy(&size, theirs, sizeof size);
  if (size == sizeof(T)) [[likely]] {  // of our own version: so many bytes as the compiler knows
    std::memcpy(&ours, theirs, sizeof(T));
    return CopyIn::ok;
  }
  if (!plausible_size(size)) return CopyIn::bad_size;
  const auto* bytes = reinterpret_cast<const unsigned char*>(theirs);
  for (std::size_t i = sizeof(T); i < size; ++i) {
    if (bytes[i] != 0) return CopyIn::unknown_field;
  }
  const std::size_t known = std::min<std::size_t>(size, sizeof(T));
  const std::size_t whole = known <= narrow_end ? known : narrow_end + (known - narrow_end) / 8 * 8;
  std::memcpy(&ours, theirs, whole);
  ours.struct_size = sizeof(T);
  return CopyIn::ok;
}

}  // namespace pool::capi
