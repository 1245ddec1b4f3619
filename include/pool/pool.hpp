// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// pool.hpp - libpool for C++17 and later: objects that end what they own, closures, results, exceptions. Header-only,
// over the functions of pool.h alone; nothing of it is in libpool.so, so that any compiler and standard library will
// do.
//
//     pool::thread_pool workers({.max_workers = 4, .name = "work"});          // designated initializers: C++20
//     pool::group message(workers);
//     std::string body = read();
//     message.submit([&body] { store(body); });                                // any callable, move-only ones too
//     pool::job<std::size_t> words = message.submit_job([&body] { return count(body); });
//     message.wait();                                                          // throws pool::error if a task failed
//     std::cout << words.get();                                                // or rethrows what the job threw
//
// What there is:
//
//   thread_pool, group        own a pool, a group: move-only, and the destructor waits
//   thread_pool_ref, group_ref  refer to one: what can be done with it. Values, and what this_task:: gives
//   prepared_task             a closure that is ready to be submitted, and survives a refusal
//   job<T>, make_job()        a task with a result
//   blocking_section          around a call that blocks, inside a task
//   entered                   being counted in a group for work that is done elsewhere
//   outcome, this_task::      how a task fails without an exception; what it can ask
//   task<T>, group.spawn()    a coroutine (C++20) as one task, which waits without a thread: co_await ...
//     sleep_for(), yield(), suspend()   for a time, its turn, a callback
//     task<T>, when_all(), on() another coroutine: here, several at once, in another group
//     group                     until it is empty; throws as group.wait()
//   status, error             what went wrong: a value, and the std::system_error that carries it
//   *_options                 the options of pool.h, with strings, callables and std::chrono
//
// What holds for all of it, unless its own comment says otherwise:
//
// - pool.h is the reference: what a member function does, whether it blocks, and each status, is said there at the
//   function of the same name.
// - Errors: `op` throws pool::error, a std::system_error of pool::category(); `try_op` returns a pool::status. Making a
//   closure throws what copying or moving the callable throws, and std::bad_alloc, in either form.
// - Thread-safety: *_ref are values, and what they refer to may be used from any thread. Two threads may not use the
//   same job or task object, nor move or end a thread_pool or group object while another one uses it.
// - Closures: trivially copyable ones up to 48 bytes, and those whose type is_bitwise_relocatable, travel in the task
//   and take no allocation here; others take one, as does each job. Each is destroyed exactly once, before its group
//   can be seen empty.
// - Exceptions that leave a callable are caught here: a group keeps the text of the first (exception_code, what()), a
//   job and a loop also the object, which comes out of job::get() or apply().
// - Forced unwinding (pthread_exit() or a cancellation) passes through everything that runs tasks.
// - Time-outs are any std::chrono::duration: <= 0 polls, pool::forever has no end, and sums saturate.
// - With -fno-exceptions what would throw prints its error and aborts; try_op works.
#ifndef POOL_POOL_HPP
#define POOL_POOL_HPP

#if __cplusplus < 201703L
#error "pool.hpp takes C++17; pool.h is for anything older"
#endif

#include <pool/pool.h>

#if __cplusplus >= 202002L && defined(__cpp_impl_coroutine)
#define POOL_COROUTINES 1
#endif

#include <pool/detail/blocking.hpp>
#include <pool/detail/closure.hpp>
#include <pool/detail/group.hpp>
#include <pool/detail/job.hpp>
#include <pool/detail/loop.hpp>
#include <pool/detail/options.hpp>
#include <pool/detail/status.hpp>
#include <pool/detail/thread_pool.hpp>
#include <pool/detail/time.hpp>
#if defined(POOL_COROUTINES)
#include <pool/detail/awaits.hpp>
#include <pool/detail/coroutine.hpp>
#include <pool/detail/gather.hpp>
#endif

#endif  // POOL_POOL_HPP
