// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
#include "os/thread.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <initializer_list>

#include "base/no_cancel.hpp"
#include "os/cgroup.hpp"

namespace pool::os {

namespace {

// Signals that a thread raises by its own fault stay open, so that they are reported where they happen.
sigset_t asynchronous_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&set, fault);
  return set;
}

std::int32_t settle(const char* name, const char* suffix, int suffix_size) {
  int before = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  char full[16];
  std::snprintf(full, sizeof full, "%.*s%s", 15 - suffix_size, name, suffix);
  pthread_setname_np(pthread_self(), full);
  return static_cast<std::int32_t>(syscall(SYS_gettid));
}

}  // namespace

std::uint32_t thread_id() { return static_cast<std::uint32_t>(syscall(SYS_gettid)); }

void thread_name(char (&name)[16]) {
  if (pthread_getname_np(pthread_self(), name, sizeof name) != 0) name[0] = '\0';
}

bool is_thread(std::uint32_t id) { return syscall(SYS_tgkill, getpid(), id, 0) == 0 || errno != ESRCH; }

bool start_thread(pthread_t& thread, void* (*entry)(void*), void* argument, std::uint64_t stack_size) {
  // Not between counting a thread and starting it: nanosleep is a cancellation point.
  const base::NoCancel no_cancel;
  // The new thread inherits the mask, so that there is no moment in which it takes a signal.
  const sigset_t blocked = asynchronous_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  const bool has_size = stack_size == 0 || pthread_attr_setstacksize(&attributes, stack_size) == 0;
  int error = EINVAL;
  timespec pause{.tv_sec = 0, .tv_nsec = 100'000};
  for (int tries = 0; has_size && tries < 3; ++tries) {
    error = pthread_create(&thread, &attributes, entry, argument);
    if (error != EAGAIN) break;
    // A thread that has just ended may still count.
    nanosleep(&pause, nullptr);
  }
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error == 0;
}

std::int32_t settle_thread(const char* name, std::uint32_t number) {
  char suffix[12];
  return settle(name, suffix, std::snprintf(suffix, sizeof suffix, "-%u", number));
}

std::int32_t settle_keeper(const char* name) { return settle(name, "-hk", 3); }

void join_thread(pthread_t thread, const std::int32_t& id) {
  {
    const base::NoCancel no_cancel;
    pthread_join(thread, nullptr);
  }
  if (id == 0) return;
  // A bounded number of times: the kernel might give its number away again.
  for (int tries = 0; tries < 10'000 && syscall(SYS_tgkill, getpid(), id, 0) == 0; ++tries) sched_yield();
}

std::uint64_t least_stack() { return static_cast<std::uint64_t>(PTHREAD_STACK_MIN); }

namespace {

std::uint32_t affine_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    const int count = CPU_COUNT(&set);
    if (count > 0) return static_cast<std::uint32_t>(count);
  }
  // More than 1024 processors do not fit the set.
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<std::uint32_t>(online) : 1;
}

}  // namespace

std::uint32_t usable_processors() {
  const std::uint32_t affine = affine_processors();
  const std::uint32_t quota = quota_processors();
  return quota != 0 ? std::min(affine, quota) : affine;
}

}  // namespace pool::os
