// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Threads and processors: what the system gives.
#pragma once

#include <pthread.h>

#include <cstdint>

namespace pool::os {

// Starts a thread that blocks all asynchronous signals, with a stack of so many bytes (0: what the system gives).
// False: the system gives none, after a few tries.
bool start_thread(pthread_t& thread, void* (*entry)(void*), void* argument, std::uint64_t stack_size);

// For a new thread, first thing: it is called "name-number" (cut to 15 bytes, the number kept) and cannot be cancelled.
// Returns what the kernel calls it.
std::int32_t settle_thread(const char* name, std::uint32_t number);
// The same for the one that is called "name-hk".
std::int32_t settle_keeper(const char* name);

// Waits until a thread has ended, and is gone for the kernel, too: pthread_join alone returns a little before that, and
// who then starts another one has one more than he thinks. `id`: what it was called, 0 if that is not known; read when
// the thread has ended, since it writes that itself. Not a cancellation point: whoever joins is in the middle of ending
// a pool.
void join_thread(pthread_t thread, const std::int32_t& id);

// What the kernel calls this thread.
std::uint32_t thread_id();

// What the system calls the calling thread.
void thread_name(char (&name)[16]);
// Whether a thread of this process is called so.
bool is_thread(std::uint32_t id);

// The least stack_size of start_thread.
std::uint64_t least_stack();

// The processors that this process may use, by its affinity and by the quota of its control groups; at least 1.
std::uint32_t usable_processors();

}  // namespace pool::os
