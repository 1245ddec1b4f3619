// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// What the tests of pool.hpp share: checks that end the program, a gate at which tasks stand, a count of the calling
// thread's allocations, and a payload that counts its own lives. To be included once in a program: it replaces operator
// new.
#pragma once

#include <pool/pool.hpp>

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>

#define CHECK(...) check::that((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define CHECK_THROWS(type, ...)                                      \
  do {                                                               \
    bool thrown = false;                                             \
    try {                                                            \
      __VA_ARGS__;                                                   \
    } catch (const type&) {                                          \
      thrown = true;                                                 \
    }                                                                \
    check::that(thrown, #__VA_ARGS__ " throws", __FILE__, __LINE__); \
  } while (false)

namespace check {

// _exit: other threads may be at work, and what they would meet during exit() is not what the test is about.
inline void that(bool fine, const char* text, const char* file, int line) {
  if (fine) return;
  std::fprintf(stderr, "%s:%d: not true: %s\n", file, line, text);
  std::fflush(nullptr);
  _exit(1);
}

// The status of what `body` throws; ok if nothing.
template <class Body>
pool::status thrown_by(Body&& body) {
  try {
    body();
  } catch (const pool::error& error) {
    return error.value();
  }
  return pool::status::ok;
}

// Tasks arrive and stand until it is opened.
class gate {
 public:
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
  }
  void await(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this, count] { return arrived_ >= count; });
  }
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool is_open_ = false;
};

// Of this thread, by operator new.
inline thread_local int allocations = 0;

inline void* try_allocate(std::size_t size, std::size_t alignment) noexcept {
  ++allocations;
  void* memory = nullptr;
  const bool failed =
      posix_memalign(&memory, alignment < sizeof(void*) ? sizeof(void*) : alignment, size == 0 ? 1 : size) != 0;
  return failed ? nullptr : memory;
}
inline void* allocate(std::size_t size, std::size_t alignment) {
  void* const memory = try_allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// Counts the objects of its kind that are alive, those made, and those moved; knows whether it is whole.
template <int Kind>
struct counted {
  static inline std::atomic<int> alive{0};
  static inline std::atomic<int> made{0};
  static inline std::atomic<int> moved{0};

  counted() { born(); }
  counted(const counted& other) {
    CHECK(other.is_whole());
    born();
  }
  counted(counted&& other) noexcept {
    CHECK(other.is_whole());
    ++moved;
    born();
  }
  counted& operator=(const counted&) = default;
  ~counted() {
    CHECK(is_whole());
    mark_ = 0;
    --alive;
  }

  bool is_whole() const { return mark_ == 0x600d; }

 private:
  void born() {
    ++alive;
    ++made;
  }
  int mark_ = 0x600d;
};

}  // namespace check

// All forms forward to these. (A sanitizer's own operator new would look for mismatches; ours go by malloc and free.)
void* operator new(std::size_t size) { return check::allocate(size, 16); }
void* operator new[](std::size_t size) { return check::allocate(size, 16); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return check::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return check::try_allocate(size, 16); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return check::try_allocate(size, 16); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
