// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// NoCancel: until the end of the scope this thread cannot be cancelled. No function of the library is a cancellation
// point: around what is one inside, since nothing there lets an unwinding through.
#pragma once

#include <pthread.h>

namespace pool::base {

class NoCancel {
 public:
  NoCancel() { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~NoCancel() { pthread_setcancelstate(before_, nullptr); }
  NoCancel(const NoCancel&) = delete;
  NoCancel& operator=(const NoCancel&) = delete;

 private:
  int before_ = 0;
};

}  // namespace pool::base
