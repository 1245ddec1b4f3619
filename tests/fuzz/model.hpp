// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// The reference model: what the calls that were accepted have to come to. It knows nothing of the order in which
// threads got on: each call is booked by what it returned, each task by what it did, and at the end of a sequence the
// library's counters have to say the same.
#pragma once

#include <pool/pool.h>

#include <atomic>
#include <initializer_list>
#include <mutex>

#include "../stress/stress.hpp"
#include "bytes.hpp"

namespace fuzz {

// Calls of the library so far.
inline std::atomic<std::uint64_t> calls{0};

struct PoolBook {
  pool_t pool{0};
  std::atomic<std::uint64_t> accepted{0}, failed{0}, full{0}, in_place{0}, single_cancels{0};
  std::atomic<std::uint64_t> cancelled_seen{0}, discarded_seen{0};  // by groups that were looked at
  std::atomic<bool> has_unseen{false}, has_loops{false};
  std::atomic<std::uint64_t> starts{0}, stops{0};  // of hooks
  std::atomic<bool> is_cancelled{false}, is_closed{false}, is_ended{false};
};

// A group.
struct Book {
  pool_group_t group{0};
  PoolBook* pool = nullptr;
  Book* parent = nullptr;
  bool fails_fast = false, keeps_jobs = false, is_bounded = false, is_private = false;
  std::atomic<std::uint64_t> accepted{0}, succeeded{0}, failed{0};
  std::atomic<std::uint64_t> single_cancels{0};  // of jobs and timers
  // What was tried, or is about to be: whether it came to that, only the counters know.
  std::atomic<bool> is_cancelled{false}, is_tried{false}, discards{false}, has_loops{false}, was_reset{false};
  std::atomic<bool> is_ending{false}, is_over{false};
  // What its eventfds may have told, and have to.
  std::atomic<std::uint64_t> sets{0};
  std::atomic<bool> was_unset{false};
  std::mutex mutex;
  std::vector<int> told;

  void accept(std::uint64_t count = 1) {
    accepted.fetch_add(count);
    pool->accepted.fetch_add(count);
  }
  void end_one(bool success) {
    (success ? succeeded : failed).fetch_add(1);
    if (!success) pool->failed.fetch_add(1);
  }
  bool may_be_cancelled() const {
    if (is_cancelled || pool->is_cancelled || (fails_fast && failed != 0)) return true;
    return parent != nullptr && parent->may_be_cancelled();
  }
};

class Session;

// One submit. Its memory outlives the pools.
struct Item {
  Session* session = nullptr;
  Book* book = nullptr;
  Bytes program;  // what the task calls
  int depth = 0;
  std::uint32_t number = 0;
  std::atomic<int> inside{0}, ends{0}, drops{0}, cancels{0};
  std::atomic<bool> accepted{false};
  std::atomic<const void*> submitter{nullptr};  // a thread that is in the submit
  bool has_drop = false, is_copied = false;
  int again = 0;  // how often it hands itself back
  std::int64_t delay = 0;
  bool is_told = false;  // by a timer
  std::int32_t result = 0;
  bool throws = false;
  std::int32_t told_failure = 0;
  std::atomic<std::uint64_t> timer{0};
  Book* leaves = nullptr;  // a group that its drop leaves
  // Of jobs.
  bool is_job = false;
  std::atomic<std::uint64_t> job{0};
  std::atomic<bool> is_let_go{false};
  std::atomic<int> claims{0}, result_drops{0}, releases{0}, code{0};
};

// What is to be told of an empty moment.
struct Note {
  Session* session = nullptr;
  Book* book = nullptr;
  Bytes program;
  std::atomic<int> calls{0};
  bool accepted = false;
};

// A handle that is certainly none, or may have ended meanwhile, or lives for sure.
enum class Handle { bad, shared, alive };

struct AnyGroup {
  pool_group_t group{0};
  Book* book = nullptr;
  Handle how = Handle::bad;
};
struct AnyJob {
  pool_job_t job{0};
  Item* item = nullptr;
  Handle how = Handle::bad;
};
struct AnyPool {
  pool_t pool{0};
  PoolBook* book = nullptr;
  Handle how = Handle::bad;
};

// What a handle is, by what is known after the call.
inline Handle known(Handle how) { return how; }
inline Handle known(const AnyGroup& group) {
  if (group.how == Handle::bad) return Handle::bad;
  return group.book->is_ending || group.book->pool->is_closed ? Handle::shared : Handle::alive;
}
inline Handle known(const AnyJob& job) {
  if (job.how == Handle::bad) return Handle::bad;
  return job.item->is_let_go ? Handle::shared : Handle::alive;
}
inline Handle known(const AnyPool& pool) {
  if (pool.how == Handle::bad) return Handle::bad;
  return pool.book->is_closed ? Handle::shared : Handle::alive;
}
// Of calls with an argument that is out of range, too: which of both is found first is open.
template <class Subject>
struct Odd {
  explicit Odd(const Subject& its_subject) : subject(its_subject) {}
  const Subject& subject;
};
template <class Subject>
Handle known(const Odd<Subject>& odd) {
  return known(odd.subject) == Handle::alive ? Handle::alive : Handle::shared;
}

inline pool_status_t judge(pool_status_t status, Handle handle, std::initializer_list<pool_status_t> allowed,
                           const char* call, const char* file, int line) {
  calls.fetch_add(1, std::memory_order_relaxed);
  bool fine = status == POOL_EBADHANDLE && handle != Handle::alive;
  if (handle != Handle::bad) {
    for (const pool_status_t one : allowed) fine = fine || status == one;
  }
  if (!fine) {
    static constexpr const char* kinds[] = {"a bad handle", "a handle that may have ended", "a live handle"};
    std::fprintf(stderr, "%s:%d: %s gave %s for %s\n", file, line, call, pool_status_name(status),
                 kinds[static_cast<int>(handle)]);
    stress::fail();
  }
  return status;
}
template <class Subject>  // which is looked at after the call
pool_status_t judge_call(pool_status_t status, const Subject& subject, std::initializer_list<pool_status_t> allowed,
                         const char* call, const char* file, int line) {
  return judge(status, known(subject), allowed, call, file, line);
}

// A call that gives one of these statuses; POOL_EBADHANDLE besides, or alone, as its handle is.
#define CALL(subject, call, ...) fuzz::judge_call((call), (subject), {__VA_ARGS__}, #call, __FILE__, __LINE__)
// A call whose status is certain.
#define EXACTLY(call, status) fuzz::judge((call), fuzz::Handle::alive, {status}, #call, __FILE__, __LINE__)

inline void check_same(std::uint64_t a, std::uint64_t b, const char* text, const char* file, int line) {
  if (a == b) return;
  std::fprintf(stderr, "%s:%d: %s: %llu and %llu\n", file, line, text, static_cast<unsigned long long>(a),
               static_cast<unsigned long long>(b));
  stress::fail();
}
#define SAME(a, b) fuzz::check_same((a), (b), #a " is not " #b, __FILE__, __LINE__)

// The account of a group that lived to the end, while nothing moves.
void check_group(Book& book);
// That of a pool that is shut down, with all groups it ever had.
void check_pool(PoolBook& pool);
// That of a task, after its pool has gone.
void check_item(Item& item);
// What a group's eventfds were told, after it has gone.
void check_told(Book& book);

}  // namespace fuzz
