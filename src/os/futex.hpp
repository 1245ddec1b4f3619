// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Sleeping on a 32-bit word, by the kernel's futex. Not std::atomic::wait (slower) nor a condition variable (glibc 2.36
// loses wake-ups, BZ 25847).
//
// Guarantees: wait returns when the word may differ from `seen`, or spuriously; it is the caller's to look again. A
// wake on memory that is not a futex any more, or not mapped, does nothing.
#pragma once

#include <atomic>
#include <cstdint>

namespace pool::os {

// Sleeps while *word == seen, until `deadline` (monotonic ns; INT64_MAX: for ever). False: the deadline is over.
bool futex_wait(const std::uint32_t* word, std::uint32_t seen, std::int64_t deadline);

// Wakes up to `count` sleepers.
void futex_wake(const std::uint32_t* word, std::int32_t count);

// Monotonic ns.
std::int64_t now();

inline const std::uint32_t* futex_word(const std::atomic<std::uint32_t>& word) {
  return reinterpret_cast<const std::uint32_t*>(&word);
}

// The lower half of a 64-bit word.
inline const std::uint32_t* low_futex_word(const std::atomic<std::uint64_t>& word) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return reinterpret_cast<const std::uint32_t*>(&word);
#else
  return reinterpret_cast<const std::uint32_t*>(&word) + 1;
#endif
}

}  // namespace pool::os
