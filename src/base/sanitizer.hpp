// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What ThreadSanitizer cannot know: whatever a thread has done happens before what others do once the kernel says that
// it is gone. It has to be told. For everybody else these are nothing.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define POOL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define POOL_TSAN 1
#endif
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

}  // namespace pool::base
