// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/fork.hpp"

#include <pthread.h>

#include "base/log.hpp"
#include "os/arena.hpp"

namespace pool::os {

constinit std::atomic<std::uint32_t> era_counter = 0;

namespace {

constinit std::atomic<void (*)()> hook = nullptr;
pthread_once_t once = PTHREAD_ONCE_INIT;
constinit std::atomic<bool> watched = false;

// This thread forks just now. A fork in the middle of the registration may leave it to be done again in the child:
// handlers that run twice then do their work once.
__attribute__((tls_model("initial-exec"))) thread_local constinit bool forking = false;

void before() {
  if (forking) return;
  forking = true;
  base::lock_log();
  lock_arena();
}

bool after() {
  if (!forking) return false;
  forking = false;
  unlock_arena();
  base::unlock_log();
  return true;
}

void in_parent() { (void)after(); }

void in_child() {
  if (!after()) return;
  era_counter.fetch_add(1, std::memory_order_relaxed);
  hook.load(std::memory_order_relaxed)();
}

}  // namespace

bool watch_forks(void (*child)()) noexcept {
  void (*none)() = nullptr;
  hook.compare_exchange_strong(none, child, std::memory_order_relaxed);
  // Not a mutex: a child that is forked in the middle of this begins it anew.
  pthread_once(&once, [] {
    if (pthread_atfork(before, in_parent, in_child) == 0) watched.store(true, std::memory_order_relaxed);
  });
  return watched.load(std::memory_order_relaxed);
}

}  // namespace pool::os
