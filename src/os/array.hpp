// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// LazyArray: N zeroed elements whose pages come into memory when they are first touched; never given back.
#pragma once

#include <sys/mman.h>

#include <cstddef>

namespace pool::os {

template <class T, std::size_t N>
class LazyArray {
 public:
  // False: the system has no memory.
  bool allocate() {
    void* memory = mmap(nullptr, N * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    data_ = static_cast<T*>(memory);
    return true;
  }
  T& operator[](std::size_t index) const { return data_[index]; }

 private:
  T* data_ = nullptr;
};

}  // namespace pool::os
