// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the sanitizers cannot know. ThreadSanitizer: whatever a thread has done happens before what others do once the
// kernel says that it is gone. AddressSanitizer: memory of our own that nobody may touch just now. For everybody else
// these are nothing.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_THREAD__)
#define POOL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define POOL_TSAN 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif

// For what is in line since the way over the stack would cost more than what it does; but not where sanitizers are,
// whose attributes are those of whole functions.
#if defined(POOL_ASAN) || defined(POOL_TSAN)
#define POOL_IN_LINE [[gnu::noinline]]
#else
#define POOL_IN_LINE [[gnu::always_inline]]
#endif

#ifdef POOL_ASAN
extern "C" {
void __asan_poison_memory_region(const volatile void* address, std::size_t size);
void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
}
#endif

#ifdef POOL_TSAN
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace pool::base {

// This thread may end after this without another word.
inline void leave_behind([[maybe_unused]] void* what) {
#ifdef POOL_TSAN
  __tsan_release(what);
#endif
}

// Whoever left it is gone.
inline void take_over([[maybe_unused]] void* what) {
#ifdef POOL_TSAN
  __tsan_acquire(what);
#endif
}

// Whoever touches it is told off; until it is unpoisoned.
inline void poison([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t size) {
#ifdef POOL_ASAN
  __asan_poison_memory_region(memory, size);
#endif
}
inline void unpoison([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t size) {
#ifdef POOL_ASAN
  __asan_unpoison_memory_region(memory, size);
#endif
}

}  // namespace pool::base
